#pragma once

#include <map>

#include "filter/http/head.h"
#include "filter/secret/echo_search.h"
#include "filter/secret/secret_filter.h"

namespace louver::filter::secret {

/// Keeps credentials out of the answers of one session.
///
/// What it cannot read, it does not let pass: answers with a content coding, parts of a whole (206), tunnels, and
/// bodies of which the head has not come.
class AnswerGuard {
 public:
  AnswerGuard(const SecretOptions& options, const SessionInfo& session) : options_(options), session_(session) {}

  /// A request has gone to a host that may hold the credential, or to another.
  /// @fault limit_exceeded
  Result<> expect(Exchange exchange, bool watched);
  Result<Verdict> on_part(const FilterPart& part, Emitter& out);

 private:
  /// A message of an answer that has not ended.
  struct Message {
    std::vector<EchoSearch> searches;  // one for each credential
    std::vector<Echo> echoes;          // not yet gone on, as 'x'
    tls::SecretBytes held;
    std::uint64_t held_from = 0;  // of the message
  };
  struct Answer {
    bool watched = false;
    bool readable = false;  // the final head has come, and says so
    unsigned ended = 0;     // contexts
  };

  Result<> on_head(Answer& answer, const FilterPart& part);
  Result<Verdict> search(Message& message, const FilterPart& part, Emitter& out);
  Result<Verdict> judge_unheld(const Message& message, const FilterPart& part);
  Result<Verdict> release(Message& message, const FilterPart& part, Emitter& out);
  void cover(Message& message) const;
  Error stopped(const FilterPart& part, std::string_view spelling) const;

  const SecretOptions& options_;
  const SessionInfo& session_;
  std::map<Exchange, Answer> answers_;
  std::map<ContextId, Message> messages_;
  Buffer head_;
};

}  // namespace louver::filter::secret

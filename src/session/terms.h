#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "crypto/suite.h"
#include "session/grants.h"
#include "wire/messages.h"

namespace louver::session {

/// One context of a session with its place in the grant matrix.
struct ContextInfo {
  ContextId id;
  std::string name;
  std::array<bool, 2> has{};  // by direction
};

/// What both ends agreed on: a Hello and the Accept that fits it, read once and checked. docs/protocol.md §4 step 1
class Terms {
 public:
  std::size_t middleboxes() const { return route_.size() - 1; }
  PartyIndex server() const { return PartyIndex{static_cast<std::uint8_t>(route_.size())}; }
  bool is_endpoint(PartyIndex party) const { return party == PartyIndex{0} || party == server(); }
  /// The name of a middlebox or the server; the client has none.
  const std::string& name(PartyIndex party) const { return route_[raw(party) - 1U].name; }
  std::uint16_t port(PartyIndex party) const { return route_[raw(party) - 1U].port; }

  const std::vector<ContextInfo>& contexts() const { return contexts_; }  // ids ascend
  const ContextInfo* find_context(ContextId id) const;
  const ContextInfo* find_context(std::string_view name) const;
  Grant grant(PartyIndex middlebox, ContextId context, Direction direction) const;
  /// Any middlebox has this grant in that direction of the context.
  bool anyone_has(Grant grant, ContextId context, Direction direction) const;

  const crypto::Suite& suite() const { return *suite_; }
  std::uint32_t max_record() const { return max_record_; }
  const std::string& profile() const { return profile_; }  // "stream/1" if the Hello names none
  bool audited(ContextId context) const;
  bool audits() const { return !audit_.empty(); }

 private:
  friend Result<Terms> agree_on_terms(const wire::Hello& hello, const wire::Hash& hello_hash,
                                      const wire::Accept& accept);
  friend Result<Terms> offered_terms(const wire::Hello& hello);
  struct Named {
    std::string name;
    std::uint16_t port;
  };
  Terms() = default;

  std::vector<Named> route_;
  std::vector<ContextInfo> contexts_;
  std::array<std::int16_t, 256> slot_of_{};   // context id -> index in contexts_
  std::vector<std::array<Grant, 2>> grants_;  // [middlebox * contexts + context]
  const crypto::Suite* suite_ = nullptr;
  std::uint32_t max_record_ = 0;
  std::string profile_;
  std::vector<std::uint8_t> audit_;
};

/// Checks an Accept against the Hello that it answers: hash, version and suite offered, no grant raised, none in an
/// absent direction, extensions only as offered.
/// @fault hello_hash, unsupported_version, unsupported_suite, grant_raised, extension_refused, bad_value
Result<Terms> agree_on_terms(const wire::Hello& hello, const wire::Hash& hello_hash, const wire::Accept& accept);

/// What the Hello alone offers, as if all of it were accepted with its first known suite: for policies to look at.
Result<Terms> offered_terms(const wire::Hello& hello);

wire::Hash hash_of_hello(Bytes hello_body);

}  // namespace louver::session

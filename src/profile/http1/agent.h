#pragma once

#include <optional>

#include "profile/http1/body_decoder.h"
#include "profile/http1/events.h"
#include "profile/http1/lift/lift.h"
#include "profile/http1/request_entry.h"
#include "profile/http1/response_writer.h"
#include "profile/http1/session_plan.h"

namespace louver::profile::http1 {

struct AgentOptions {
  ListenerRules rules;
  Limits limits;
};

/// What the role makes of a request of which nothing has gone into a session yet.
struct AgentDecision {
  enum class Kind : std::uint8_t { accept, wait, refuse };
  Kind kind = Kind::accept;
  unsigned status = 0;  // refuse
  std::string reason;

  static AgentDecision accept() { return {}; }
  /// Nothing more is consumed; on_request comes again with the next from_application.
  static AgentDecision wait() { return {Kind::wait, 0, {}}; }
  /// @param reason  for the user; must hold nothing of the request
  static AgentDecision refuse(unsigned status, std::string reason) { return {Kind::refuse, status, std::move(reason)}; }
};

class AgentEvents {
 public:
  virtual ~AgentEvents() = default;
  /// A whole head has come. For another session than the present one: wait until open_exchanges() is 0, then
  /// start_session(), which may be called from here, and accept.
  virtual AgentDecision on_request(const RequestTarget& request) = 0;

 protected:
  AgentEvents() = default;
  AgentEvents(const AgentEvents&) = default;
  AgentEvents& operator=(const AgentEvents&) = default;
};

/// The client end of `http/1`: one HTTP connection of an application on one side, a session's parts on the other.
/// No I/O; bodies pass through in pieces. docs/protocol.md, annex http/1
///
/// Requests become exchanges 1, 2, ... without gaps; each has one message in every c2s context, in the order head,
/// credentials, body, trailers. A refused request becomes none: it is answered here, behind the answers that are due,
/// and the connection closes.
class AgentCodec {
 public:
  /// @param events, parts  outlive the codec; `parts` is the way into whatever session is the present one
  AgentCodec(AgentOptions options, const ContextIds& ids, AgentEvents& events, session::PartSink& parts);

  /// The next request is exchange 1 of a new session.
  /// @fault internal_error  an exchange is open
  Result<> start_session(SessionPlan plan = {});

  /// Whether the open request can be sent once more: it is the only one, has no body, nothing of its answer has come,
  /// and its method is idempotent (RFC 9110 §9.2.2) or `undelivered`: it is sure that nobody has had it.
  bool can_resend(bool undelivered) const;
  /// Sends it as exchange 1 of a new session. @fault internal_error: it cannot be, or was written by another plan
  Result<> resend(const SessionPlan& plan = {});

  /// Takes bytes from the application and emits parts.
  ///
  /// @param input  begins with what the last call left; may be empty, to ask for a decision again or to go on after
  ///               back-pressure
  /// @return octets consumed. The rest is an incomplete head, or waits for a decision or for an exchange to close
  /// @fault bad_value  the framing of a body that is already under way: end the session without FIN; the connection was
  ///                   answered or needs a reset, see wants_reset()
  /// @fault whatever the sink returned
  Result<std::size_t> from_application(Bytes input);

  /// The application will send no more, and all that it sent was consumed (but an incomplete head). In a tunnel the
  /// other direction goes on.
  /// @fault truncated  in the middle of a body, or while an upgrade is asked for: end the session without FIN
  Result<> application_closed();

  /// Takes a part of the session; output() grows.
  ///
  /// @fault record_exchange, record_context, record_order, blocked_by_policy, bad_value, limit_exceeded: end the
  /// session,
  ///        then on_session_end(false)
  Result<> from_path(const session::Part& part);

  /// The session gives no more parts. A clean end with an open exchange is no better than another.
  FailureAnswer on_session_end(bool clean);

  /// Answers the first exchange that waits for an answer, or the request that waits for a decision, with an error. The
  /// connection closes behind it, and the session must not be used any more for this connection.
  FailureAnswer answer_failure(unsigned status, std::string_view reason);

  /// Bytes for the application, valid until the next call.
  Bytes output() const { return responses_.output().pending(); }
  void output_taken(std::size_t size) { responses_.output().take(size); }

  /// More bytes could be consumed now. False while a decision is due, or as many exchanges are open as there may be.
  bool wants_input() const;
  /// False while much output waits: read no more from the session.
  bool wants_parts() const { return output().size() < options_.limits.output_bytes; }
  /// A tunnel has ended towards the application: write output(), then end that direction and no other.
  bool output_ended() const { return responses_.output_ended(); }
  /// Nothing will follow output(): write it, then close. The session can end with FIN if open_exchanges() is 0.
  bool wants_close() const { return responses_.closed() && !responses_.reset(); }
  /// An answer was cut off: reset the connection.
  bool wants_reset() const { return responses_.reset(); }
  std::size_t open_exchanges() const { return responses_.open_exchanges(); }
  /// The exchange that answer_failure() would answer; only while one is open.
  Exchange first_open_exchange() const { return responses_.first_open(); }

 private:
  enum class Reading : std::uint8_t {
    head,
    decision,
    gather,  // the body, out of which fields are to be lifted: nothing of the request has gone out
    body,
    upgrading,  // an upgrade was asked for: not an octet may come before the answer (RFC 6455 §4.1)
    tunnel,     // whatever comes goes into the request's body
    stopped
  };

  Result<bool> advance(Bytes input, std::size_t& used);
  Result<bool> read_head(Bytes input, std::size_t& used);
  Verdict parse(Bytes block);
  Result<bool> decide(bool more);
  bool must_gather();
  Result<bool> gather(Bytes input, std::size_t& used);
  Result<> begin_exchange();
  Result<> emit_gathered(const std::string& head, const std::string& credentials,
                         const std::vector<std::string>& fields);
  Result<> emit_fields(const std::vector<std::string>& fields);
  Result<> emit_sent();
  Result<> end_body(Bytes last, const Fields& trailers = {});
  TrailerUse trailer_use() const { return plan_.trailers ? TrailerUse::carry : TrailerUse::drop; }
  Result<> on_upgrade_answered();
  Result<> end_tunnel();
  Result<bool> read_body(Bytes input, std::size_t& used);
  Error fail_body(const Refusal& refusal);
  Result<> emit(ContextId context, Bytes bytes, bool end);
  void finish_request();
  void refuse(unsigned status, std::string_view reason);
  void stop();

  AgentOptions options_;
  SessionPlan plan_;
  ContextIds ids_;
  AgentEvents& events_;
  session::PartSink& parts_;
  ResponseWriter responses_;

  Reading reading_ = Reading::head;
  HeadScanner scanner_;
  bool skipped_empty_line_ = false;
  bool application_closed_ = false;
  IncomingRequest request_;  // since its head is complete
  Exchange exchange_{};
  std::optional<BodyDecoder> decoder_;
  BodyKind body_kind_ = BodyKind::other;
  std::optional<std::string> gathered_;  // a body that is held as a whole

  /// The newest request as it was sent, for as long as its answer is due.
  struct Sent {
    std::string head, credentials;
    std::vector<std::string> fields;
    bool idempotent;
    bool upgrade;  // then the end of its body depends on the answer
  };
  std::optional<Sent> sent_;  // none if it has a body
};

}  // namespace louver::profile::http1

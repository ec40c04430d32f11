#pragma once

#include <deque>
#include <optional>

#include "profile/http1/body_writer.h"
#include "profile/http1/events.h"
#include "profile/http1/held_exchange.h"
#include "profile/http1/response_reader.h"
#include "profile/http1/session_plan.h"

namespace louver::profile::http1 {

/// What the role makes of a request whose head and credentials have come.
struct GatewayDecision {
  enum class Kind : std::uint8_t { accept, wait, refuse };
  Kind kind = Kind::accept;
  unsigned status = 0;  // refuse
  std::string reason;
  // accept
  std::string host;                // for the origin instead of the client's; empty: as it is
  Fields extra_fields;             // added to the origin's request: the authenticated parties, for instance
  bool reused_connection = false;  // the origin's connection has carried an exchange before

  static GatewayDecision accept() { return {}; }
  /// Nothing goes on until resume().
  static GatewayDecision wait() { return {.kind = Kind::wait, .reason = {}, .host = {}, .extra_fields = {}}; }
  /// @param reason  for the user; must hold nothing of the request
  static GatewayDecision refuse(unsigned status, std::string reason) {
    return {.kind = Kind::refuse, .status = status, .reason = std::move(reason), .host = {}, .extra_fields = {}};
  }
};

struct GatewayOptions {
  SessionPlan plan;
  Limits limits;
};

/// Callbacks; none may call the codec but for its const members.
class GatewayEvents {
 public:
  virtual ~GatewayEvents() = default;
  /// The next exchange's turn has come. If it is accepted, output() is for the origin that the role chose: over the
  /// connection of the exchange before if origin_reusable() and the role wants the same origin, else over a new one.
  virtual GatewayDecision on_request(const RequestTarget& request) = 0;
  /// The accepted exchange is over as far as the origin goes; if not reusable, its connection must be closed.
  virtual void on_origin_done(bool reusable) = 0;

 protected:
  GatewayEvents() = default;
  GatewayEvents(const GatewayEvents&) = default;
  GatewayEvents& operator=(const GatewayEvents&) = default;
};

/// The server end of `http/1`: a session's parts on one side, connections to origins on the other, one exchange at a
/// time. No I/O; bodies pass through in pieces. docs/protocol.md, annex http/1
///
/// The origin's request is made from the parsed messages, never from bytes of the client. Whether it has a body is
/// known from `content-length` or `expect` in the head, else from the first octet or the end of the body message, for
/// which the head then waits. A request without content waits for the end of its body message too, so that no origin
/// gets one of which a part is missing (OR-03); for the same reason the last chunk waits for the trailers message.
///
/// A request with `upgrade` has no content: it goes out when head and credentials are there. Behind an authentic 101
/// both body messages carry octets as they are, each until its author ends it.
class GatewayCodec {
 public:
  enum class OriginEnd : std::uint8_t {
    idle,      // no exchange was at the origin
    complete,  // the end of the connection was the end of the response
    answered,  // no answer was to be had; the client gets 502
    retry  // the kept connection was closed before it took the request: output() holds it again, for a new connection
  };

  /// @param events, parts  outlive the codec; `parts` is the way into the session
  GatewayCodec(GatewayOptions options, const ContextIds& ids, GatewayEvents& events, session::PartSink& parts);

  /// Takes a part of the session; output() grows.
  ///
  /// @fault record_exchange, record_context, record_order, blocked_by_policy, bad_value, limit_exceeded: end the
  /// session
  ///        without FIN and close the origin's connection; the origin got nothing of a message that was refused
  Result<> from_path(const session::Part& part);
  /// The session's client has ended its direction, or the session is lost.
  /// @fault truncated  an exchange is incomplete, or the end was none: as above
  Result<> on_session_end(bool clean);

  /// Asks for the decision that was put off.
  Result<> resume();
  /// No answer can be had from the origin (502, 504), or none is wanted (403): the client gets this one.
  /// @fault truncated  part of an answer is out: end the session without FIN
  Result<> fail_exchange(unsigned status, std::string_view reason);

  /// Takes bytes of the origin's connection and emits parts.
  /// @return octets consumed; the rest is an incomplete head and comes again with the next call
  /// @fault bad_value  the framing of a body that is already under way: end the session without FIN
  Result<std::size_t> from_origin(Bytes input);
  /// The origin's connection has ended; `clean` if in order (FIN, close_notify).
  /// @fault truncated  within a body: end the session without FIN
  Result<OriginEnd> origin_closed(bool clean);
  /// Octets go both ways as they are. An orderly end of what the origin sends, told by origin_closed(true), is then no
  /// end of what it takes: keep its connection until on_origin_done.
  bool tunnelling() const { return stage_ == Stage::tunnel; }
  /// The session has ended the tunnel in its direction: write output(), then end that direction of the origin's
  /// connection.
  bool output_ended() const { return output_ended_; }

  /// Bytes for the origin, valid until the next call.
  Bytes output() const { return output_.pending(); }
  void output_taken(std::size_t size) { output_.take(size); }

  /// The last exchange left its connection in order, and nothing has come on it since.
  bool origin_reusable() const { return origin_reusable_; }
  /// False while enough waits here that can go on without more parts.
  bool wants_parts() const;
  /// Exchanges of which something has come and that are not over. With 0 after a clean on_session_end, send FIN.
  std::size_t open_exchanges() const { return exchanges_.size(); }

 private:
  enum class Stage : std::uint8_t {
    collecting,  // head, credentials and what was lifted out of the request
    gathering,   // fields are to be put back into its body, which must be whole first
    deciding,    // on_request is due
    framing,     // it is not known yet whether there is a body
    body,        // the head is out
    upgrading,   // the head is out, without the end of the request: that depends on the answer
    tunnel,      // behind a 101
    discarding,  // the answer is out, the rest of the request is for nobody
    sent         // the request is complete
  };

  Result<> advance();
  Result<bool> step();
  Result<bool> collect();
  Result<bool> gather();
  std::span<const FieldContext> lifted() const { return plan_.fields.in(Direction::c2s); }
  Result<bool> decide();
  Result<bool> begin_request();
  Result<bool> pass_body();
  Result<bool> await_upgrade();
  bool end_tunnel();
  bool discard();
  Result<bool> finish_exchange();
  Result<bool> read_trailers();
  Result<> pass_directly(const session::Part& part);
  std::optional<Framing> request_framing() const;
  std::string make_origin_head(const Framing& framing);
  Result<> answer(unsigned status, std::string_view reason);
  void end_response(bool reusable);
  void leave_origin(bool reusable);
  Asked asked() const;
  bool may_retry() const;
  HeldExchange& current() { return exchanges_.front(); }
  const HeldExchange& current() const { return exchanges_.front(); }

  SessionPlan plan_;
  Limits limits_;
  ContextIds ids_;
  GatewayEvents& events_;
  session::PartSink& parts_;
  ResponseReader responses_;
  OutputBuffer output_;
  HoldBudget budget_;

  std::uint32_t number_ = 1;  // of exchanges_.front()
  std::deque<HeldExchange> exchanges_;
  Stage stage_ = Stage::collecting;
  RequestHead head_;
  Fields credentials_;
  std::vector<Buffer> fields_;  // messages of field contexts
  BodyKind body_kind_ = BodyKind::other;
  std::optional<Fields> trailers_;  // since their message has come
  GatewayDecision decision_;
  std::optional<BodyWriter> body_;
  std::string resendable_;  // the whole request, if it may be sent a second time
  bool put_off_ = false;    // the decision
  bool at_origin_ = false;
  bool response_done_ = false;
  bool origin_reusable_ = false;
  bool output_ended_ = false;
  bool tunnelled_ = false;  // no exchange follows
};

}  // namespace louver::profile::http1

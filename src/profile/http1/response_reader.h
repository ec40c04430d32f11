#pragma once

#include <optional>

#include "profile/http1/body_decoder.h"
#include "profile/http1/contexts.h"
#include "profile/http1/head_scanner.h"
#include "profile/http1/lift/lift.h"
#include "profile/http1/response_entry.h"
#include "profile/http1/session_plan.h"
#include "session/part.h"

namespace louver::profile::http1 {

/// The gateway's way back: bytes of an origin's connection to response parts, one response at a time.
class ResponseReader {
 public:
  enum class State : std::uint8_t {
    idle,    // no response is due
    head,    // nothing of the final response has gone out
    gather,  // nothing either: fields are to be lifted out of its body, which must be whole first
    body,    // head and credentials have
    done,    // all of it has
    refused  // see refusal(); nothing of the final response has gone out
  };

  /// @param parts  outlives the reader
  ResponseReader(const SessionPlan& plan, const ContextIds& ids, const Limits& limits, session::PartSink& parts)
      : plan_(plan), ids_(ids), limits_(limits), parts_(parts), scanner_(HeadScanner::Kind::response, limits) {}

  /// A response is due to a request that asked for this.
  void begin(Exchange exchange, Asked asked);
  /// None is any more; what came of one is forgotten.
  void drop() { state_ = State::idle; }

  /// Takes origin bytes up to the end of the response. @return octets consumed; the caller keeps the rest
  /// @fault bad_value  the framing of a body that is already under way
  /// @fault whatever the sink returned
  Result<std::size_t> feed(Bytes input);
  /// The origin's connection has ended; `clean` if in order.
  /// @fault truncated  within a body
  Result<> closed(bool clean);

  State state() const { return state_; }
  /// Not an octet of a response has come.
  bool untouched() const { return state_ == State::head && scanner_.size() == 0 && interim_responses_ == 0; }
  /// An authentic 101 has gone out: the body is what comes out of the tunnel.
  bool is_tunnel() const {
    return (state_ == State::body || state_ == State::done) && response_.head.status == switching_protocols;
  }
  /// The origin takes another request on its connection, as the response said.
  bool keep_alive() const { return response_.keep_alive; }
  const Refusal& refusal() const { return *refusal_; }

 private:
  Result<> read_head(Bytes input, std::size_t& used);
  Verdict parse(Bytes block);
  Result<> take_head();
  Result<> pass_head();
  Result<> gather(Bytes content, bool end);
  Result<> read_body(Bytes input, std::size_t& used);
  Result<> emit(ContextId context, Bytes bytes, bool end);
  Result<> end_body(Bytes last, const Fields& trailers = {});
  void refuse(const Refusal& refusal);

  SessionPlan plan_;
  ContextIds ids_;
  Limits limits_;
  session::PartSink& parts_;
  State state_ = State::idle;
  Exchange exchange_{};
  Asked asked_;
  HeadScanner scanner_;
  std::size_t interim_responses_ = 0;
  IncomingResponse response_;
  std::optional<BodyDecoder> decoder_;
  BodyKind body_kind_ = BodyKind::other;
  std::string gathered_;
  Verdict refusal_;
};

}  // namespace louver::profile::http1

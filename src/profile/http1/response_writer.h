#pragma once

#include <deque>
#include <optional>

#include "profile/http1/body_writer.h"
#include "profile/http1/head.h"
#include "profile/http1/held_exchange.h"
#include "profile/http1/lift/lift.h"
#include "profile/http1/response_entry.h"

namespace louver::profile::http1 {

/// What became of the open exchanges when a session failed or an answer could not be had.
enum class FailureAnswer : std::uint8_t {
  nothing_open,  // no answer was due: the connection may be closed, or used with another session
  answered,      // an error answer is in the output; the connection ends behind it
  must_reset     // part of an answer is out: reset the connection, so that nobody takes it for whole (HT-11)
};

/// The agent's way back: response parts in whatever order between contexts, to one HTTP connection in the order of its
/// requests.
class ResponseWriter {
 public:
  struct Request {
    Asked asked;
    bool http_1_0 = false;
    bool keep_alive = true;
    bool takes_trailers = false;
  };

  ResponseWriter(const ContextIds& ids, const Limits& limits)
      : ids_(ids), limits_(limits), budget_(limits.held_bytes) {}

  /// Numbers start at 1 again; only while no exchange is open.
  /// @param fields    what is to be put back into responses of this session
  /// @param trailers  their context, where the session carries them
  void start_session(std::vector<FieldContext> fields, std::optional<ContextId> trailers) {
    first_ = 1;
    fields_ = std::move(fields);
    trailers_ = trailers;
  }
  /// @return the number of the new exchange
  Exchange open(const Request& request);
  /// The newest exchange's request is complete.
  void request_done();
  /// Behind the answers that are due, if any, the connection closes.
  void no_more_requests();
  /// The same, with an answer to a request of which nothing went into a session.
  void refuse_next(unsigned status, std::string_view reason, bool to_head);

  /// One exchange is open, all of its request that can be there is there, and nothing of its answer has come.
  bool untouched() const {
    return !closed_ && slots_.size() == 1 && !slots_.front().touched &&
           (slots_.front().request_done || upgrade_ == Upgrade::asked);
  }
  /// Such an exchange becomes exchange 1 of a new session.
  void restart() { first_ = 1; }

  /// See AgentCodec::from_path.
  Result<> on_part(const session::Part& part);
  /// Answers the first open exchange if nothing of a final answer is out, and gives up the others.
  FailureAnswer fail(unsigned status, std::string_view reason);
  /// The same for the newest exchange, which can be answered only if it is the only one.
  FailureAnswer fail_newest(unsigned status, std::string_view reason);

  /// What became of the newest request, if it asked for an upgrade.
  enum class Upgrade : std::uint8_t {
    none,     // it did not ask, or its answer was another than 101 and ends the request
    asked,    // no final head has gone out
    refused,  // one has, and it is not 101
    tunnel    // it is: what comes in the body goes out as it is, until both directions have ended
  };
  Upgrade upgrade() const { return upgrade_; }
  /// The tunnel has ended in this direction, not yet in the other: nothing follows output().
  bool output_ended() const { return output_ended_; }

  std::size_t open_exchanges() const { return slots_.size(); }
  /// Whose answer is due first, or, if none is due, the number of the next exchange.
  Exchange first_open() const { return Exchange{first_}; }
  /// Nothing more will be written.
  bool closed() const { return closed_; }
  bool reset() const { return reset_; }
  OutputBuffer& output() { return output_; }
  const OutputBuffer& output() const { return output_; }

 private:
  struct Slot {
    Request request;
    HeldExchange held;
    bool request_done = false;
    bool touched = false;  // something of the answer has come
    std::optional<ResponseHead> final_head;
    std::optional<BodyWriter> body;  // since the head is written
    bool close = false;              // the head said that the connection ends behind this answer
  };
  struct LastAnswer {
    unsigned status;
    std::string reason;
    bool to_head;
  };

  Result<> advance();
  Result<> take_heads(Slot& slot);
  Result<> write_head(Slot& slot);
  Result<bool> put_back_fields(Slot& slot);
  Result<> judge_upgrade(const Slot& slot);
  Result<Fields> read_trailers(Slot& slot);
  void finish_first();
  void write_error(unsigned status, std::string_view reason, bool to_head);
  void close_if_finished();
  Framing framing_of(const Slot& slot) const;

  ContextIds ids_;
  Limits limits_;
  HoldBudget budget_;
  OutputBuffer output_;
  std::vector<FieldContext> fields_;
  std::optional<ContextId> trailers_;
  std::uint32_t first_ = 1;  // the number of slots_.front()
  std::deque<Slot> slots_;
  std::optional<LastAnswer> last_answer_;
  bool no_more_requests_ = false;
  bool closed_ = false;
  bool reset_ = false;
  Upgrade upgrade_ = Upgrade::none;
  bool output_ended_ = false;
};

}  // namespace louver::profile::http1

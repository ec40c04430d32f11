#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/http1/contexts.h"
#include "profile/http1/limits.h"
#include "session/part.h"

namespace louver::profile::http1 {

/// Which message of its direction a part belongs to; piece_of() finds all but the last.
enum class Piece : std::uint8_t { head, credentials, body, trailers, field };

/// @param trailers           of this direction, where the session carries them
/// @fault record_context     a context that is none of this direction's, or the other direction
/// @fault blocked_by_policy  a tombstone in a head, among credentials or trailers: nothing sensible could go on without
Result<Piece> piece_of(const session::Part& part, const ContextIds& ids, std::optional<ContextId> trailers,
                       Direction direction);

/// The octets of a body part; a tombstone's are so many `x`, so that lengths stay what the head says.
class BodyOctets {
 public:
  /// @fault limit_exceeded  a tombstone that states more than a record can hold
  static Result<BodyOctets> of(const session::Part& part);
  Bytes bytes() const { return fill_.empty() ? view_ : Bytes{fill_}; }

 private:
  Bytes view_;
  Buffer fill_;
};

/// Octets of a tunnel are a protocol of their own, in which others than its author's would make other messages: a
/// tombstone is refused.
/// @fault blocked_by_policy
Result<> check_tunnel_part(const session::Part& part);

/// What all held parts of one receiver may take together.
class HoldBudget {
 public:
  explicit HoldBudget(std::size_t limit) : limit_(limit) {}
  /// @fault limit_exceeded
  Result<> take(std::size_t bytes);
  void give_back(std::size_t bytes) { held_ -= bytes; }
  std::size_t held() const { return held_; }

 private:
  std::size_t limit_;
  std::size_t held_ = 0;
};

/// The messages of one exchange and direction, as far as they have come and were not yet used. Parts of one message
/// come in order, those of different messages in any (docs/protocol.md §6, "Exchange"); so all may have to wait here.
class HeldExchange {
 public:
  /// @param several_heads  response-head: interim responses may stand before the final one
  /// @fault record_order    a second message, or octets behind a message's end
  /// @fault limit_exceeded  the budget, or message_bytes, or more messages than an exchange may have
  Result<> add(Piece piece, const session::Part& part, bool several_heads, HoldBudget& budget, const Limits& limits);

  /// A part of the message of a field context.
  /// @param index  which, of `count` that the exchange has in this direction
  /// @fault blocked_by_policy  a tombstone
  Result<> add_field(std::size_t index, std::size_t count, const session::Part& part, HoldBudget& budget);
  /// All of them have come.
  bool has_fields(std::size_t count) const;
  /// Once they have.
  std::vector<Buffer> take_fields(std::size_t count, HoldBudget& budget);

  bool has_head() const { return !heads_.empty(); }
  /// The next whole head message.
  Buffer take_head(HoldBudget& budget);
  bool has_credentials() const { return credentials_.ended; }
  Buffer take_credentials(HoldBudget& budget);
  bool has_trailers() const { return trailers_.ended; }
  Buffer take_trailers(HoldBudget& budget);
  bool has_body_octets() const { return !body_.empty(); }
  bool body_ended() const { return body_ended_; }
  /// Among the body's octets here were those of a tombstone.
  bool body_redacted() const { return body_redacted_; }
  std::size_t body_bytes() const { return body_.size(); }
  Buffer take_body(HoldBudget& budget);
  /// All messages have come to their ends, whether used already or not.
  /// @param fields    how many field contexts there are in this direction
  /// @param trailers  the session carries them
  bool complete(std::size_t fields, bool trailers) const {
    return head_messages_ > 0 && open_head_.empty() && credentials_.ended && body_ended_ && has_fields(fields) &&
           (trailers_.ended || !trailers);
  }
  /// Other octets in the place of a body that has ended and was taken.
  /// @fault limit_exceeded
  Result<> put_body(std::string_view body, HoldBudget& budget);
  /// More head messages are faults from here on; one that came already, too.
  Result<> close_heads();
  /// The body's end was seen by one who takes its parts past this store.
  void end_body() { body_ended_ = true; }

 private:
  /// One that is used as a whole.
  struct Message {
    Buffer bytes;
    bool ended = false;
  };

  Result<> add_head(const session::Part& part, bool several_heads, const Limits& limits);
  static Result<> add_whole(Message& message, std::string_view name, const session::Part& part, HoldBudget& budget,
                            std::size_t most);

  std::vector<Buffer> heads_;  // few
  Buffer open_head_;
  std::size_t head_messages_ = 0;
  bool heads_closed_ = false;
  Message credentials_;
  Message trailers_;
  std::vector<Message> fields_;  // empty until something of one comes
  Buffer body_;
  bool body_ended_ = false;
  bool body_redacted_ = false;
};

}  // namespace louver::profile::http1

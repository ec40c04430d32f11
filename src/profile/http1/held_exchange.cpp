#include "profile/http1/held_exchange.h"

#include <algorithm>

#include "base/limits.h"
#include "profile/http1/lift/message.h"

namespace louver::profile::http1 {
namespace {

Buffer take_out(Buffer& from, HoldBudget& budget) {
  budget.give_back(from.size());
  return std::exchange(from, {});
}

constexpr std::string_view redacted_tunnel = "something was redacted in a tunnel, which cannot go on without it";

Error out_of_order(std::string_view what) { return {Fault::record_order, std::string{what}}; }

}  // namespace

Result<Piece> piece_of(const session::Part& part, const ContextIds& ids, std::optional<ContextId> trailers,
                       Direction direction) {
  const bool up = direction == Direction::c2s;
  if (part.direction != direction) return Error{Fault::record_context, "a part of the other direction"};
  if (part.context == (up ? ids.request_body : ids.response_body)) return Piece::body;
  const bool head = part.context == (up ? ids.request_head : ids.response_head);
  const bool behind = trailers && part.context == *trailers;
  if (!head && !behind && part.context != (up ? ids.request_credentials : ids.response_credentials)) {
    return Error{Fault::record_context, "a context that the http/1 profile does not use"};
  }
  if (part.redacted)
    return Error{Fault::blocked_by_policy, "a redacted head, credentials or trailers message cannot be passed on"};
  return head ? Piece::head : behind ? Piece::trailers : Piece::credentials;
}

Result<BodyOctets> BodyOctets::of(const session::Part& part) {
  BodyOctets out;
  out.view_ = part.bytes;
  if (!part.redacted) return out;
  if (part.redacted_bytes > limits::max_record_most) {
    return Error{Fault::limit_exceeded, "a tombstone for more than a record can hold"};
  }
  out.fill_.assign(part.redacted_bytes, std::byte{'x'});
  out.view_ = {};
  return out;
}

Result<> check_tunnel_part(const session::Part& part) {
  if (part.redacted) return Error{Fault::blocked_by_policy, std::string{redacted_tunnel}};
  return {};
}

Result<> HoldBudget::take(std::size_t bytes) {
  if (bytes > limit_ - held_) return Error{Fault::limit_exceeded, "too much came before its turn"};
  held_ += bytes;
  return {};
}

Result<> HeldExchange::add(Piece piece, const session::Part& part, bool several_heads, HoldBudget& budget,
                           const Limits& limits) {
  switch (piece) {
    case Piece::head:
      LOUVER_TRY(budget.take(part.bytes.size()));
      return add_head(part, several_heads, limits);
    case Piece::credentials:
      return add_whole(credentials_, "credentials message", part, budget, limits.message_bytes);
    case Piece::trailers:
      return add_whole(trailers_, "trailers message", part, budget, limits.message_bytes);
    case Piece::body: {
      if (body_ended_) return out_of_order("a second body message in one exchange");
      LOUVER_ASSIGN(const BodyOctets octets, BodyOctets::of(part));
      LOUVER_TRY(budget.take(octets.bytes().size()));
      append(body_, octets.bytes());
      body_redacted_ = body_redacted_ || part.redacted;
      body_ended_ = part.end;
      return {};
    }
    case Piece::field:
      break;
  }
  return Error{Fault::internal_error, "a field's message among the others"};
}

Result<> HeldExchange::add_whole(Message& message, std::string_view name, const session::Part& part, HoldBudget& budget,
                                 std::size_t most) {
  if (message.ended) return out_of_order("a second " + std::string{name} + " in one exchange");
  LOUVER_TRY(budget.take(part.bytes.size()));
  append(message.bytes, part.bytes);
  if (message.bytes.size() > most) return Error{Fault::limit_exceeded, "a " + std::string{name} + " is too long"};
  message.ended = part.end;
  return {};
}

Result<> HeldExchange::add_field(std::size_t index, std::size_t count, const session::Part& part, HoldBudget& budget) {
  if (part.redacted) return Error{Fault::blocked_by_policy, "a redacted value of a field cannot be put back"};
  fields_.resize(count);
  return add_whole(fields_[index], "message of a field context", part, budget, field_message_octets_most);
}

bool HeldExchange::has_fields(std::size_t count) const {
  if (count == 0) return true;
  return fields_.size() == count && std::ranges::all_of(fields_, &Message::ended);
}

std::vector<Buffer> HeldExchange::take_fields(std::size_t count, HoldBudget& budget) {
  std::vector<Buffer> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = take_out(fields_[i].bytes, budget);
  return out;
}

Result<> HeldExchange::put_body(std::string_view body, HoldBudget& budget) {
  LOUVER_TRY(budget.take(body.size()));
  body_ = to_buffer(as_bytes(body));
  return {};
}

Result<> HeldExchange::add_head(const session::Part& part, bool several_heads, const Limits& limits) {
  const std::size_t most = several_heads ? limits.interim_responses + 1 : 1;
  if (heads_closed_ || head_messages_ == most) return out_of_order("more head messages than an exchange has");
  append(open_head_, part.bytes);
  if (open_head_.size() > limits.message_bytes) return Error{Fault::limit_exceeded, "a head message too long"};
  if (part.end) {
    heads_.push_back(std::exchange(open_head_, {}));
    ++head_messages_;
  }
  return {};
}

Buffer HeldExchange::take_head(HoldBudget& budget) {
  Buffer out = std::move(heads_.front());
  heads_.erase(heads_.begin());
  budget.give_back(out.size());
  return out;
}

Buffer HeldExchange::take_credentials(HoldBudget& budget) { return take_out(credentials_.bytes, budget); }

Buffer HeldExchange::take_trailers(HoldBudget& budget) { return take_out(trailers_.bytes, budget); }

Buffer HeldExchange::take_body(HoldBudget& budget) { return take_out(body_, budget); }

Result<> HeldExchange::close_heads() {
  heads_closed_ = true;
  if (heads_.empty() && open_head_.empty()) return {};
  return out_of_order("a head message behind the final one");
}

}  // namespace louver::profile::http1

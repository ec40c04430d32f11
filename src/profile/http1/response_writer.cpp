#include "profile/http1/response_writer.h"

#include <algorithm>

#include "profile/http1/error_answer.h"
#include "profile/http1/trailers.h"
#include "profile/http1/websocket.h"

namespace louver::profile::http1 {

Exchange ResponseWriter::open(const Request& request) {
  slots_.push_back({.request = request, .held = {}, .final_head = {}, .body = {}});
  upgrade_ = request.asked.websocket_accept.empty() ? Upgrade::none : Upgrade::asked;
  return Exchange{first_ + static_cast<std::uint32_t>(slots_.size()) - 1};
}

void ResponseWriter::request_done() {
  if (slots_.empty()) return;
  slots_.back().request_done = true;
  if (output_ended_) return finish_first();
  if (closed_ && !reset_ && slots_.size() == 1)
    slots_.clear();  // its answer came earlier, and said that it is the last
}

void ResponseWriter::no_more_requests() {
  no_more_requests_ = true;
  close_if_finished();
}

void ResponseWriter::refuse_next(unsigned status, std::string_view reason, bool to_head) {
  if (!closed_) last_answer_ = LastAnswer{status, std::string{reason}, to_head};
  no_more_requests();
}

Result<> ResponseWriter::on_part(const session::Part& part) {
  if (closed_) return {};
  const auto field = std::ranges::find(fields_, part.context, &FieldContext::id);
  const bool is_field = field != fields_.end() && part.direction == Direction::s2c;
  LOUVER_ASSIGN(const Piece piece,
                is_field ? Result<Piece>{Piece::field} : piece_of(part, ids_, trailers_, Direction::s2c));
  if (raw(part.exchange) < first_ || raw(part.exchange) - first_ >= slots_.size()) {
    return Error{Fault::record_exchange, "a response to no open request"};
  }
  const std::size_t index = raw(part.exchange) - first_;
  Slot& slot = slots_[index];
  slot.touched = true;
  if (is_field) {
    const auto which = static_cast<std::size_t>(field - fields_.begin());
    LOUVER_TRY(slot.held.add_field(which, fields_.size(), part, budget_));
  } else if (index == 0 && piece == Piece::body && slot.body && !slot.held.body_ended()) {
    if (upgrade_ == Upgrade::tunnel) LOUVER_TRY(check_tunnel_part(part));
    LOUVER_ASSIGN(const BodyOctets octets, BodyOctets::of(part));
    LOUVER_TRY(slot.body->write(octets.bytes(), output_));
    if (part.end) slot.held.end_body();
  } else {
    LOUVER_TRY(slot.held.add(piece, part, true, budget_, limits_));
  }
  return advance();
}

Result<> ResponseWriter::advance() {
  while (!slots_.empty() && !closed_ && !output_ended_) {
    Slot& slot = slots_.front();
    if (!slot.body) {
      LOUVER_TRY(take_heads(slot));
      if (!slot.final_head || !slot.held.has_credentials() || !slot.held.has_fields(fields_.size())) return {};
      if (!fields_.empty()) {
        LOUVER_ASSIGN(const bool whole, put_back_fields(slot));
        if (!whole) return {};
      }
      LOUVER_TRY(write_head(slot));
    }
    if (slot.held.has_body_octets()) LOUVER_TRY(slot.body->write(slot.held.take_body(budget_), output_));
    if (!slot.held.body_ended() || (trailers_ && !slot.held.has_trailers())) return {};
    LOUVER_ASSIGN(const Fields trailers, read_trailers(slot));
    LOUVER_TRY(slot.body->finish(output_, trailers));
    finish_first();
  }
  return {};
}

Result<> ResponseWriter::take_heads(Slot& slot) {
  while (slot.held.has_head() && !slot.final_head) {
    LOUVER_ASSIGN(ResponseHead head, parse_response_head(slot.held.take_head(budget_), limits_));
    if (!is_interim(head.status)) {
      slot.final_head = std::move(head);
    } else if (!slot.request.http_1_0) {  // RFC 9110 §15.2: HTTP/1.0 knows none
      output_.append(http1::write_head(head));
    }
  }
  return slot.final_head ? slot.held.close_heads() : Result<>{};
}

/// What came in contexts of its own goes back to its place.
/// @return false: the body must be whole first
Result<bool> ResponseWriter::put_back_fields(Slot& slot) {
  ResponseHead& head = *slot.final_head;
  BodyKind kind = BodyKind::other;
  const bool may_have_content =
      !slot.request.asked.to_head && !never_has_content(head.status) && head.status != switching_protocols;
  if (may_have_content && looks_into_bodies(fields_)) {
    const bool content = head.content_length.value_or(0) > 0 || slot.held.has_body_octets();
    if (!content && !slot.held.body_ended()) return false;
    if (content) {
      if (const auto refusal = kind_of_body(fields_, head.fields, kind))
        return Error{Fault::bad_value, "response-head: " + std::string{refusal->reason}};
    }
  }
  std::string body;
  const bool whole = kind != BodyKind::other;
  if (whole) {
    if (slot.held.body_bytes() > limits_.lifted_body_bytes)
      return Error{Fault::limit_exceeded, "response-body: too long for fields to be put back into it"};
    if (!slot.held.body_ended()) return false;
    body = as_text(slot.held.take_body(budget_));
    if (head.content_length.value_or(body.size()) != body.size())
      return Error{Fault::bad_value, "response-body: its length is not content-length"};
  }
  LOUVER_TRY(put_back(fields_, kind, slot.held.take_fields(fields_.size(), budget_), head.fields, body));
  if (whole) {
    head.content_length = body.size();
    LOUVER_TRY(slot.held.put_body(body, budget_));
  }
  return true;
}

Framing ResponseWriter::framing_of(const Slot& slot) const {
  const ResponseHead& head = *slot.final_head;
  if (slot.request.asked.to_head || never_has_content(head.status)) return {Framing::Kind::none};
  if (head.status == switching_protocols) return {Framing::Kind::until_close};
  if (head.content_length) return {Framing::Kind::length, *head.content_length};
  return {slot.request.http_1_0 ? Framing::Kind::until_close : Framing::Kind::chunked};
}

/// A gateway that lets a tunnel begin which the origin did not agree to would put the application's next octets into a
/// connection where they are requests (HT-09).
Result<> ResponseWriter::judge_upgrade(const Slot& slot) {
  const ResponseHead& head = *slot.final_head;
  const std::string& accept = slot.request.asked.websocket_accept;
  if (head.status != switching_protocols) {
    if (!accept.empty()) upgrade_ = Upgrade::refused;
    return {};
  }
  if (accept.empty()) return Error{Fault::bad_value, "response-head: 101 to a request that asked for no upgrade"};
  if (const auto refusal = check_websocket_answer(head.fields, accept)) {
    return Error{Fault::bad_value, "response-head: " + std::string{refusal->reason}};
  }
  if (slot.held.body_redacted()) return Error{Fault::blocked_by_policy, "response-body: a tombstone in a tunnel"};
  upgrade_ = Upgrade::tunnel;
  return {};
}

Result<> ResponseWriter::write_head(Slot& slot) {
  LOUVER_TRY(judge_upgrade(slot));
  LOUVER_ASSIGN(const Fields credentials,
                parse_credentials(slot.held.take_credentials(budget_), "response-credentials", limits_));
  const Framing framing = framing_of(slot);
  const bool tunnel = slot.final_head->status == switching_protocols;
  if (upgrade_ == Upgrade::refused) slot.request_done = true;  // it has no content, and its end follows at once
  const bool last = no_more_requests_ && !last_answer_ && slots_.size() == 1;
  // An answer that comes before the whole request must be the last: a client that waited for 100 (Continue) may go on
  // with the body or leave it out, and nobody could tell which (HT-06).
  slot.close = !slot.request.keep_alive || !slot.request_done || last || framing.kind == Framing::Kind::until_close;

  Fields ours;
  if (framing.kind == Framing::Kind::chunked) ours.push_back({"transfer-encoding", "chunked"});
  if (tunnel) {
    ours.push_back({"connection", "Upgrade"});
  } else if (slot.close) {
    ours.push_back({"connection", "close"});
  } else if (slot.request.http_1_0) {
    ours.push_back({"connection", "keep-alive"});
  }
  output_.append(http1::write_head(*slot.final_head, {credentials, ours}));
  slot.body.emplace(framing, "response-body");
  return {};
}

/// Those for the application. They are judged whether it wants them or not (HT-07).
Result<Fields> ResponseWriter::read_trailers(Slot& slot) {
  Fields out;
  if (!trailers_) return out;
  LOUVER_ASSIGN(out, parse_trailers(slot.held.take_trailers(budget_), "response-trailers", limits_));
  if (!slot.request.takes_trailers) out.clear();
  return out;
}

void ResponseWriter::finish_first() {
  Slot& slot = slots_.front();
  if (upgrade_ == Upgrade::tunnel && !slot.request_done) {
    output_ended_ = true;
    return;
  }
  if (slot.close) closed_ = true;
  if (!slot.request_done) return;  // stays open: its request never came to an end within the session
  slots_.pop_front();
  ++first_;
  close_if_finished();
}

void ResponseWriter::close_if_finished() {
  if (closed_ || !slots_.empty() || !no_more_requests_) return;
  if (last_answer_) write_error(last_answer_->status, last_answer_->reason, last_answer_->to_head);
  closed_ = true;
}

FailureAnswer ResponseWriter::fail(unsigned status, std::string_view reason) {
  if (reset_) return FailureAnswer::must_reset;
  if (closed_ || slots_.empty()) return FailureAnswer::nothing_open;
  closed_ = true;
  if (slots_.front().body) {
    reset_ = true;
    return FailureAnswer::must_reset;
  }
  write_error(status, reason, slots_.front().request.asked.to_head);
  return FailureAnswer::answered;
}

FailureAnswer ResponseWriter::fail_newest(unsigned status, std::string_view reason) {
  if (slots_.size() < 2) return fail(status, reason);
  closed_ = true;
  reset_ = true;
  return FailureAnswer::must_reset;
}

void ResponseWriter::write_error(unsigned status, std::string_view reason, bool to_head) {
  ErrorAnswer answer = make_error_answer(status, reason);
  answer.head.fields.push_back({"connection", "close"});
  output_.append(http1::write_head(answer.head));
  if (!to_head) output_.append(answer.body);
}

}  // namespace louver::profile::http1

#include "profile/http1/response_reader.h"

namespace louver::profile::http1 {

void ResponseReader::begin(Exchange exchange, Asked asked) {
  state_ = State::head;
  exchange_ = exchange;
  asked_ = std::move(asked);
  scanner_ = HeadScanner{HeadScanner::Kind::response, limits_};
  interim_responses_ = 0;
  response_ = {};
  decoder_.reset();
  body_kind_ = BodyKind::other;
  gathered_.clear();
  refusal_.reset();
}

Result<std::size_t> ResponseReader::feed(Bytes input) {
  std::size_t used = 0;
  while (used < input.size()) {
    const std::size_t before = used;
    if (state_ == State::head) {
      LOUVER_TRY(read_head(input, used));
    } else if (state_ == State::body || state_ == State::gather) {
      LOUVER_TRY(read_body(input, used));
    }
    if (used == before) break;  // more is needed, or the response is over
  }
  return used;
}

Result<> ResponseReader::read_head(Bytes input, std::size_t& used) {
  const Bytes rest = input.subspan(used);
  switch (scanner_.scan(rest)) {
    case HeadScanner::State::more:
      return {};
    case HeadScanner::State::refused:
      refuse(*scanner_.refusal());
      return {};
    case HeadScanner::State::complete:
      break;
  }
  const Bytes block = rest.first(scanner_.size());
  used += block.size();
  if (const auto refusal = parse(block)) {
    refuse(*refusal);
    return {};
  }
  scanner_ = HeadScanner{HeadScanner::Kind::response, limits_};
  return take_head();
}

Verdict ResponseReader::parse(Bytes block) {
  RawHead raw;
  if (auto refusal = parse_raw_response(block, scanner_.fields(), raw)) return refusal;
  if (auto refusal = accept_response(std::move(raw), asked_, response_)) return refusal;
  if (is_interim(response_.head.status) && ++interim_responses_ > limits_.interim_responses) {
    return Refusal{502, "the origin sent too many interim responses"};
  }
  return {};
}

Result<> ResponseReader::take_head() {
  if (is_interim(response_.head.status)) {
    const std::string head = write_head(response_.head);
    return emit(ids_.response_head, as_bytes(head), true);
  }
  decoder_.emplace(response_.framing, limits_, plan_.trailers ? TrailerUse::carry : TrailerUse::drop);
  const auto lifted = plan_.fields.in(Direction::s2c);
  const bool tunnel = response_.head.status == switching_protocols;
  if (!lifted.empty() && !decoder_->done() && !tunnel) {
    if (const auto refusal = kind_of_body(lifted, response_.head.fields, body_kind_)) {
      refuse(*refusal);
      return {};
    }
  }
  if (body_kind_ != BodyKind::other) {
    state_ = State::gather;
    return {};
  }
  return pass_head();
}

/// Head and credentials, what was lifted, and the body if it is there as a whole.
Result<> ResponseReader::pass_head() {
  const auto lifted = plan_.fields.in(Direction::s2c);
  const bool whole = state_ == State::gather;
  std::vector<std::string> messages;
  if (!lifted.empty()) {
    if (const auto refusal = lift(lifted, body_kind_, response_.head.fields, gathered_, *plan_.random, messages)) {
      refuse(*refusal);
      return {};
    }
    if (whole) response_.head.content_length = gathered_.size();
  }
  const std::string head = write_head(response_.head);
  const std::string credentials = write_credentials(response_.credentials);
  state_ = whole || decoder_->done() ? State::done : State::body;
  LOUVER_TRY(emit(ids_.response_head, as_bytes(head), true));
  LOUVER_TRY(emit(ids_.response_credentials, as_bytes(credentials), true));
  for (std::size_t i = 0; i < lifted.size(); ++i) LOUVER_TRY(emit(lifted[i].id, as_bytes(messages[i]), true));
  if (state_ == State::body) return {};
  return end_body(as_bytes(gathered_));  // of a body that was held whole they are dropped
}

Result<> ResponseReader::gather(Bytes content, bool end) {
  if (content.size() > limits_.lifted_body_bytes - gathered_.size()) {
    refuse({502, "the origin's body is too long for fields to be lifted out of it"});
    return {};
  }
  gathered_.append(as_text(content));
  return end ? pass_head() : Result<>{};
}

Result<> ResponseReader::read_body(Bytes input, std::size_t& used) {
  Bytes ready;  // one piece behind, so that the last one can carry the end
  while (used < input.size() && !decoder_->done()) {
    const BodyDecoder::Step step = decoder_->step(input.subspan(used));
    used += step.consumed;
    if (decoder_->refusal() && state_ == State::gather) {
      refuse({502, decoder_->refusal()->reason});
      return {};
    }
    if (decoder_->refusal()) {
      return Error{Fault::bad_value, "the origin's response body: " + std::string{decoder_->refusal()->reason}};
    }
    if (step.content.empty()) continue;
    if (state_ == State::gather) {
      LOUVER_TRY(gather(step.content, false));
      if (state_ == State::refused) return {};
      continue;
    }
    if (!ready.empty()) LOUVER_TRY(emit(ids_.response_body, ready, false));
    ready = step.content;
  }
  const bool end = decoder_->done();
  if (state_ == State::gather) return end ? gather({}, true) : Result<>{};
  if (end) state_ = State::done;
  if (end) return end_body(ready, decoder_->trailers());
  return ready.empty() ? Result<>{} : emit(ids_.response_body, ready, false);
}

Result<> ResponseReader::closed(bool clean) {
  switch (state_) {
    case State::head:
      refuse(
          {502, scanner_.size() == 0 ? "the origin closed without an answer" : "the origin closed within its answer"});
      return {};
    case State::gather:
      if (clean && decoder_->until_close()) return gather({}, true);
      refuse({502, "the origin closed before the end of a response body"});
      return {};
    case State::body:
      if (!clean || !decoder_->until_close()) {
        return Error{Fault::truncated, "the origin closed before the end of a response body"};
      }
      state_ = State::done;
      return end_body({});
    case State::idle:
    case State::done:
    case State::refused:
      break;
  }
  return {};
}

/// The end of the body message and the message behind it.
Result<> ResponseReader::end_body(Bytes last, const Fields& trailers) {
  const std::string behind = write_trailers(trailers);
  LOUVER_TRY(emit(ids_.response_body, last, true));
  return plan_.trailers ? emit(plan_.trailers->response, as_bytes(behind), true) : Result<>{};
}

Result<> ResponseReader::emit(ContextId context, Bytes bytes, bool end) {
  return parts_.on_part(
      {.context = context, .direction = Direction::s2c, .exchange = exchange_, .bytes = bytes, .end = end});
}

void ResponseReader::refuse(const Refusal& refusal) {
  state_ = State::refused;
  refusal_ = refusal;
}

}  // namespace louver::profile::http1

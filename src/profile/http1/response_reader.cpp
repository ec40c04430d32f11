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
  refusal_.reset();
}

Result<std::size_t> ResponseReader::feed(Bytes input) {
  std::size_t used = 0;
  while (used < input.size()) {
    const std::size_t before = used;
    if (state_ == State::head) {
      LOUVER_TRY(read_head(input, used));
    } else if (state_ == State::body) {
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
  return pass_head();
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

Result<> ResponseReader::pass_head() {
  const std::string head = write_head(response_.head);
  if (is_interim(response_.head.status)) return emit(ids_.response_head, as_bytes(head), true);
  state_ = State::body;
  decoder_.emplace(response_.framing, limits_);
  const std::string credentials = write_credentials(response_.credentials);
  LOUVER_TRY(emit(ids_.response_head, as_bytes(head), true));
  LOUVER_TRY(emit(ids_.response_credentials, as_bytes(credentials), true));
  if (!decoder_->done()) return {};
  state_ = State::done;
  return emit(ids_.response_body, {}, true);
}

Result<> ResponseReader::read_body(Bytes input, std::size_t& used) {
  Bytes ready;  // one piece behind, so that the last one can carry the end
  while (used < input.size() && !decoder_->done()) {
    const BodyDecoder::Step step = decoder_->step(input.subspan(used));
    used += step.consumed;
    if (decoder_->refusal()) {
      return Error{Fault::bad_value, "the origin's response body: " + std::string{decoder_->refusal()->reason}};
    }
    if (step.content.empty()) continue;
    if (!ready.empty()) LOUVER_TRY(emit(ids_.response_body, ready, false));
    ready = step.content;
  }
  const bool end = decoder_->done();
  if (end) state_ = State::done;
  if (!end && ready.empty()) return {};
  return emit(ids_.response_body, ready, end);
}

Result<> ResponseReader::closed(bool clean) {
  switch (state_) {
    case State::head:
      refuse(
          {502, scanner_.size() == 0 ? "the origin closed without an answer" : "the origin closed within its answer"});
      return {};
    case State::body:
      if (!clean || !decoder_->until_close()) {
        return Error{Fault::truncated, "the origin closed before the end of a response body"};
      }
      state_ = State::done;
      return emit(ids_.response_body, {}, true);
    case State::idle:
    case State::done:
    case State::refused:
      break;
  }
  return {};
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

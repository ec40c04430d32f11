#include "profile/http1/agent.h"

#include "profile/http1/grammar.h"
#include "profile/http1/request_credentials.h"
#include "profile/http1/websocket.h"

namespace louver::profile::http1 {
namespace {

constexpr Refusal too_much_to_lift{413, "the body is too long for fields to be lifted out of it"};
constexpr Refusal too_early{400, "octets behind a request with Upgrade, before the answer to it"};

Error gone_within_request() { return {Fault::truncated, "the application closed before the end of a request"}; }

}  // namespace

AgentCodec::AgentCodec(AgentOptions options, const ContextIds& ids, AgentEvents& events, session::PartSink& parts)
    : options_(std::move(options)),
      ids_(ids),
      events_(events),
      parts_(parts),
      responses_(ids, options_.limits),
      scanner_(HeadScanner::Kind::request, options_.limits) {}

Result<> AgentCodec::start_session(SessionPlan plan) {
  if (open_exchanges() > 0) return Error{Fault::internal_error, "a new session while an exchange is open"};
  plan_ = std::move(plan);
  responses_.start_session(plan_.fields.of[slot(Direction::s2c)],
                           plan_.trailers ? std::optional{plan_.trailers->response} : std::nullopt);
  return {};
}

Result<std::size_t> AgentCodec::from_application(Bytes input) {
  std::size_t used = 0;
  while (true) {
    LOUVER_ASSIGN(const bool moved, advance(input, used));
    if (!moved) return used;
  }
}

/// One step; false if nothing can be done with what is there.
Result<bool> AgentCodec::advance(Bytes input, std::size_t& used) {
  if (responses_.closed()) stop();
  switch (reading_) {
    case Reading::head:
      return read_head(input, used);
    case Reading::decision:
      return decide(used < input.size());
    case Reading::gather:
      return gather(input, used);
    case Reading::body:
      return read_body(input, used);
    case Reading::upgrading:
      if (used < input.size()) return fail_body(too_early);
      return false;
    case Reading::tunnel:
      if (used < input.size()) LOUVER_TRY(emit(ids_.request_body, input.subspan(used), false));
      used = input.size();
      return false;
    case Reading::stopped:
      break;
  }
  used = input.size();  // whatever comes behind the last request
  return false;
}

Result<bool> AgentCodec::read_head(Bytes input, std::size_t& used) {
  if (open_exchanges() >= options_.limits.open_exchanges) return false;
  // RFC 9112 §2.2: one empty line in front of a request is forgiven
  const std::string_view text = as_text(input.subspan(used));
  if (scanner_.size() == 0 && !skipped_empty_line_ && text.starts_with('\r')) {
    if (text.size() == 1) return false;
    if (text.starts_with("\r\n")) {
      used += 2;
      skipped_empty_line_ = true;
      return true;
    }
  }
  switch (scanner_.scan(input.subspan(used))) {
    case HeadScanner::State::more:
      return false;
    case HeadScanner::State::refused:
      refuse(scanner_.refusal()->status, scanner_.refusal()->reason);
      return true;
    case HeadScanner::State::complete:
      break;
  }
  const Bytes block = input.subspan(used, scanner_.size());
  used += block.size();
  reading_ = Reading::decision;
  if (const auto refusal = parse(block)) refuse(refusal->status, refusal->reason);
  return true;
}

Verdict AgentCodec::parse(Bytes block) {
  RawHead raw;
  request_ = {};
  if (auto refusal = parse_raw_request(block, scanner_.fields(), raw)) return refusal;
  return accept_request(std::move(raw), options_.rules, options_.limits, request_);
}

/// @param more  octets behind the head have come already
Result<bool> AgentCodec::decide(bool more) {
  if (request_.head.upgrade && more) {
    refuse(too_early.status, too_early.reason);
    return true;
  }
  const Authority& authority = request_.authority;
  const AgentDecision decision =
      events_.on_request({.scheme = options_.rules.scheme,
                          .host = authority.host,
                          .port = authority.port == 0 ? options_.rules.default_port : authority.port,
                          .method = request_.head.method,
                          .path = request_.head.target,
                          .fields = request_.head.fields});
  switch (decision.kind) {
    case AgentDecision::Kind::wait:
      return false;
    case AgentDecision::Kind::refuse:
      refuse(decision.status, decision.reason);
      return true;
    case AgentDecision::Kind::accept:
      break;
  }
  if (must_gather()) return true;
  LOUVER_TRY(begin_exchange());
  return true;
}

/// Whether the request waits for its body, or was refused: where fields are to be lifted out of it, what goes in front
/// says how long it has become.
bool AgentCodec::must_gather() {
  body_kind_ = BodyKind::other;
  const bool content = request_.framing.kind != Framing::Kind::none &&
                       (request_.framing.kind != Framing::Kind::length || request_.framing.length > 0);
  if (!content) return false;
  if (const auto refusal = kind_of_body(plan_.fields.in(Direction::c2s), request_.head.fields, body_kind_)) {
    refuse(refusal->status, refusal->reason);
    return true;
  }
  if (body_kind_ == BodyKind::other || gathered_) return false;
  if (request_.framing.length > options_.limits.lifted_body_bytes) {
    refuse(too_much_to_lift.status, too_much_to_lift.reason);
    return true;
  }
  // Whoever waits for it gets it from us. Behind answers that are due it would be one of those.
  if (std::exchange(request_.head.expect_continue, false) && open_exchanges() == 0)
    responses_.output().append("HTTP/1.1 100 Continue\r\n\r\n");
  decoder_.emplace(request_.framing, options_.limits, trailer_use());
  gathered_.emplace();
  reading_ = Reading::gather;
  return true;
}

Result<bool> AgentCodec::gather(Bytes input, std::size_t& used) {
  if (used == input.size()) return false;
  while (used < input.size() && !decoder_->done()) {
    const BodyDecoder::Step step = decoder_->step(input.subspan(used));
    used += step.consumed;
    const bool too_much = step.content.size() > options_.limits.lifted_body_bytes - gathered_->size();
    if (decoder_->refusal() || too_much) {
      const Refusal why = too_much ? too_much_to_lift : *decoder_->refusal();
      refuse(why.status, why.reason);
      return true;
    }
    gathered_->append(as_text(step.content));
  }
  if (!decoder_->done()) return true;
  request_.framing = {Framing::Kind::length, gathered_->size()};
  reading_ = Reading::decision;  // once more: the session may have gone meanwhile
  return true;
}

Result<> AgentCodec::begin_exchange() {
  const bool upgrade = request_.head.upgrade;
  std::vector<std::string> fields;
  if (!plan_.fields.in(Direction::c2s).empty()) {
    std::string none;
    if (const auto refusal = lift(plan_.fields.in(Direction::c2s), body_kind_, request_.head.fields,
                                  gathered_ ? *gathered_ : none, *plan_.random, fields)) {
      refuse(refusal->status, refusal->reason);
      return {};
    }
  }
  if (gathered_) request_.head.content_length = gathered_->size();
  exchange_ = responses_.open({.asked = {.to_head = request_.head.method == "HEAD",
                                         .websocket_accept = upgrade ? websocket_accept(request_.head.fields) : ""},
                               .http_1_0 = request_.http_1_0,
                               .keep_alive = request_.keep_alive,
                               .takes_trailers = request_.takes_trailers});
  decoder_.emplace(request_.framing, options_.limits, trailer_use());
  reading_ = Reading::body;
  std::string head = write_head(request_.head);
  std::string credentials = write_request_credentials(
      {request_.credentials, plan_.bind_target ? bound_target(request_.head) : std::string{}});
  sent_.reset();
  if (gathered_) return emit_gathered(head, credentials, fields);
  if (decoder_->done()) {
    sent_ =
        Sent{std::move(head), std::move(credentials), std::move(fields), is_idempotent(request_.head.method), upgrade};
    // first, so that a fault of the sink finds it complete and it can be sent again
    if (upgrade) {
      reading_ = Reading::upgrading;
    } else {
      finish_request();
    }
    LOUVER_TRY(emit_sent());
    if (upgrade && application_closed_) return gone_within_request();
    return {};
  }
  LOUVER_TRY(emit(ids_.request_head, as_bytes(head), true));
  LOUVER_TRY(emit(ids_.request_credentials, as_bytes(credentials), true));
  LOUVER_TRY(emit_fields(fields));
  if (application_closed_) return gone_within_request();
  return {};
}

Result<> AgentCodec::emit_gathered(const std::string& head, const std::string& credentials,
                                   const std::vector<std::string>& fields) {
  const std::string body = *std::exchange(gathered_, std::nullopt);
  finish_request();
  LOUVER_TRY(emit(ids_.request_head, as_bytes(head), true));
  LOUVER_TRY(emit(ids_.request_credentials, as_bytes(credentials), true));
  LOUVER_TRY(emit_fields(fields));
  return end_body(as_bytes(body));  // what stood behind it is of a message of another length
}

Result<> AgentCodec::emit_fields(const std::vector<std::string>& fields) {
  const auto lifted = plan_.fields.in(Direction::c2s);
  for (std::size_t i = 0; i < lifted.size(); ++i) LOUVER_TRY(emit(lifted[i].id, as_bytes(fields[i]), true));
  return {};
}

Result<> AgentCodec::emit_sent() {
  LOUVER_TRY(emit(ids_.request_head, as_bytes(sent_->head), true));
  LOUVER_TRY(emit(ids_.request_credentials, as_bytes(sent_->credentials), true));
  LOUVER_TRY(emit_fields(sent_->fields));
  return sent_->upgrade ? Result<>{} : end_body({});
}

/// The end of the body message and the message behind it.
Result<> AgentCodec::end_body(Bytes last, const Fields& trailers) {
  const std::string behind = write_trailers(trailers);
  LOUVER_TRY(emit(ids_.request_body, last, true));
  return plan_.trailers ? emit(plan_.trailers->request, as_bytes(behind), true) : Result<>{};
}

bool AgentCodec::can_resend(bool undelivered) const {
  return sent_ && responses_.untouched() && (undelivered || sent_->idempotent);
}

Result<> AgentCodec::resend(const SessionPlan& plan) {
  if (!can_resend(true) || plan != plan_) return Error{Fault::internal_error, "the request cannot be sent again"};
  responses_.restart();
  exchange_ = Exchange{1};
  return emit_sent();
}

Result<> AgentCodec::from_path(const session::Part& part) {
  LOUVER_TRY(responses_.on_part(part));
  if (reading_ == Reading::upgrading) LOUVER_TRY(on_upgrade_answered());
  if (open_exchanges() == 0) sent_.reset();
  return {};
}

Result<> AgentCodec::on_upgrade_answered() {
  switch (responses_.upgrade()) {
    case ResponseWriter::Upgrade::none:
    case ResponseWriter::Upgrade::asked:
      break;
    case ResponseWriter::Upgrade::refused:
      finish_request();
      return end_body({});
    case ResponseWriter::Upgrade::tunnel:
      reading_ = Reading::tunnel;
      break;
  }
  return {};
}

Result<> AgentCodec::end_tunnel() {
  reading_ = Reading::stopped;
  LOUVER_TRY(end_body({}));
  responses_.request_done();
  return {};
}

Result<bool> AgentCodec::read_body(Bytes input, std::size_t& used) {
  if (used == input.size()) return false;
  Bytes ready;  // one piece behind, so that the last one can carry the end
  while (used < input.size() && !decoder_->done()) {
    const BodyDecoder::Step step = decoder_->step(input.subspan(used));
    used += step.consumed;
    if (decoder_->refusal()) return fail_body(*decoder_->refusal());
    if (step.content.empty()) continue;
    if (!ready.empty()) LOUVER_TRY(emit(ids_.request_body, ready, false));
    ready = step.content;
  }
  if (decoder_->done()) {
    LOUVER_TRY(end_body(ready, decoder_->trailers()));
    finish_request();
  } else if (!ready.empty()) {
    LOUVER_TRY(emit(ids_.request_body, ready, false));
  }
  return true;
}

/// Part of the request is on its way and cannot be called back; without its end the other side drops it.
Error AgentCodec::fail_body(const Refusal& refusal) {
  stop();
  responses_.fail_newest(refusal.status, refusal.reason);
  return {Fault::bad_value, "request body: " + std::string{refusal.reason}};
}

Result<> AgentCodec::emit(ContextId context, Bytes bytes, bool end) {
  return parts_.on_part(
      {.context = context, .direction = Direction::c2s, .exchange = exchange_, .bytes = bytes, .end = end});
}

void AgentCodec::finish_request() {
  scanner_ = HeadScanner{HeadScanner::Kind::request, options_.limits};
  skipped_empty_line_ = false;
  decoder_.reset();
  reading_ = Reading::head;
  responses_.request_done();
  if (!request_.keep_alive || application_closed_) stop();
  request_ = {};
  gathered_.reset();
}

void AgentCodec::refuse(unsigned status, std::string_view reason) {
  reading_ = Reading::stopped;
  gathered_.reset();
  responses_.refuse_next(status, reason, request_.head.method == "HEAD");
}

void AgentCodec::stop() {
  reading_ = Reading::stopped;
  responses_.no_more_requests();
}

Result<> AgentCodec::application_closed() {
  application_closed_ = true;
  switch (reading_) {
    case Reading::gather:
    case Reading::body:
    case Reading::upgrading:
      return gone_within_request();
    case Reading::tunnel:
      return end_tunnel();
    case Reading::head:
      if (scanner_.size() > 0) {
        refuse(400, "the connection was closed in the middle of a head");
      } else {
        stop();
      }
      break;
    case Reading::decision:
    case Reading::stopped:
      break;
  }
  return {};
}

FailureAnswer AgentCodec::on_session_end(bool clean) {
  if (open_exchanges() == 0) return FailureAnswer::nothing_open;
  return answer_failure(502, clean ? "the session ended before the answer" : "the session failed before the answer");
}

FailureAnswer AgentCodec::answer_failure(unsigned status, std::string_view reason) {
  if (open_exchanges() == 0 && reading_ == Reading::decision) {
    refuse(status, reason);
    return FailureAnswer::answered;
  }
  const FailureAnswer answer = responses_.fail(status, reason);
  if (answer != FailureAnswer::nothing_open) stop();
  return answer;
}

bool AgentCodec::wants_input() const {
  switch (reading_) {
    case Reading::head:
      return open_exchanges() < options_.limits.open_exchanges;
    case Reading::decision:
      return false;
    case Reading::gather:
    case Reading::body:
    case Reading::upgrading:
    case Reading::tunnel:
    case Reading::stopped:
      return true;
  }
  return true;
}

}  // namespace louver::profile::http1

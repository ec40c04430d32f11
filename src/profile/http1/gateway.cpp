#include "profile/http1/gateway.h"

#include <algorithm>
#include <array>

#include "profile/http1/error_answer.h"
#include "profile/http1/grammar.h"
#include "profile/http1/request_credentials.h"
#include "profile/http1/request_entry.h"
#include "profile/http1/trailers.h"
#include "profile/http1/websocket.h"

namespace louver::profile::http1 {
namespace {

/// RFC 9110 §8.6: these say that they have no content, where others need say nothing; some origins ask for it (411).
bool expects_content(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

/// Fields of the role's own go out unread by anybody else, so a mistake in them must not frame another message.
Result<> check_extra_fields(const GatewayDecision& decision) {
  for (const Field& field : decision.extra_fields) {
    const Place place = place_of(field.name);
    const bool allowed = place == Place::head || place == Place::reserved || place == Place::credentials;
    if (!allowed || !is_lower_token(field.name) || !is_field_value(field.value)) {
      return Error{Fault::internal_error, "a field to be added to the origin's request is malformed"};
    }
  }
  if (decision.host.empty() || parse_authority(decision.host, 0)) return {};
  return Error{Fault::internal_error, "the host for the origin is malformed"};
}

}  // namespace

GatewayCodec::GatewayCodec(GatewayOptions options, const ContextIds& ids, GatewayEvents& events,
                           session::PartSink& parts)
    : plan_(std::move(options.plan)),
      limits_(options.limits),
      ids_(ids),
      events_(events),
      parts_(parts),
      responses_(plan_, ids, limits_, parts),
      budget_(limits_.held_bytes) {}

Result<> GatewayCodec::from_path(const session::Part& part) {
  const auto field = std::ranges::find(lifted(), part.context, &FieldContext::id);
  const bool is_field = field != lifted().end() && part.direction == Direction::c2s;
  const auto trailers = plan_.trailers ? std::optional{plan_.trailers->request} : std::nullopt;
  LOUVER_ASSIGN(const Piece piece,
                is_field ? Result<Piece>{Piece::field} : piece_of(part, ids_, trailers, Direction::c2s));
  if (raw(part.exchange) < number_) return Error{Fault::record_exchange, "a part of an exchange that is over"};
  const std::size_t index = raw(part.exchange) - number_;
  if (index >= limits_.held_exchanges) return Error{Fault::limit_exceeded, "too many exchanges are open"};
  if (tunnelled_ && (index > 0 || exchanges_.empty()))
    return Error{Fault::record_exchange, "an exchange behind a tunnel"};
  while (exchanges_.size() <= index) exchanges_.emplace_back();

  const bool direct = index == 0 && piece == Piece::body && !current().body_ended() &&
                      (stage_ == Stage::body || stage_ == Stage::tunnel || stage_ == Stage::discarding);
  if (is_field) {
    const auto which = static_cast<std::size_t>(field - lifted().begin());
    LOUVER_TRY(exchanges_[index].add_field(which, lifted().size(), part, budget_));
  } else if (direct) {
    LOUVER_TRY(pass_directly(part));
  } else {
    LOUVER_TRY(exchanges_[index].add(piece, part, false, budget_, limits_));
  }
  return advance();
}

Result<> GatewayCodec::pass_directly(const session::Part& part) {
  if (stage_ == Stage::body) {
    LOUVER_ASSIGN(const BodyOctets octets, BodyOctets::of(part));
    LOUVER_TRY(body_->write(octets.bytes(), output_));
  }
  if (stage_ == Stage::tunnel) {
    LOUVER_TRY(check_tunnel_part(part));
    output_.append(part.bytes);
  }
  if (part.end) current().end_body();
  return {};
}

Result<> GatewayCodec::on_session_end(bool clean) {
  if (!clean) return Error{Fault::truncated, "the session was lost"};
  for (std::size_t i = 0; i < exchanges_.size(); ++i) {
    if (exchanges_[i].complete(lifted().size(), plan_.trailers.has_value())) continue;
    return Error{Fault::truncated, "the session ended within the request of exchange " + std::to_string(number_ + i)};
  }
  return {};
}

Result<> GatewayCodec::advance() {
  while (!exchanges_.empty()) {
    LOUVER_ASSIGN(const bool moved, step());
    if (!moved) break;
  }
  return {};
}

Result<bool> GatewayCodec::step() {
  switch (stage_) {
    case Stage::collecting:
      return collect();
    case Stage::gathering:
      return gather();
    case Stage::deciding:
      return decide();
    case Stage::framing:
      return begin_request();
    case Stage::body:
      return pass_body();
    case Stage::upgrading:
      return await_upgrade();
    case Stage::tunnel:
      return end_tunnel();
    case Stage::discarding:
      return discard();
    case Stage::sent:
      return finish_exchange();
  }
  return Fault::internal_error;
}

Result<bool> GatewayCodec::collect() {
  if (!current().has_head() || !current().has_credentials() || !current().has_fields(lifted().size())) return false;
  const Buffer head = current().take_head(budget_);
  const Buffer credentials = current().take_credentials(budget_);
  LOUVER_TRY(current().close_heads());
  LOUVER_ASSIGN(head_, parse_request_head(head, limits_));
  LOUVER_ASSIGN(RequestCredentials given, parse_request_credentials(credentials, limits_));
  LOUVER_TRY(check_bound_target(given, head_, plan_.bind_target));
  credentials_ = std::move(given.fields);
  fields_ = current().take_fields(lifted().size(), budget_);
  stage_ = lifted().empty() ? Stage::deciding : Stage::gathering;
  if (const auto refusal = check_method(head_.method)) LOUVER_TRY(answer(refusal->status, refusal->reason));
  return true;
}

/// What came in contexts of its own goes back to its place, before anything of the request is looked at.
Result<bool> GatewayCodec::gather() {
  body_kind_ = BodyKind::other;
  if (!head_.upgrade && looks_into_bodies(lifted())) {
    const bool content = head_.content_length.value_or(0) > 0 || head_.expect_continue || current().has_body_octets();
    if (!content && !current().body_ended()) return false;
    if (content) {
      if (const auto refusal = kind_of_body(lifted(), head_.fields, body_kind_))
        return Error{Fault::bad_value, "request-head: " + std::string{refusal->reason}};
    }
  }
  std::string body;
  const bool whole = body_kind_ != BodyKind::other;
  if (whole) {
    if (current().body_bytes() > limits_.lifted_body_bytes)
      return Error{Fault::limit_exceeded, "request-body: too long for fields to be put back into it"};
    if (!current().body_ended()) return false;
    body = as_text(current().take_body(budget_));
    if (head_.content_length.value_or(body.size()) != body.size())
      return Error{Fault::bad_value, "request-body: its length is not content-length"};
  }
  LOUVER_TRY(put_back(lifted(), body_kind_, fields_, head_.fields, body));
  if (whole) {
    head_.content_length = body.size();
    LOUVER_TRY(current().put_body(body, budget_));
  }
  stage_ = Stage::deciding;
  return true;
}

Result<bool> GatewayCodec::decide() {
  if (put_off_) return false;
  const auto authority = parse_authority(head_.host, 0);
  if (!authority) return Fault::internal_error;  // parse_request_head has seen it
  decision_ = events_.on_request({.scheme = {},
                                  .host = authority->host,
                                  .port = authority->port,
                                  .method = head_.method,
                                  .path = head_.target,
                                  .fields = head_.fields});
  switch (decision_.kind) {
    case GatewayDecision::Kind::wait:
      put_off_ = true;
      return false;
    case GatewayDecision::Kind::refuse:
      LOUVER_TRY(answer(decision_.status, decision_.reason));
      return true;
    case GatewayDecision::Kind::accept:
      break;
  }
  LOUVER_TRY(check_extra_fields(decision_));
  output_.clear();
  responses_.begin(Exchange{number_}, asked());
  at_origin_ = true;
  origin_reusable_ = false;
  stage_ = Stage::framing;
  return true;
}

Asked GatewayCodec::asked() const {
  return {.to_head = head_.method == "HEAD", .websocket_accept = head_.upgrade ? websocket_accept(head_.fields) : ""};
}

/// Nothing while it cannot be known, or while the head alone would be a whole request and the body's end has not come
/// (OR-03).
std::optional<Framing> GatewayCodec::request_framing() const {
  if (head_.content_length) {
    const bool begins = *head_.content_length > 0 || current().body_ended() || current().has_body_octets();
    return begins ? std::optional{Framing{Framing::Kind::length, *head_.content_length}} : std::nullopt;
  }
  // who expects 100 (Continue) has content, and waits with it
  if (head_.expect_continue || current().has_body_octets()) return Framing{Framing::Kind::chunked};
  if (head_.upgrade || current().body_ended()) return Framing{Framing::Kind::none};
  return std::nullopt;
}

Result<bool> GatewayCodec::begin_request() {
  const auto framing = request_framing();
  if (!framing) return false;
  const bool no_content = framing->kind == Framing::Kind::none || (head_.content_length && *head_.content_length == 0);
  if (no_content && !head_.upgrade) {  // the head is the whole request
    LOUVER_ASSIGN(const bool whole, read_trailers());
    if (!whole) return false;
  }
  std::string head = make_origin_head(*framing);
  output_.append(head);
  body_.emplace(*framing, "request-body");
  const bool resendable = decision_.reused_connection && no_content && is_idempotent(head_.method);
  resendable_ = resendable ? std::move(head) : std::string{};
  stage_ = head_.upgrade ? Stage::upgrading : Stage::body;
  return true;
}

/// The head as the origin gets it, which it is from here on.
std::string GatewayCodec::make_origin_head(const Framing& framing) {
  if (!decision_.host.empty()) head_.host = decision_.host;
  if (framing.kind == Framing::Kind::none && expects_content(head_.method)) head_.content_length = 0;
  if (looks_into_bodies(plan_.fields.in(Direction::s2c)))  // nothing can be lifted out of a coded answer
    std::erase_if(head_.fields, [](const Field& field) { return field.name == "accept-encoding"; });
  Fields ours;
  if (framing.kind == Framing::Kind::chunked) ours.push_back({"transfer-encoding", "chunked"});
  if (head_.upgrade) {
    ours.push_back({"connection", "Upgrade"});
  } else if (plan_.trailers) {  // RFC 9110 §10.1.4
    ours.push_back({"te", "trailers"});
    ours.push_back({"connection", "TE"});
  }
  return write_head(head_, {credentials_, decision_.extra_fields, ours});
}

Result<bool> GatewayCodec::pass_body() {
  if (current().has_body_octets()) LOUVER_TRY(body_->write(current().take_body(budget_), output_));
  if (!current().body_ended()) return false;
  if (body_->takes_trailers()) {
    LOUVER_ASSIGN(const bool whole, read_trailers());
    if (!whole) return false;
  }
  LOUVER_TRY(body_->finish(output_, trailers_.value_or(Fields{})));
  stage_ = Stage::sent;
  return true;
}

/// Whether their message has come, where the session has one. It is judged whether they can be placed or not (HT-07).
Result<bool> GatewayCodec::read_trailers() {
  if (!plan_.trailers || trailers_) return true;
  if (!current().has_trailers()) return false;
  LOUVER_ASSIGN(trailers_, parse_trailers(current().take_trailers(budget_), "request-trailers", limits_));
  return true;
}

/// The body of such a request is the tunnel or nothing (HT-09).
Result<bool> GatewayCodec::await_upgrade() {
  const bool answered = responses_.state() == ResponseReader::State::body;
  if (current().has_body_octets() || (current().body_ended() && !answered)) {
    return Error{Fault::bad_value, "request-body: something of it came before the answer to upgrade"};
  }
  if (!current().body_ended()) return false;
  stage_ = Stage::sent;
  return true;
}

bool GatewayCodec::end_tunnel() {
  if (!current().body_ended()) return false;
  stage_ = Stage::sent;
  output_ended_ = true;
  if (response_done_) leave_origin(false);
  return true;
}

bool GatewayCodec::discard() {
  current().take_body(budget_);
  if (!current().body_ended()) return false;
  stage_ = Stage::sent;
  return true;
}

Result<bool> GatewayCodec::finish_exchange() {
  if (!response_done_) return false;
  LOUVER_ASSIGN(const bool whole, read_trailers());
  if (!whole) return false;
  exchanges_.pop_front();
  ++number_;
  stage_ = Stage::collecting;
  head_ = {};
  credentials_ = {};
  fields_.clear();
  body_kind_ = BodyKind::other;
  trailers_.reset();
  decision_ = {};
  body_.reset();
  resendable_.clear();
  response_done_ = false;
  put_off_ = false;
  output_ended_ = false;
  responses_.drop();
  return true;
}

/// The client has its answer; what is left of the request goes nowhere.
void GatewayCodec::end_response(bool reusable) {
  response_done_ = true;
  if (stage_ == Stage::tunnel) return;  // ended in this direction only
  const bool request_sent = stage_ == Stage::sent;
  if (!request_sent) {
    stage_ = Stage::discarding;
    output_.clear();
  }
  leave_origin(reusable && request_sent && output_.empty());
}

void GatewayCodec::leave_origin(bool reusable) {
  if (!std::exchange(at_origin_, false)) return;
  origin_reusable_ = reusable;
  events_.on_origin_done(origin_reusable_);
}

Result<> GatewayCodec::answer(unsigned status, std::string_view reason) {
  const ErrorAnswer made = make_error_answer(status, reason);
  const std::string head = write_head(made.head);
  const Bytes body = head_.method == "HEAD" ? Bytes{} : as_bytes(made.body);
  output_.clear();
  responses_.drop();
  end_response(false);
  const auto emit = [&](ContextId context, Bytes bytes) {
    return parts_.on_part(
        {.context = context, .direction = Direction::s2c, .exchange = Exchange{number_}, .bytes = bytes, .end = true});
  };
  LOUVER_TRY(emit(ids_.response_head, as_bytes(head)));
  LOUVER_TRY(emit(ids_.response_credentials, {}));
  for (const FieldContext& context : plan_.fields.in(Direction::s2c)) LOUVER_TRY(emit(context.id, {}));
  LOUVER_TRY(emit(ids_.response_body, body));
  return plan_.trailers ? emit(plan_.trailers->response, {}) : Result<>{};
}

Result<> GatewayCodec::resume() {
  put_off_ = false;
  return advance();
}

Result<> GatewayCodec::fail_exchange(unsigned status, std::string_view reason) {
  const bool due = !exchanges_.empty() && !response_done_ && (at_origin_ || stage_ == Stage::deciding);
  if (!due) return Error{Fault::internal_error, "no exchange waits for an answer"};
  if (responses_.state() == ResponseReader::State::body) {
    return Error{Fault::truncated, "the exchange failed within its response"};
  }
  LOUVER_TRY(answer(status, reason));
  return advance();
}

Result<std::size_t> GatewayCodec::from_origin(Bytes input) {
  if (!at_origin_) {
    if (!input.empty()) origin_reusable_ = false;  // nobody asked for anything (HT-06)
    return input.size();
  }
  if (stage_ == Stage::framing && !input.empty()) {
    LOUVER_TRY(answer(502, "the origin answered before it was asked"));
    LOUVER_TRY(advance());
    return input.size();
  }
  LOUVER_ASSIGN(const std::size_t used, responses_.feed(input));
  if (stage_ == Stage::upgrading && responses_.is_tunnel()) {
    if (exchanges_.size() > 1) return Error{Fault::record_exchange, "an exchange behind a tunnel"};
    stage_ = Stage::tunnel;
    tunnelled_ = true;
  }
  if (responses_.state() == ResponseReader::State::refused) {
    LOUVER_TRY(answer(502, responses_.refusal().reason));
    LOUVER_TRY(advance());
    return input.size();
  }
  if (responses_.state() == ResponseReader::State::done) {
    end_response(responses_.keep_alive() && used == input.size());
    LOUVER_TRY(advance());
    return input.size();
  }
  return used;
}

Result<GatewayCodec::OriginEnd> GatewayCodec::origin_closed(bool clean) {
  origin_reusable_ = false;
  if (!at_origin_) return OriginEnd::idle;
  if (stage_ == Stage::tunnel && response_done_) {  // it had ended in order: what still comes is for nobody
    at_origin_ = false;
    output_.clear();
    stage_ = Stage::discarding;
    return OriginEnd::complete;
  }
  if (may_retry()) {
    output_.clear();
    output_.append(std::exchange(resendable_, {}));
    responses_.begin(Exchange{number_}, asked());
    return OriginEnd::retry;
  }
  LOUVER_TRY(responses_.closed(clean));
  const bool complete = responses_.state() == ResponseReader::State::done;
  if (complete) {
    end_response(false);
  } else {
    LOUVER_TRY(answer(502, responses_.refusal().reason));
  }
  LOUVER_TRY(advance());
  return complete ? OriginEnd::complete : OriginEnd::answered;
}

bool GatewayCodec::may_retry() const {
  const bool all_out = stage_ == Stage::sent || stage_ == Stage::upgrading;
  return all_out && !resendable_.empty() && responses_.untouched();
}

bool GatewayCodec::wants_parts() const {
  if (output().size() >= limits_.output_bytes) return false;
  const bool request_complete = !exchanges_.empty() && current().complete(lifted().size(), plan_.trailers.has_value());
  return !request_complete || budget_.held() < limits_.held_bytes / 2;
}

}  // namespace louver::profile::http1

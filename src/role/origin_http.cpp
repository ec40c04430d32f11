#include "role/origin_http.h"

#include "role/contexts.h"
#include "role/field_contexts.h"
#include "role/origin_door.h"
#include "role/party_names.h"

namespace louver::role {

using profile::http1::GatewayCodec;
using profile::http1::GatewayDecision;

namespace {

profile::http1::SessionPlan plan_of(const OriginHttpSetting& setting, const session::Terms& terms,
                                    RandomSource& random) {
  profile::http1::SessionPlan out = setting.plan;
  out.fields = fields_in(terms, setting.plan.fields);
  out.trailers = trailer_ids(terms);  // which has none that the gateway did not agree to
  out.random = &random;
  return out;
}

profile::http1::Fields party_fields(const OriginHttpSetting& setting, const session::AssociationRecord& record) {
  if (!setting.config.policy.tell_parties) return {};
  const PartyNames names = party_names(record);
  profile::http1::Fields fields{{"louver-client", names.client}};
  if (!names.middleboxes.empty()) fields.push_back({"louver-middleboxes", names.middleboxes});
  return fields;
}

}  // namespace

void OriginHttp::start(Household& household, Station& station, std::shared_ptr<const OriginHttpSetting> setting,
                       std::shared_ptr<SessionLink> session, std::shared_ptr<void> counted) {
  std::shared_ptr<OriginHttp> made{new OriginHttp{household, station, std::move(setting), std::move(session)}};
  made->counted_ = std::move(counted);
  household.move_in(made);
  made->session_->start(*made);
}

OriginHttp::OriginHttp(Household& household, Station& station, std::shared_ptr<const OriginHttpSetting> setting,
                       std::shared_ptr<SessionLink> session)
    : household_(household),
      station_(station),
      setting_(std::move(setting)),
      session_(std::move(session)),
      party_fields_(party_fields(*setting_, session_->record())),
      inward_(*this),
      codec_({.plan = plan_of(*setting_, session_->record().terms(), station.random), .limits = setting_->limits},
             http1_ids(session_->record().terms()), *this, inward_) {}

GatewayDecision OriginHttp::on_request(const profile::http1::RequestTarget& request) {
  const std::uint16_t port = request.port == 0 ? std::uint16_t{80} : request.port;
  std::string_view host = request.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const config::Origin* origin = setting_->config.http_origin(host, port);
  if (origin == nullptr) return GatewayDecision::refuse(421, "No origin is configured for this host.");
  GatewayDecision decision = GatewayDecision::accept();
  decision.extra_fields = party_fields_;
  // whatever waits in the socket belongs to no request that is still to come (HT-06)
  decision.reused_connection =
      origin == origin_ && link_ != nullptr && link_->link().is_quiet() && codec_.origin_reusable();
  if (!decision.reused_connection) {
    drop_origin();
    connect(*origin);
  }
  return decision;
}

void OriginHttp::connect(const config::Origin& origin) {
  origin_ = &origin;
  Buffer greeting = proxy_header_for(origin, *session_, setting_->config.policy.tell_parties);
  connector_ = std::make_unique<OriginConnector>(
      household_.loop(), station_, origin, OriginWay{setting_->tls.of(setting_->config, origin), std::move(greeting)},
      *this, [this](Result<SidedLinkPtr> link) { on_connected(std::move(link)); });
}

void OriginHttp::on_connected(Result<SidedLinkPtr> link) {
  if (over_) return;
  connector_.reset();
  if (!link) {
    check(codec_.fail_exchange(502, "The origin cannot be reached."));
    move_on();
    return;
  }
  link_ = *std::move(link);
  link_->link().resume_reading();
  move_on();
}

void OriginHttp::on_origin_done(bool reusable) {
  if (!reusable) drop_origin_ = true;  // not here: we may be within the link's own callback
}

void OriginHttp::drop_origin() {
  drop_origin_ = false;
  told_end_ = false;
  connector_.reset();
  if (link_ != nullptr) {
    if (link_->link().is_open()) link_->link().close_when_written(last_words);
    old_links_.push_back(std::move(link_));
    household_.loop().post([weak = weak_from_this(), this] {
      if (weak.lock()) old_links_.clear();
    });
  }
  origin_ = nullptr;
}

std::size_t OriginHttp::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  if (over_) return input.size();
  const auto used = codec_.from_origin(input);
  if (!used) {
    check(used.error());
    return input.size();
  }
  move_on();
  if (!over_ && session_->above_high_water() && link_ != nullptr) link_->link().pause_reading();
  return *used;
}

void OriginHttp::on_end(Side) {
  if (over_) return;
  if (!codec_.tunnelling()) return origin_gone(nullptr);
  const auto end = codec_.origin_closed(true);  // what it takes goes on
  if (!end) return check(end.error());
  move_on();
}

/// @param broken  null: it ended in order
void OriginHttp::origin_gone(const Error* broken) {
  if (over_) return;
  const config::Origin* origin = origin_;
  const bool asked = codec_.open_exchanges() != 0;  // a kept connection may go as it likes
  drop_origin();
  const auto end = codec_.origin_closed(broken == nullptr);
  const bool again = end && *end == GatewayCodec::OriginEnd::retry && origin != nullptr;
  if (broken != nullptr && asked && !again && origin != nullptr)
    log_origin_failure(station_, config::to_text(origin->connect), *broken);
  if (!end) {
    check(end.error());
    return;
  }
  if (again) connect(*origin);
  move_on();
}

/// Writes first: what is left to be written when a tunnel is over is for the connection that is to be dropped.
void OriginHttp::serve_origin() {
  if (link_ != nullptr && link_->link().is_open()) {
    if (!codec_.output().empty()) {
      const std::size_t size = codec_.output().size();
      link_->link().write(to_buffer(codec_.output()));
      codec_.output_taken(size);
    }
    if (codec_.output_ended() && !std::exchange(told_end_, true)) link_->link().shutdown_send();
  }
  if (drop_origin_) drop_origin();
}

/// Carries what the codec has made to where it belongs, as far as there is room.
void OriginHttp::move_on() {
  if (over_) return;
  serve_origin();
  session_->flush();
  if (over_) return;
  if (path_ended_ && codec_.open_exchanges() == 0) {
    session_->finish();
    leave();
    return;
  }
  if (after_parts()) session_->resume_parts();
}

bool OriginHttp::after_parts() {
  if (over_) return true;
  serve_origin();
  session_->flush();
  if (over_) return true;
  return codec_.wants_parts() && (link_ == nullptr || !link_->link().above_high_water());
}

void OriginHttp::on_drained(Side) { move_on(); }

void OriginHttp::on_session_writable() {
  if (link_ != nullptr && link_->link().is_open()) link_->link().resume_reading();
}

void OriginHttp::on_path_end(bool whole) {
  if (over_) return;
  path_ended_ = true;
  const auto fine = codec_.on_session_end(whole);
  if (!fine) {
    check(fine);
  } else {
    move_on();
  }
}

void OriginHttp::check(const Result<>& result) {
  if (result || over_) return;
  over_ = true;
  session_->fail(result.error());
  leave();
}

void OriginHttp::on_session_lost(const Error&) { lose(); }

/// The request may be cut off: the origin sees a broken connection, never a message that looks whole.
void OriginHttp::lose() {
  if (link_ != nullptr && link_->link().is_open()) link_->link().abort();
  leave();
}

void OriginHttp::leave() {
  over_ = true;
  connector_.reset();
  if (link_ != nullptr && link_->link().is_open()) link_->link().close_when_written(last_words);
  session_->detach();
  household_.move_out(*this);
}

}  // namespace louver::role

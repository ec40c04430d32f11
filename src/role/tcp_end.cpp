#include "role/tcp_end.h"

#include "role/contexts.h"

namespace louver::role {

TcpEnd::TcpEnd(Household& household, Station& station, Side end)
    : household_(household), station_(station), end_(end), inward_(*this) {}

std::shared_ptr<TcpEnd> TcpEnd::for_application(Household& household, Station& station, runtime::Socket socket) {
  std::shared_ptr<TcpEnd> made{new TcpEnd{household, station, Side::client}};
  made->link_ =
      std::make_unique<SidedLink>(household.loop(), std::move(socket), *made, Side::client, station.link_options);
  household.move_in(made);
  return made;
}

std::shared_ptr<TcpEnd> TcpEnd::for_application(Household& household, Station& station, SidedLinkPtr link) {
  std::shared_ptr<TcpEnd> made{new TcpEnd{household, station, Side::client}};
  link->change_owner(*made, Side::client);
  made->link_ = std::move(link);
  household.move_in(made);
  return made;
}

void TcpEnd::attach(std::shared_ptr<SessionLink> session, std::shared_ptr<void> counted) {
  session_ = std::move(session);
  counted_ = std::move(counted);
  open_codec();
  link_->link().resume_reading();
}

void TcpEnd::open_codec() {
  codec_ = std::make_unique<profile::stream1::Codec>(end_, stream1_ids(session_->record().terms()), inward_);
}

void TcpEnd::refuse(const Error& error) {
  station_.log.write(observe::Level::warn, observe::Event::connection_refused, {{"fault", describe(error)}});
  lose();
}

void TcpEnd::for_origin(Household& household, Station& station, const config::Origin& origin, OriginWay way,
                        std::shared_ptr<SessionLink> session, std::shared_ptr<void> counted) {
  std::shared_ptr<TcpEnd> made{new TcpEnd{household, station, Side::server}};
  made->session_ = std::move(session);
  made->counted_ = std::move(counted);
  made->open_codec();
  household.move_in(made);
  made->connector_ = std::make_unique<OriginConnector>(
      household.loop(), station, origin, std::move(way), *made,
      [self = made.get()](Result<SidedLinkPtr> link) { self->on_connected(std::move(link)); });
}

void TcpEnd::on_connected(Result<SidedLinkPtr> link) {
  if (over_) return;
  connector_.reset();
  if (!link) {
    session_->fail(Error{Fault::next_hop_refused, "the origin cannot be reached"});
    leave();
    return;
  }
  link_ = *std::move(link);
  link_->link().resume_reading();
  session_->start(*this);  // only now: until here the session's bytes wait in its connection
}

Result<> TcpEnd::on_part(const session::Part& part) {
  LOUVER_ASSIGN(const Bytes bytes, codec_->from_path(part));
  if (!bytes.empty()) link_->link().write(to_buffer(bytes));
  return {};
}

bool TcpEnd::after_parts() { return over_ || !link_->link().above_high_water(); }

void TcpEnd::on_path_end(bool whole) {
  if (over_) return;
  if (!codec_->on_session_end(whole)) {
    lose();
    return;
  }
  path_ended_ = true;
  link_->link().shutdown_send();
  leave_if_done();
}

std::size_t TcpEnd::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  if (over_) return input.size();
  const auto sent = codec_->from_application(input);
  if (!sent) {
    session_->fail(sent.error());
    return input.size();
  }
  session_->flush();
  if (!over_ && session_->above_high_water()) link_->link().pause_reading();
  return input.size();
}

void TcpEnd::on_end(Side) {
  if (over_) return;
  connection_ended_ = true;
  const auto sent = codec_->application_closed();
  if (!sent) {
    session_->fail(sent.error());
    return;
  }
  session_->finish();
  leave_if_done();
}

void TcpEnd::on_broken(Side, const Error& error) {
  if (over_) return;
  const std::string whose = end_ == Side::client ? "the application's" : "the origin's";
  if (session_ != nullptr) session_->fail(Error{Fault::truncated, whose + " connection broke: " + error.detail});
  leave();
}

void TcpEnd::on_drained(Side) {
  if (!over_ && session_ != nullptr) session_->resume_parts();
}

void TcpEnd::on_session_writable() {
  if (!over_ && link_ != nullptr && link_->link().is_open() && !connection_ended_) link_->link().resume_reading();
}

void TcpEnd::leave_if_done() {
  if (connection_ended_ && path_ended_) leave();
}

void TcpEnd::lose() {
  if (link_ != nullptr && link_->link().is_open()) link_->link().abort();
  leave();
}

void TcpEnd::leave() {
  if (over_) return;
  over_ = true;
  connector_.reset();
  if (link_ != nullptr && link_->link().is_open()) link_->link().close_when_written();
  if (session_ != nullptr) session_->detach();
  household_.move_out(*this);
}

}  // namespace louver::role

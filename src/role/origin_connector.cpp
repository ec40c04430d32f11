#include "role/origin_connector.h"

#include "role/origin_door.h"

namespace louver::role {

OriginConnector::OriginConnector(runtime::Loop& loop, Station& station, const config::Origin& origin, OriginWay way,
                                 LinkOwner& owner, Callback callback)
    : loop_(loop),
      station_(station),
      origin_(config::to_text(origin.connect)),
      way_(std::move(way)),
      owner_(owner),
      callback_(std::move(callback)),
      deadline_(runtime::now() + station.limits.connect_deadline) {
  auto where = endpoint_of(origin);
  if (!where) return;  // the configuration has checked it
  connector_ = std::make_unique<runtime::Connector>(
      loop_, station_.resolver, *where, runtime::ConnectOptions{.allow_private = true}, deadline_,
      [this](Result<runtime::Socket> socket) { on_connected(std::move(socket)); });
}

void OriginConnector::on_connected(Result<runtime::Socket> socket) {
  if (!socket) return fail(socket.error());
  if (way_.tls == nullptr) return on_wrapped(runtime::WrappedSocket{*std::move(socket), nullptr});
  handshake_ = std::make_unique<runtime::TlsHandshake>(
      loop_, *std::move(socket), std::make_unique<tls::WebStream>(way_.tls, runtime::wall_now()),
      std::move(way_.greeting), deadline_,
      [this](Result<runtime::WrappedSocket> wrapped) { on_wrapped(std::move(wrapped)); });
}

void OriginConnector::on_wrapped(Result<runtime::WrappedSocket> wrapped) {
  if (!wrapped) return fail({wrapped.error().fault, "TLS: " + wrapped.error().detail});
  auto link =
      std::make_unique<SidedLink>(loop_, std::move(wrapped->socket), owner_, Side::server, station_.link_options);
  if (wrapped->tls != nullptr) {
    link->link().wrap(std::move(wrapped->tls));
  } else if (!way_.greeting.empty()) {
    link->link().write(std::move(way_.greeting));
  }
  const Callback callback = std::move(callback_);
  callback(std::move(link));
}

void OriginConnector::fail(const Error& error) {
  log_origin_failure(station_, origin_, error);
  const Callback callback = std::move(callback_);
  callback(error);
}

void log_origin_failure(Station& station, const std::string& origin, const Error& error) {
  station.log.write(observe::Level::warn, observe::Event::origin_fail, {{"origin", origin}, {"fault", error.detail}});
}

}  // namespace louver::role

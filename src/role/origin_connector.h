#pragma once

#include "role/origin_tls.h"
#include "role/sided_link.h"
#include "role/station.h"
#include "runtime/connector.h"
#include "runtime/tls_handshake.h"

namespace louver::role {

/// How a connection with an origin begins.
struct OriginWay {
  std::shared_ptr<const tls::WebContext> tls;  // null: plain
  Buffer greeting;                             // goes out before anything else, in front of TLS too
};

/// One try to reach an origin as its table says: a connection, and TLS over it. All of it within the connect deadline.
///
/// Lives on the loop's thread; destroying it cancels.
class OriginConnector {
 public:
  /// The link is paused.
  using Callback = std::function<void(Result<SidedLinkPtr>)>;

  /// Calls `callback` once, later, not after the connector is gone; it may destroy the connector. What went wrong is
  /// logged here: origin and reason.
  ///
  /// @param owner  of the link
  OriginConnector(runtime::Loop& loop, Station& station, const config::Origin& origin, OriginWay way, LinkOwner& owner,
                  Callback callback);
  OriginConnector(const OriginConnector&) = delete;
  OriginConnector& operator=(const OriginConnector&) = delete;

 private:
  void on_connected(Result<runtime::Socket> socket);
  void on_wrapped(Result<runtime::WrappedSocket> wrapped);
  void fail(const Error& error);

  runtime::Loop& loop_;
  Station& station_;
  std::string origin_;  // for the log
  OriginWay way_;
  LinkOwner& owner_;
  Callback callback_;
  TimePoint deadline_;
  std::unique_ptr<runtime::Connector> connector_;
  std::unique_ptr<runtime::TlsHandshake> handshake_;
};

/// For the log: that the origin failed, and why. Nothing of what was said with it.
void log_origin_failure(Station& station, const std::string& origin, const Error& error);

}  // namespace louver::role

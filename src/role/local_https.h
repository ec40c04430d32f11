#pragma once

#include <memory>

#include "config/config.h"
#include "observe/log.h"
#include "role/household.h"
#include "role/station.h"
#include "runtime/tls_handshake.h"
#include "tls/local_authority.h"

namespace louver::role {

/// Looks at the authority of an agent's https listeners, if it is there. Makes nothing.
/// @fault configuration: it does not do, with the place and the remedy
Result<> check_local_authority(const config::Agent& config);

/// The same; where neither certificate nor key is there, both are made, the key for the agent's own user only. Null
/// where no listener has tls.
/// @fault configuration
Result<std::shared_ptr<const tls::LocalAuthority>> open_local_authority(const config::Agent& config, observe::Log& log);

/// What an https listener shows to applications.
/// @fault internal_error
Result<std::shared_ptr<const tls::WebContext>> https_context(const config::HttpListener& listener,
                                                             std::shared_ptr<const tls::LocalAuthority> authority);

/// An application's connection to an https listener until TLS is agreed on, within the handshake deadline.
class HttpsEntry final : public Resident {
 public:
  using Then = std::function<void(runtime::WrappedSocket)>;
  static void open(Household& household, Station& station, std::shared_ptr<const tls::WebContext> tls,
                   runtime::Socket socket, Then then);

  void drain() override { leave(); }
  void abort() override { leave(); }
  bool busy() const override { return false; }

 private:
  HttpsEntry(Household& household, Station& station, Then then)
      : household_(household), station_(station), then_(std::move(then)) {}
  void on_wrapped(Result<runtime::WrappedSocket> wrapped);
  void leave();

  Household& household_;
  Station& station_;
  Then then_;
  std::unique_ptr<runtime::TlsHandshake> handshake_;
};

}  // namespace louver::role

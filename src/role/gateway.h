#pragma once

#include "role/association_link.h"
#include "role/credentials.h"
#include "role/doorway.h"
#include "role/join_entry.h"
#include "role/origin_http.h"
#include "role/process.h"
#include "session/server_association.h"

namespace louver::role {

/// The server side: ends associations and sessions, and hands their traffic to origins.
class Gateway final : public Guests, public session::ServerPolicy {
 public:
  /// @fault configuration: a file or address that does not do
  static Result<std::unique_ptr<Gateway>> make(config::Gateway config, observe::Log& log);
  /// Listens. @fault configuration: the address cannot be had
  Result<> open();
  int run() { return process_.run(); }
  std::uint16_t port() const { return port_; }

 private:
  Gateway(config::Gateway config, Credentials credentials, observe::Log& log);
  Result<> set_up();

  void on_association(Household& household, SidedLinkPtr link) override;
  void on_session(Household& household, SidedLinkPtr link) override;
  Result<> admit(Household& household, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord> record,
                 MutableBytes frame);
  void on_open(const std::shared_ptr<AssociationLink>& association);

  Result<wire::Accept> answer(const wire::Hello& hello, const session::Terms& offered) override;
  Result<> approve(const session::Terms& terms, const std::vector<session::PartyReport>& parties) override;

  config::Gateway config_;
  Credentials credentials_;
  Process process_;
  Station& station_;
  session::EndpointChannels channels_;
  OriginHttpSetting http_;
  std::uint16_t port_ = 0;
};

}  // namespace louver::role

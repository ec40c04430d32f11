#pragma once

#include "role/association_link.h"
#include "role/current.h"
#include "role/doorway.h"
#include "role/gateway_rules.h"
#include "role/join_entry.h"
#include "role/process.h"

namespace louver::role {

/// The server side: ends associations and sessions, and hands their traffic to origins.
class Gateway final : public Guests, public Manageable {
 public:
  /// @fault configuration: a file or address that does not do
  static Result<std::unique_ptr<Gateway>> make(config::Gateway config, observe::Log& log);
  /// Listens. @fault configuration: the address cannot be had
  Result<> open();
  int run() { return process_.run(); }
  std::uint16_t port() const { return port_; }

 private:
  Gateway(std::shared_ptr<GatewayRules> rules, observe::Log& log);
  static Result<Credentials> load_credentials(const config::Gateway& config);

  Result<Apply> prepare(const Change& change) const override;
  void renew() override;
  void add_status(nlohmann::ordered_json& status) const override;

  void on_association(Household& household, SidedLinkPtr link, const Unproved& unproved) override;
  void on_session(Household& household, SidedLinkPtr link, Unproved unproved) override;
  Result<> admit(Household& household, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord> record,
                 MutableBytes frame);
  void on_open(const std::shared_ptr<AssociationLink>& association);

  Current<GatewayRules> rules_;
  Process process_;
  Station& station_;
  std::uint16_t port_ = 0;
};

}  // namespace louver::role

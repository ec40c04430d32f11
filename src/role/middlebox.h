#pragma once

#include "role/current.h"
#include "role/doorway.h"
#include "role/join_entry.h"
#include "role/middlebox_association_link.h"
#include "role/middlebox_rules.h"
#include "role/process.h"

namespace louver::role {

/// Other parts in the place of a middlebox's own: for those who show or test what a misbehaving one can do. Empty: its
/// own.
struct MiddleboxHooks {
  using MakeRelay = std::function<Result<std::unique_ptr<session::RelaySession>>(
      const session::KeySource&, const session::ProfileTraits&, Duration idle)>;
  MakeRelay make_relay = {};
  /// Where a session's JOIN goes on to, instead of the configured `next`.
  std::function<runtime::Endpoint(Bytes join, const runtime::Endpoint& next)> next_of_session = {};
};

/// A middlebox: takes part in the associations whose Hello names it at a place from which it may go on, with a chain of
/// filters.
class Middlebox final : public Guests, public Manageable {
 public:
  /// @fault configuration: a file, filter or address that does not do
  static Result<std::unique_ptr<Middlebox>> make(config::Middlebox config, observe::Log& log,
                                                 MiddleboxHooks hooks = {});
  /// Listens. @fault configuration: the address cannot be had
  Result<> open();
  int run() { return process_.run(); }
  std::uint16_t port() const { return port_; }

 private:
  Middlebox(std::shared_ptr<MiddleboxRules> rules, observe::Log& log, MiddleboxHooks hooks);
  static Result<Credentials> load_credentials(const config::Middlebox& config);

  Result<Apply> prepare(const Change& change) const override;
  void renew() override;
  void add_status(nlohmann::ordered_json& status) const override;

  void on_association(Household& household, SidedLinkPtr link, const Unproved& unproved) override;
  void on_session(Household& household, SidedLinkPtr link, Unproved unproved) override;
  Result<> admit(Household& household, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord> record,
                 MutableBytes frame);

  Current<MiddleboxRules> rules_;
  MiddleboxHooks hooks_;
  Process process_;
  Station& station_;
  std::uint16_t port_ = 0;
};

}  // namespace louver::role

#pragma once

#include "filter/filter.h"
#include "role/credentials.h"
#include "role/doorway.h"
#include "role/join_entry.h"
#include "role/middlebox_association_link.h"
#include "role/process.h"
#include "role/session_filters.h"
#include "session/relay_session.h"

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
class Middlebox final : public Guests, public session::MiddleboxPolicy {
 public:
  /// @fault configuration: a file, filter or address that does not do
  static Result<std::unique_ptr<Middlebox>> make(config::Middlebox config, observe::Log& log,
                                                 MiddleboxHooks hooks = {});
  /// Listens. @fault configuration: the address cannot be had
  Result<> open();
  int run() { return process_.run(); }
  std::uint16_t port() const { return port_; }

 private:
  Middlebox(config::Middlebox config, Credentials credentials, observe::Log& log, MiddleboxHooks hooks);
  Result<> set_up();
  Result<> make_filters();

  void on_association(Household& household, SidedLinkPtr link) override;
  void on_session(Household& household, SidedLinkPtr link) override;
  Result<> admit(Household& household, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord> record,
                 MutableBytes frame);
  Result<std::unique_ptr<SessionFilters>> filters_for(const session::AssociationRecord& record, SessionNumber number);

  Result<PartyIndex> place(const wire::Hello& hello) override;
  std::optional<wire::Announce> announce(const wire::Hello& hello) override;
  Result<> approve(const session::Terms& terms, PartyIndex self) override;
  Result<std::pair<runtime::Endpoint, runtime::ConnectOptions>> find_next(std::string_view name,
                                                                          std::uint16_t port) const;
  wire::Describe describe_self() const;

  config::Middlebox config_;
  Credentials credentials_;
  MiddleboxHooks hooks_;
  Process process_;
  Station& station_;
  observe::Log& log_;
  std::shared_ptr<const tls::ChannelContext> client_side_, server_side_;
  filter::Factories factories_;
  std::uint16_t port_ = 0;
};

/// What this program says of itself where nothing else is configured: "louver/0.1.0".
std::string_view software_name();

}  // namespace louver::role

#pragma once

#include <set>

#include "filter/filter.h"
#include "observe/log.h"
#include "role/credentials.h"
#include "role/secret_rules.h"
#include "role/session_filters.h"
#include "runtime/connector.h"
#include "session/middlebox_association.h"
#include "session/part.h"
#include "session/relay_session.h"

namespace louver::filter::mirror {
class Tap;
}

namespace louver::role {

/// What a middlebox goes by: configuration, filters, certificate and trust, as one edition that is replaced as a whole.
/// Immutable, but for what listens for it.
class MiddleboxRules final : public session::MiddleboxPolicy {
 public:
  /// @param log  for what filters write; outlives the rules
  /// @fault configuration: a file or filter that does not do
  static Result<std::shared_ptr<MiddleboxRules>> make(config::Middlebox config, Credentials credentials,
                                                      std::set<std::string> withdrawn, std::uint64_t edition,
                                                      observe::Log& log);
  /// The same without certificates, to ask where it would stand and what it would approve: for `louver policy`. Its
  /// filters are made, and must act in no session.
  /// @fault configuration: a filter that does not do
  static Result<std::shared_ptr<MiddleboxRules>> on_paper(config::Middlebox config, observe::Log& log);

  /// Listens wherever a filter of theirs lets tools connect: before they are put in force.
  /// @fault configuration: such a place cannot be had
  Result<> open();
  /// They are in force from now on, and no longer: what listens for them follows. On loop 0.
  void enter();
  void leave();

  const config::Middlebox& config() const { return config_; }
  /// One for each [[filter]], in their order.
  const filter::Factories& factories() const { return factories_; }
  const Credentials& credentials() const { return credentials_; }
  std::uint64_t edition() const { return edition_; }
  session::MiddleboxAssociation::Options engine_options() const;

  Result<PartyIndex> place(const wire::Hello& hello) override;
  std::optional<wire::Announce> announce(const wire::Hello& hello) override;
  Result<> approve(const session::Terms& terms, PartyIndex self) override;
  /// Whether an association that was agreed on under other rules could be agreed on as it is under these.
  /// @fault revoked, with the reason
  Result<> allows(const session::AssociationRecord& record) const;

  Result<std::pair<runtime::Endpoint, runtime::ConnectOptions>> find_next(std::string_view name,
                                                                          std::uint16_t port) const;
  Result<std::unique_ptr<SessionFilters>> filters_for(const session::AssociationRecord& record, SessionNumber number,
                                                      std::shared_ptr<filter::Recall> recall) const;

 private:
  MiddleboxRules(config::Middlebox config, Credentials credentials, std::set<std::string> withdrawn,
                 std::uint64_t edition, observe::Log& log);
  Result<> make_filters(Outside outside);
  Result<std::shared_ptr<const filter::FilterFactory>> make_mirror(const config::MirrorFilter& options,
                                                                   const config::Filter& filter, Outside outside);
  Result<> check_server(const std::string& server) const;
  Result<> check_terms(const session::Terms& terms, PartyIndex self) const;
  wire::Describe describe_self() const;

  config::Middlebox config_;
  Credentials credentials_;
  std::set<std::string> withdrawn_;
  std::uint64_t edition_;
  observe::Log& log_;
  std::shared_ptr<const tls::ChannelContext> client_side_, server_side_;
  filter::Factories factories_;
  std::vector<std::pair<std::string, std::shared_ptr<filter::mirror::Tap>>> taps_;  // with the place of the [[filter]]
};

/// What this program says of itself where nothing else is configured: "louver/0.1.0".
std::string_view software_name();

}  // namespace louver::role

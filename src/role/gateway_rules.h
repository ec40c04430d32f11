#pragma once

#include <set>

#include "config/policy.h"
#include "role/credentials.h"
#include "role/origin_http.h"
#include "session/server_association.h"

namespace louver::role {

/// What a gateway goes by: configuration, certificate and trust, as one edition that is replaced as a whole. Immutable.
class GatewayRules final : public session::ServerPolicy {
 public:
  /// @fault configuration: a file that does not do
  static Result<std::shared_ptr<GatewayRules>> make(config::Gateway config, Credentials credentials, OriginTls tls,
                                                    std::set<std::string> withdrawn, std::uint64_t edition);
  /// The same without certificates, to ask what it would answer: for `louver policy`. It has no channels().
  /// @fault configuration
  static Result<std::shared_ptr<GatewayRules>> on_paper(config::Gateway config);

  const config::Gateway& config() const { return config_; }
  const Credentials& credentials() const { return credentials_; }
  const session::EndpointChannels& channels() const { return channels_; }
  const OriginTls& tls() const { return tls_; }
  const OriginHttpSetting& http() const { return http_; }
  std::uint64_t edition() const { return edition_; }

  Result<wire::Accept> answer(const wire::Hello& hello, const session::Terms& offered) override;
  Result<> approve(const session::Terms& terms, const std::vector<session::PartyReport>& parties) override;
  /// Whether an association that was agreed on under other rules could be agreed on as it is under these.
  /// @fault revoked, with the reason
  Result<> allows(const session::AssociationRecord& record) const;

 private:
  GatewayRules(config::Gateway config, Credentials credentials, OriginTls tls, std::set<std::string> withdrawn,
               std::uint64_t edition);
  static Result<std::shared_ptr<GatewayRules>> draft(config::Gateway config, Credentials credentials, OriginTls tls,
                                                     std::set<std::string> withdrawn, std::uint64_t edition);
  Result<config::GrantMatrix> decide(const session::Terms& offered) const;
  Result<> check_client(const session::PartyReport& client) const;
  Result<std::optional<std::vector<std::uint8_t>>> audited(const session::Terms& offered) const;

  config::Gateway config_;
  Credentials credentials_;
  OriginTls tls_;
  std::set<std::string> withdrawn_;
  std::uint64_t edition_;
  session::EndpointChannels channels_;
  OriginHttpSetting http_;
};

}  // namespace louver::role

#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "session/endpoint_association.h"
#include "session/middlebox_association.h"
#include "tls/pki.h"

namespace louver::sim {

/// A throw-away PKI for tests: one authority, identities made once for each name and role.
class TestPki {
 public:
  static TestPki& shared() {
    static TestPki pki;
    return pki;
  }

  std::shared_ptr<const tls::Identity> identity(const std::string& name, tls::Role role,
                                                std::chrono::seconds lifetime = std::chrono::hours{24}) {
    auto& slot = identities_[{name, role, lifetime.count()}];
    if (!slot) slot = issue(name, role, lifetime, born_);
    return slot;
  }
  /// A second certificate for the same party.
  std::shared_ptr<const tls::Identity> make(const std::string& name, tls::Role role,
                                            std::chrono::seconds lifetime = std::chrono::hours{24}) {
    return issue(name, role, lifetime, std::chrono::system_clock::now());
  }
  std::shared_ptr<const tls::Trust> trust() const { return trust_; }
  const tls::pki::Authority& authority() const { return authority_; }

  session::EndpointChannels client(std::shared_ptr<const tls::Identity> identity) const {
    return {context(false, tls::ChannelKind::end_to_end, identity),
            context(false, tls::ChannelKind::client_side, nullptr)};
  }
  session::EndpointChannels server(std::shared_ptr<const tls::Identity> identity, bool require_client = false) const {
    return {context(true, tls::ChannelKind::end_to_end, identity, require_client),
            context(true, tls::ChannelKind::server_side, identity)};
  }
  session::MiddleboxAssociation::Options middlebox(std::shared_ptr<const tls::Identity> identity) const {
    session::MiddleboxAssociation::Options options;
    options.client_side = context(true, tls::ChannelKind::client_side, identity);
    options.server_side = context(false, tls::ChannelKind::server_side, identity);
    options.describe.operator_name = wire::Opaque<0, 255>{std::string_view{"Example Ltd"}};
    options.describe.purpose = wire::Opaque<0, 1023>{std::string_view{"testing"}};
    return options;
  }
  std::shared_ptr<const tls::ChannelContext> context(bool tls_server, tls::ChannelKind kind,
                                                     std::shared_ptr<const tls::Identity> identity,
                                                     bool require_client = false) const {
    tls::ChannelContext::Options options;
    options.require_client_certificate = require_client;
    auto made = tls_server ? tls::ChannelContext::for_tls_server(kind, std::move(identity), trust_, options)
                           : tls::ChannelContext::for_tls_client(kind, std::move(identity), trust_, options);
    if (!made) throw std::runtime_error(describe(made.error()));
    return *made;
  }

 private:
  TestPki() {
    auto made = tls::pki::create_authority({"Test authority", std::chrono::hours{48}}, born_);
    if (!made) throw std::runtime_error(describe(made.error()));
    authority_ = *std::move(made);
    trust_ = *tls::Trust::from_pem(authority_.certificate_pem);
  }

  std::shared_ptr<const tls::Identity> issue(const std::string& name, tls::Role role, std::chrono::seconds lifetime,
                                             WallTime at) const {
    const auto issued = tls::pki::issue(authority_, {role, {name}, lifetime}, at);
    if (!issued) throw std::runtime_error(describe(issued.error()));
    return *tls::Identity::from_pem(issued->chain_pem, issued->key_pem);
  }

  // Of all identities, so that those of one path end together whenever each was first asked for.
  const WallTime born_ = std::chrono::system_clock::now();
  tls::pki::Authority authority_;
  std::shared_ptr<const tls::Trust> trust_;
  std::map<std::tuple<std::string, tls::Role, std::int64_t>, std::shared_ptr<const tls::Identity>> identities_;
};

}  // namespace louver::sim

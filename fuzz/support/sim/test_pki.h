#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include "session/endpoint_association.h"
#include "session/middlebox_association.h"

/// Takes the place of tests/sim/test_pki.h where cryptography is null: there, a certificate is a line of text
/// (tls/channel_null.cpp).
namespace louver::sim {

class TestPki {
 public:
  static TestPki& shared() {
    static TestPki pki;
    return pki;
  }

  std::shared_ptr<const tls::Identity> identity(const std::string& name, tls::Role role) {
    auto& slot = identities_[{name, role}];
    if (!slot) slot = value_of(tls::Identity::from_pem(std::string{tls::name_of(role)} + " " + name, ""));
    return slot;
  }

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

 private:
  TestPki() : trust_(value_of(tls::Trust::from_pem("", {}))) {}

  std::shared_ptr<const tls::ChannelContext> context(bool tls_server, tls::ChannelKind kind,
                                                     std::shared_ptr<const tls::Identity> identity,
                                                     bool require_client = false) const {
    tls::ChannelContext::Options options;
    options.require_client_certificate = require_client;
    return value_of(tls_server ? tls::ChannelContext::for_tls_server(kind, std::move(identity), trust_, options)
                               : tls::ChannelContext::for_tls_client(kind, std::move(identity), trust_, options));
  }
  template <class T>
  static T value_of(Result<T> result) {
    if (!result) std::abort();
    return *std::move(result);
  }

  std::shared_ptr<const tls::Trust> trust_;
  std::map<std::pair<std::string, tls::Role>, std::shared_ptr<const tls::Identity>> identities_;
};

}  // namespace louver::sim

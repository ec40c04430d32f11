#pragma once

#include <gtest/gtest.h>

#include <ostream>

#include "tls/bad_certificates.h"
#include "tls/raw_peer.h"
#include "tls/role.h"

namespace louver::tls {

/// How the parameters of the tests are shown in their names.
inline void PrintTo(ChannelKind kind, std::ostream* out) {
  constexpr const char* names[] = {"end_to_end", "client_side", "server_side"};
  *out << names[static_cast<std::size_t>(kind)];
}

}  // namespace louver::tls

/// Two of our own channels with each other, and what their tests share.
namespace louver::tls::test {

inline constexpr ChannelKind all_kinds[] = {ChannelKind::end_to_end, ChannelKind::client_side,
                                            ChannelKind::server_side};

inline Role client_role(ChannelKind kind) { return kind == ChannelKind::server_side ? Role::middlebox : Role::client; }
inline Role server_role(ChannelKind kind) { return kind == ChannelKind::client_side ? Role::middlebox : Role::server; }
inline std::string name_for(Role role) { return std::string{name_of(role)} + ".example"; }
inline std::string alpn_of(ChannelKind kind) {
  if (kind == ChannelKind::end_to_end) return "louver-x/1-e";
  return kind == ChannelKind::client_side ? "louver-x/1-c" : "louver-x/1-s";
}

template <class T>
T value_of(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << describe(result.error());
    std::abort();
  }
  return *std::move(result);
}

/// "<role>.example" below `root()`.
inline std::shared_ptr<const Identity> identity_for(Role role) {
  static const auto make_one = [](Role r) { return identity_of(make(good_leaf(r, name_for(r)), &root())); };
  static const std::shared_ptr<const Identity> identities[] = {make_one(Role::client), make_one(Role::middlebox),
                                                               make_one(Role::server)};
  return identities[static_cast<std::size_t>(role)];
}

inline Channel client_of(ChannelKind kind, std::shared_ptr<const Identity> identity,
                         ChannelContext::Options options = {}) {
  return {value_of(ChannelContext::for_tls_client(kind, std::move(identity), trust_in(root()), options)),
          name_for(server_role(kind))};
}

inline Channel server_of(ChannelKind kind, ChannelContext::Options options = {}) {
  const std::string expected = kind == ChannelKind::server_side ? name_for(Role::middlebox) : "";
  return {value_of(ChannelContext::for_tls_server(kind, identity_for(server_role(kind)), trust_in(root()), options)),
          expected};
}

struct Pair {
  explicit Pair(ChannelKind kind) : client(client_of(kind, identity_for(client_role(kind)))), server(server_of(kind)) {}
  Pair(Channel c, Channel s) : client(std::move(c)), server(std::move(s)) {}
  Channel client, server;

  testing::AssertionResult run(std::size_t piece = SIZE_MAX) {
    const auto faults = test::run(client, server, piece);
    if (!faults.client) return testing::AssertionFailure() << "client: " << describe(faults.client.error());
    if (!faults.server) return testing::AssertionFailure() << "server: " << describe(faults.server.error());
    return testing::AssertionSuccess();
  }
  void client_to_server() { ASSERT_TRUE(server.receive(client.take_output(), now)); }
  void server_to_client() { ASSERT_TRUE(client.receive(server.take_output(), now)); }
};

inline std::string text_in(const Channel& channel) { return std::string{as_text(channel.received())}; }

}  // namespace louver::tls::test

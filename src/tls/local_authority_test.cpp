#include "tls/local_authority.h"

#include <gtest/gtest.h>

#include "tls/local_leaf.h"
#include "tls/pem.h"
#include "tls/raw_peer.h"
#include "tls/web_stream.h"

/// HT-18: an agent's own authority for local https, at the hands of who would use it for more.
namespace louver::tls {
namespace {

using test::RawPeer;

const std::vector<std::string> hosts{"shop.example", "127.0.0.1"};

LocalAuthority::Files make(const std::vector<std::string>& for_hosts = hosts) {
  auto made = LocalAuthority::make(for_hosts, test::now);
  EXPECT_TRUE(made) << describe(made.error());
  return *made;
}

Result<std::shared_ptr<const LocalAuthority>> open(const LocalAuthority::Files& files,
                                                   const std::vector<std::string>& for_hosts = hosts,
                                                   WallTime when = test::now) {
  return LocalAuthority::open(files.certificate_pem, files.key_pem, for_hosts, "ca.pem", when);
}

/// What any client would make of a leaf: the library's own rules, with that authority alone trusted.
int verdict(const LocalAuthority& authority, X509* leaf, WallTime when = test::now) {
  const StoreHandle store{X509_STORE_new()};
  X509_STORE_add_cert(store.get(), authority.impl().certificate.get());
  const StoreContextHandle context{X509_STORE_CTX_new()};
  X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), std::chrono::system_clock::to_time_t(when));
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

TEST(LocalAuthority, issues_for_its_hosts_and_its_key_for_nothing_else) {
  const auto authority = *open(make());
  for (const std::string& host : hosts) {
    const auto leaf = issue_local_leaf(*authority, host, test::now);
    ASSERT_TRUE(leaf);
    EXPECT_EQ(verdict(*authority, leaf->certificate.get()), X509_V_OK) << host;
    EXPECT_EQ(verdict(*authority, leaf->certificate.get(), test::now + std::chrono::hours{25}),
              X509_V_ERR_CERT_HAS_EXPIRED);
  }
  for (const char* host : {"bank.example", "example", "xshop.example", "127.0.0.2", "::1", "10.0.0.1"}) {
    const auto leaf = issue_local_leaf(*authority, host, test::now);  // as who has taken the key would
    ASSERT_TRUE(leaf);
    EXPECT_EQ(verdict(*authority, leaf->certificate.get()), X509_V_ERR_PERMITTED_VIOLATION) << host;
  }
}

TEST(LocalAuthority, excludes_kinds_of_names_of_which_it_has_none) {
  const auto names_only = *open(make({"shop.example"}), {"shop.example"});
  for (const char* host : {"127.0.0.1", "::1", "255.255.255.255"}) {
    EXPECT_EQ(verdict(*names_only, issue_local_leaf(*names_only, host, test::now)->certificate.get()),
              X509_V_ERR_EXCLUDED_VIOLATION)
        << host;
  }
  const auto addresses_only = *open(make({"::1"}), {"::1"});
  EXPECT_EQ(verdict(*addresses_only, issue_local_leaf(*addresses_only, "::1", test::now)->certificate.get()),
            X509_V_OK);
  for (const char* host : {"shop.example", "com", "127.0.0.1"}) {
    EXPECT_EQ(verdict(*addresses_only, issue_local_leaf(*addresses_only, host, test::now)->certificate.get()),
              X509_V_ERR_PERMITTED_VIOLATION)
        << host;
  }
}

TEST(LocalAuthority, no_two_are_alike) {
  const auto one = make(), two = make();
  EXPECT_NE(one.key_pem, two.key_pem);
  EXPECT_NE(one.certificate_pem, two.certificate_pem);
  EXPECT_FALSE(LocalAuthority::open(one.certificate_pem, two.key_pem, hosts, "ca.pem", test::now));
}

TEST(LocalAuthority, is_not_opened_for_more_than_it_was_made_for) {
  const auto files = make();
  EXPECT_TRUE(open(files, {"shop.example"}));
  const auto more = open(files, {"shop.example", "bank.example"});
  ASSERT_FALSE(more);
  EXPECT_NE(more.error().detail.find("made without \"bank.example\""), std::string::npos) << more.error().detail;
  EXPECT_FALSE(open(files, hosts, test::now + std::chrono::hours{24 * 731}));
}

TEST(LocalAuthority, is_made_for_names_only) {
  for (const char* host : {"*.example", "a,permitted;DNS:com", "", "shop.example\n", "a b"})
    EXPECT_FALSE(LocalAuthority::make({host}, test::now)) << host;
}

TEST(LocalAuthority, another_authority_is_not_taken_for_one) {
  const auto stranger = test::make_authority("somebody");
  EXPECT_FALSE(LocalAuthority::open(stranger.certificate_pem(), stranger.key_pem(), hosts, "ca.pem", test::now));
}

TEST(LocalAuthority, is_no_anchor_of_louvers) {
  const auto trust = Trust::from_pem(make().certificate_pem);
  ASSERT_FALSE(trust);
  EXPECT_NE(trust.error().detail.find("vouches for no party"), std::string::npos) << trust.error().detail;
}

/// The listener's side of a handshake with a client that asks for `server_name` (null: for none).
Result<> handshake(const std::shared_ptr<const WebContext>& context, const char* server_name,
                   const std::vector<std::string>& alpn = {"http/1.1"}) {
  WebStream server{context, test::now};
  RawPeer::Options options;
  options.alpn = alpn;
  RawPeer client{options};
  if (server_name != nullptr) {
    SSL_ctrl(client.ssl(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(server_name));
  }
  Buffer to_client;
  for (int i = 0; i < 6; ++i) {
    const Buffer said = client.step(to_client);
    std::copy(said.begin(), said.end(), server.room().begin());
    server.add(said.size());
    LOUVER_TRY(server.handshake());
    to_client = server.take_output();
  }
  if (!server.established()) return Error{Fault::tls_failed, "it never ended"};
  return {};
}

TEST(LocalAuthority, a_listener_shows_certificates_for_its_hosts_only) {
  const auto context = *WebContext::for_server(*open(make()), hosts, "127.0.0.1");
  for (const char* asked : {"shop.example", "SHOP.example", static_cast<const char*>(nullptr)}) {
    const auto agreed = handshake(context, asked);
    EXPECT_TRUE(agreed) << describe(agreed.error());
  }
  for (const char* asked : {"bank.example", "x.shop.example", "shop.example."}) {
    const auto agreed = handshake(context, asked);
    ASSERT_FALSE(agreed) << asked;
    EXPECT_EQ(agreed.error().fault, Fault::certificate_name);
  }
  EXPECT_FALSE(handshake(context, "shop.example", {"h2"}));
  const auto unnamed = *WebContext::for_server(*open(make()), hosts, "192.0.2.1");
  EXPECT_FALSE(handshake(unnamed, nullptr));
}

}  // namespace
}  // namespace louver::tls

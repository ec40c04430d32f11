#include "tls/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tls/certificate_fields.h"
#include "tls/channel_pair.h"
#include "tls/pem.h"

namespace louver::tls::pki {
namespace {

using test::now;
using test::value_of;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;
using namespace std::chrono_literals;

constexpr auto year = 24h * 365;
constexpr auto month = 24h * 30;

const Authority& authority() {
  static const Authority made = value_of(create_authority({"Louver test authority", year}, now));
  return made;
}

std::string refusal(const LeafRequest& request, const Authority& by = authority()) {
  const auto issued = issue(by, request, now);
  EXPECT_FALSE(issued);
  if (issued) return "";
  EXPECT_EQ(issued.error().fault, Fault::configuration);
  return issued.error().detail;
}

std::shared_ptr<const Identity> identity(Role role, const std::string& name) {
  const Issued issued = value_of(issue(authority(), {role, {name}, month}, now));
  return value_of(Identity::from_pem(issued.chain_pem, issued.key_pem));
}

TEST(Pki, issues_what_every_channel_accepts) {
  const auto trust = value_of(Trust::from_pem(authority().certificate_pem));
  for (ChannelKind kind : test::all_kinds) {
    const auto client = identity(test::client_role(kind), "client.example");
    const auto server = identity(test::server_role(kind), "spiffe://example/louver/server");
    Channel a{value_of(ChannelContext::for_tls_client(kind, client, trust, {})), "spiffe://example/louver/server"};
    Channel b{value_of(ChannelContext::for_tls_server(kind, server, trust, {})), "client.example"};
    const auto faults = test::run(a, b);
    ASSERT_TRUE(faults.client) << describe(faults.client.error());
    ASSERT_TRUE(faults.server) << describe(faults.server.error());
    EXPECT_TRUE(b.established());
  }
}

TEST(Pki, makes_an_authority_that_can_only_sign_leaves) {
  const auto made = value_of(describe(authority().certificate_pem));
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].subject, "CN=Louver test authority");
  EXPECT_EQ(made[0].issuer, "CN=Louver test authority");
  EXPECT_EQ(made[0].role, "authority");
  EXPECT_EQ(made[0].not_before, now - 1min);
  EXPECT_EQ(made[0].not_after, now + year);
  const auto certificates = value_of(certificates_from_pem(authority().certificate_pem, "test"));
  X509* certificate = sk_X509_value(certificates.get(), 0);
  EXPECT_EQ(X509_get_pathlen(certificate), 0);
  EXPECT_EQ(X509_get_key_usage(certificate), static_cast<unsigned>(KU_KEY_CERT_SIGN));
}

TEST(Pki, describes_what_it_issued) {
  const Issued issued =
      value_of(issue(authority(), {Role::middlebox, {"m1.example", "spiffe://example/m1"}, month}, now));
  const auto described = value_of(describe(issued.chain_pem));
  ASSERT_EQ(described.size(), 1U) << "the anchor is not in the chain";
  EXPECT_EQ(described[0].subject, "CN=m1.example");
  EXPECT_EQ(described[0].issuer, "CN=Louver test authority");
  EXPECT_THAT(described[0].names, ElementsAre("m1.example", "spiffe://example/m1"));
  EXPECT_EQ(described[0].role, "middlebox");
  EXPECT_EQ(described[0].not_before, now - 1min);
  EXPECT_EQ(described[0].not_after, now + month);
  EXPECT_EQ(described[0].leaf_hash, value_of(Identity::from_pem(issued.chain_pem, issued.key_pem))->leaf_hash());
}

TEST(Pki, puts_exactly_one_usage_and_the_right_extensions_into_a_leaf) {
  for (Role role : all_roles) {
    const Issued issued = value_of(issue(authority(), {role, {"a.example"}, month}, now));
    const auto certificates = value_of(certificates_from_pem(issued.chain_pem, "test"));
    X509* leaf = sk_X509_value(certificates.get(), 0);
    EXPECT_THAT(value_of(usages_of(*leaf)).value(), ElementsAre(usage_oid(role)));
    EXPECT_EQ(X509_get_key_usage(leaf), static_cast<unsigned>(KU_DIGITAL_SIGNATURE));
    EXPECT_FALSE(is_authority(*leaf));
    for (const int nid : {NID_basic_constraints, NID_key_usage}) {
      EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(leaf, X509_get_ext_by_NID(leaf, nid, -1))), 1) << nid;
    }
    for (const int nid : {NID_subject_key_identifier, NID_authority_key_identifier, NID_subject_alt_name}) {
      EXPECT_GE(X509_get_ext_by_NID(leaf, nid, -1), 0) << nid;
    }
    EXPECT_EQ(X509_get_ext_count(leaf), 6);
  }
}

TEST(Pki, draws_serials_and_keys_anew) {
  std::set<std::string> serials, keys;
  for (int i = 0; i < 20; ++i) {
    const Issued issued = value_of(issue(authority(), {Role::client, {"a.example"}, month}, now));
    const auto serial = value_of(describe(issued.chain_pem))[0].serial;
    EXPECT_GT(serial.size(), 20U) << "128 bits";
    EXPECT_LE(serial.size(), 32U);
    serials.insert(serial);
    keys.insert(issued.key_pem);
  }
  EXPECT_EQ(serials.size(), 20U);
  EXPECT_EQ(keys.size(), 20U);
}

TEST(Pki, refuses_bad_names_and_says_which) {
  const std::pair<std::string, const char*> bad[] = {
      {"M1.example", "upper case"}, {"*.example", "wildcard"},           {"", "empty"},
      {"m1\0.example"s, "NUL"},     {std::string(300, 'a'), "longer"},   {"192.0.2.1", "IP address"},
      {"m1.example, DNS:x", "','"}, {"spiffe://d/a/../b", "'..'"},       {"spiffe://d/*", "wildcard"},
      {"spiffe://d", "no path"},    {"b\xc3\xbc.example", "octet 0xc3"}, {"spiffe://d/" + std::string(300, 'a'), "255"},
  };
  for (const auto& [name, why] : bad) {
    EXPECT_THAT(refusal({Role::server, {name}, month}), HasSubstr(why)) << name;
    EXPECT_THAT(refusal({Role::server, {"good.example", name}, month}), HasSubstr(why)) << name;
  }
  EXPECT_THAT(refusal({Role::server, {}, month}), HasSubstr("at least one name"));
  EXPECT_THAT(refusal({Role::server, {"a.example", "a.example"}, month}), HasSubstr("twice"));
  EXPECT_THAT(refusal({Role::server, std::vector<std::string>(65, "a.example"), month}), HasSubstr("64"));
}

TEST(Pki, refuses_lifetimes_that_cannot_be) {
  EXPECT_THAT(refusal({Role::server, {"a.example"}, 0s}), HasSubstr("lifetime"));
  EXPECT_THAT(refusal({Role::server, {"a.example"}, -1s}), HasSubstr("lifetime"));
  EXPECT_THAT(refusal({Role::server, {"a.example"}, std::chrono::seconds::max()}), HasSubstr("100 years"));
  EXPECT_THAT(refusal({Role::server, {"a.example"}, year + 1s}), HasSubstr("authority ends at 2027-"));
  EXPECT_TRUE(issue(authority(), {Role::server, {"a.example"}, year}, now));
  EXPECT_FALSE(create_authority({"x", 0s}, now));
}

TEST(Pki, refuses_bad_names_of_authorities) {
  for (const auto& name : {""s, std::string(65, 'a'), "a\0b"s, "a\nb"s, "\xff"s})
    EXPECT_FALSE(create_authority({name, year}, now)) << name;
  EXPECT_TRUE(create_authority({std::string(64, 'a'), year}, now));
}

TEST(Pki, refuses_what_is_no_authority) {
  const Issued leaf = value_of(issue(authority(), {Role::server, {"a.example"}, month}, now));
  EXPECT_THAT(refusal({Role::server, {"b.example"}, 1h}, {leaf.chain_pem, leaf.key_pem}),
              HasSubstr("not that of an authority"));
  EXPECT_THAT(refusal({Role::server, {"b.example"}, 1h}, {authority().certificate_pem, leaf.key_pem}),
              HasSubstr("does not belong"));
  EXPECT_THAT(refusal({Role::server, {"b.example"}, 1h}, {"", ""}), HasSubstr("BEGIN CERTIFICATE"));
}

TEST(Pki, sends_the_authority_along_where_that_is_below_an_anchor) {
  const test::Party intermediate = test::make_authority("an intermediate authority", &test::root());
  const Authority by{intermediate.certificate_pem() + test::root().certificate_pem(), intermediate.key_pem()};
  const Issued issued = value_of(issue(by, {Role::server, {"a.example"}, month}, now));
  const auto described = value_of(describe(issued.chain_pem));
  ASSERT_EQ(described.size(), 2U);
  EXPECT_EQ(described[1].subject, "CN=an intermediate authority");
}

TEST(Pki, shows_also_what_nobody_accepts) {
  auto spec = test::good_leaf(Role::server, "*.example");
  spec.dns.push_back("nul\0inside"s);
  spec.usages = {"serverAuth"};
  const auto described = value_of(describe(test::make(spec, &test::root()).certificate_pem()));
  EXPECT_THAT(described[0].names, ElementsAre("*.example", "nul?inside"));
  EXPECT_EQ(described[0].role, "none");
}

TEST(Pki, shows_an_error_for_what_is_no_certificate) {
  EXPECT_FALSE(describe(""));
  EXPECT_FALSE(describe("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace louver::tls::pki

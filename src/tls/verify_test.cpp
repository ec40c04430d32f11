#include "tls/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/bad_certificates.h"
#include "tls/certificate_fields.h"
#include "tls/role.h"
#include "tls/trust.h"

namespace louver::tls {
void PrintTo(Role role, std::ostream* out) { *out << name_of(role); }

namespace {

using test::now;
using test::root;
using testing::HasSubstr;
using namespace std::chrono_literals;

Result<VerifiedPeer> verify(const test::Material& shown, Expectation expected, WallTime at = now) {
  const CertificatesHandle sent{sk_X509_new_null()};
  sk_X509_push(sent.get(), share(shown.leaf.certificate.get()).release());
  for (const test::Party& party : shown.intermediates)
    sk_X509_push(sent.get(), share(party.certificate.get()).release());
  PeerVerifier verifier{shown.trust, std::move(expected)};
  auto peer = verifier.verify(shown.leaf.certificate.get(), sent.get(), at);
  EXPECT_EQ(peer.has_value(), verifier.library_code() == X509_V_OK);
  return peer;
}

test::Material below_root(const test::Spec& spec, RolePatterns roles = {}) {
  return {test::make(spec, &root()), {}, test::trust_in(root(), std::move(roles))};
}

Expectation expect_peer(Role role) { return {role, test::peer_name}; }

class BadCertificates : public testing::TestWithParam<Role> {};

TEST_P(BadCertificates, are_refused_with_their_fault) {
  for (const test::BadCertificate& bad : test::bad_certificates()) {
    SCOPED_TRACE(bad.what);
    const auto peer = verify(bad.make(GetParam()), expect_peer(GetParam()));
    ASSERT_FALSE(peer.has_value());
    EXPECT_EQ(peer.error().fault, bad.fault) << describe(peer.error());
    EXPECT_FALSE(peer.error().detail.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Roles, BadCertificates, testing::ValuesIn(all_roles),
                         [](const auto& role) { return std::string{name_of(role.param)}; });

TEST(PeerVerifier, accepts_a_good_leaf_of_each_role) {
  for (Role role : all_roles) {
    const auto shown = below_root(test::good_leaf(role, test::peer_name));
    const auto peer = verify(shown, expect_peer(role));
    ASSERT_TRUE(peer) << describe(peer.error());
    EXPECT_EQ(peer->role(), role);
    EXPECT_EQ(peer->name(), test::peer_name);
    EXPECT_EQ(peer->leaf_hash(), digest_of(*shown.leaf.certificate));
    EXPECT_TRUE(equal(peer->leaf_der(), der_of(*shown.leaf.certificate)));
    EXPECT_EQ(peer->key_hash(), key_digest_of(*shown.leaf.certificate));
    EXPECT_EQ(peer->not_after(), now + 24h * 30);
  }
}

TEST(PeerVerifier, accepts_every_kind_of_strong_key) {
  for (auto kind : {test::KeyKind::p256, test::KeyKind::p384, test::KeyKind::ed25519, test::KeyKind::rsa2048}) {
    test::Spec spec = test::good_leaf(Role::server, test::peer_name);
    spec.key = kind;
    EXPECT_TRUE(verify(below_root(spec), expect_peer(Role::server)));
  }
}

TEST(PeerVerifier, accepts_a_leaf_without_key_usage_extension) {
  test::Spec spec = test::good_leaf(Role::server, test::peer_name);
  spec.key_usage = "";
  EXPECT_TRUE(verify(below_root(spec), expect_peer(Role::server)));
}

TEST(PeerVerifier, accepts_one_of_several_names_and_ignores_addresses_and_foreign_uris) {
  test::Spec spec = test::good_leaf(Role::server, test::peer_name);
  spec.dns = {"other.example", test::peer_name};
  spec.uris = {"https://example/", test::peer_spiffe_id};
  spec.ips = {std::string{"\xc0\x00\x02\x01", 4}};
  const auto shown = below_root(spec);
  EXPECT_TRUE(verify(shown, expect_peer(Role::server)));
  EXPECT_TRUE(verify(shown, {Role::server, test::peer_spiffe_id}));
  EXPECT_FALSE(verify(shown, {Role::server, "https://example/"}));
  EXPECT_FALSE(verify(shown, {Role::server, "192.0.2.1"}));
}

TEST(PeerVerifier, takes_any_name_only_when_told_to) {
  const auto shown = below_root(test::good_leaf(Role::client, test::peer_name));
  const auto peer = verify(shown, {Role::client, "", true});
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->name(), test::peer_name);
  const auto refused = verify(shown, {Role::client, ""});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::certificate_name);
  EXPECT_THAT(refused.error().detail, HasSubstr("no name is expected"));
}

TEST(PeerVerifier, takes_any_name_but_not_none) {
  test::Spec spec = test::good_leaf(Role::client, test::peer_name);
  spec.dns.clear();
  const auto refused = verify(below_root(spec), {Role::client, "", true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::certificate_name);
}

TEST(PeerVerifier, tells_roles_by_uri_where_the_anchor_says_so) {
  for (Role role : all_roles) {
    test::Spec spec;
    spec.dns = {test::peer_name};
    spec.uris = {test::uri_for(role)};
    spec.usages = {"serverAuth", "clientAuth"};  // what such a PKI puts in
    const auto shown = below_root(spec, test::uri_patterns());
    const auto peer = verify(shown, expect_peer(role));
    ASSERT_TRUE(peer) << describe(peer.error());
    EXPECT_EQ(peer->role(), role);
    EXPECT_TRUE(verify(shown, {role, test::uri_for(role)}));
    EXPECT_FALSE(verify(shown, expect_peer(role == Role::client ? Role::server : Role::client)));
  }
}

TEST(PeerVerifier, uses_the_patterns_of_the_anchor_that_the_chain_ends_at) {
  const test::Party other_root = test::make_authority("a root with patterns");
  auto both = Trust::from_pem(root().certificate_pem() + other_root.certificate_pem());
  ASSERT_TRUE(both);
  test::Material shown{test::make(test::good_leaf(Role::server, test::peer_name), &other_root), {}, *both};
  EXPECT_TRUE(verify(shown, expect_peer(Role::server)));
  shown.trust = test::trust_in(other_root, test::uri_patterns());
  EXPECT_FALSE(verify(shown, expect_peer(Role::server)));
}

TEST(PeerVerifier, accepts_four_intermediates_and_issuers_that_list_the_usage) {
  std::vector<test::Party> chain;
  for (int i = 0; i < 4; ++i) {
    const auto* issuer = i == 0 ? &root() : &chain.front();
    chain.insert(chain.begin(), test::make_authority("authority " + std::to_string(i), issuer,
                                                     {"serverAuth", usage_oid(Role::server)}));
  }
  test::Party leaf = test::make(test::good_leaf(Role::server, test::peer_name), &chain.front());
  const test::Material shown{std::move(leaf), std::move(chain), test::trust_in(root())};
  const auto peer = verify(shown, expect_peer(Role::server));
  EXPECT_TRUE(peer) << describe(peer.error());
}

TEST(PeerVerifier, ends_at_an_intermediate_that_is_configured_as_anchor) {
  const test::Party intermediate = test::make_authority("a trusted intermediate", &root());
  const test::Material shown{
      test::make(test::good_leaf(Role::server, test::peer_name), &intermediate), {}, test::trust_in(intermediate)};
  EXPECT_TRUE(verify(shown, expect_peer(Role::server)));
}

TEST(PeerVerifier, reports_the_earliest_end_of_the_chain) {
  test::Spec short_lived{.common_name = "an authority that ends soon"};
  short_lived.basic_constraints = "critical,CA:TRUE";
  short_lived.key_usage = "critical,keyCertSign";
  short_lived.ends = 2h;
  const test::Party authority = test::make(short_lived, nullptr);
  const test::Material shown{
      test::make(test::good_leaf(Role::server, test::peer_name), &authority), {}, test::trust_in(authority)};
  const auto peer = verify(shown, expect_peer(Role::server));
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->not_after(), now + 2h);
}

TEST(PeerVerifier, survives_a_certificate_that_ends_in_the_year_9999) {
  test::Spec spec{.common_name = "an authority for ever"};
  spec.basic_constraints = "critical,CA:TRUE";
  spec.key_usage = "critical,keyCertSign";
  spec.ends = std::chrono::seconds{253'402'300'799 - 1'780'000'000};
  const test::Party authority = test::make(spec, nullptr);
  EXPECT_EQ(not_after_of(*authority.certificate), WallTime::max());
  const test::Material shown{
      test::make(test::good_leaf(Role::server, test::peer_name), &authority), {}, test::trust_in(authority)};
  EXPECT_TRUE(verify(shown, expect_peer(Role::server)));
}

TEST(PeerVerifier, judges_validity_by_the_time_it_is_given) {
  const auto shown = below_root(test::good_leaf(Role::server, test::peer_name));
  EXPECT_TRUE(verify(shown, expect_peer(Role::server), now + 24h * 30 - 1s));
  const auto late = verify(shown, expect_peer(Role::server), now + 24h * 30 + 1s);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().detail, HasSubstr("expired at 2026-06-27T"));
  EXPECT_THAT(late.error().detail, HasSubstr("clock says 2026-06-27T"));
  const auto early = verify(shown, expect_peer(Role::server), now - 1h - 1s);
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().detail, HasSubstr("not valid before"));
}

TEST(PeerVerifier, names_the_issuer_that_is_not_trusted) {
  const test::Party stranger = test::make_authority("an authority nobody knows");
  const test::Material shown{
      test::make(test::good_leaf(Role::server, test::peer_name), &stranger), {}, test::trust_in(root())};
  const auto peer = verify(shown, expect_peer(Role::server));
  ASSERT_FALSE(peer);
  EXPECT_THAT(peer.error().detail, HasSubstr("CN=an authority nobody knows"));
}

TEST(PeerVerifier, says_which_names_a_certificate_has) {
  const auto peer = verify(below_root(test::good_leaf(Role::server, "other.example")), expect_peer(Role::server));
  ASSERT_FALSE(peer);
  EXPECT_THAT(peer.error().detail, HasSubstr("\"other.example\""));
  EXPECT_THAT(peer.error().detail, HasSubstr("\"peer.example\""));
}

TEST(PeerVerifier, uses_no_anchor_of_the_system) {
  EXPECT_EQ(sk_X509_OBJECT_num(X509_STORE_get0_objects(test::trust_in(root())->impl().store.get())), 1);
}

}  // namespace
}  // namespace louver::tls

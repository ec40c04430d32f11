#include "tls/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/certificate_fields.h"
#include "tls/test_certificates.h"
#include "tls/verify.h"

/// RS-02: whether a peer's anchor still counts after the operator's files were read anew.
namespace louver::tls {
namespace {

using test::make_authority;

RolePatterns patterns(const std::string& middlebox = "spiffe://example.org/m/*") {
  return {"spiffe://example.org/c/*", middlebox, "spiffe://example.org/s/*"};
}

Anchor anchor_of(const test::Party& authority, RolePatterns roles = {}) {
  return {digest_of(*authority.certificate), std::move(roles)};
}

struct Authorities {
  test::Party one = make_authority("one");
  test::Party two = make_authority("two");
  test::Party namesake = make_authority("one");
};
const Authorities& authorities() {
  static const Authorities made;
  return made;
}

std::shared_ptr<const Trust> trust_of(const std::string& pem, const RolePatterns& roles = {}) {
  auto made = Trust::from_pem(pem, roles);
  EXPECT_TRUE(made) << describe(made.error());
  return *made;
}

// RS-02
TEST(TrustHolds, RS_02_the_anchors_that_it_has_and_no_other) {
  const auto& [one, two, namesake] = authorities();
  const auto trust = trust_of(one.certificate_pem());
  EXPECT_TRUE(trust->holds(anchor_of(one)));
  EXPECT_FALSE(trust->holds(anchor_of(two)));
  EXPECT_FALSE(trust->holds(anchor_of(namesake))) << "a name is not enough: the certificate counts";
  EXPECT_FALSE(trust->holds(Anchor{}));
  const auto both = trust_of(one.certificate_pem() + two.certificate_pem());
  EXPECT_TRUE(both->holds(anchor_of(one)) && both->holds(anchor_of(two)));
}

// RS-02
TEST(TrustHolds, RS_02_an_anchor_that_now_binds_roles_otherwise_no_longer_counts) {
  const auto& one = authorities().one;
  const auto by_usage = trust_of(one.certificate_pem());
  const auto by_uri = trust_of(one.certificate_pem(), patterns());
  EXPECT_TRUE(by_uri->holds(anchor_of(one, patterns())));
  EXPECT_FALSE(by_uri->holds(anchor_of(one)));
  EXPECT_FALSE(by_usage->holds(anchor_of(one, patterns())));
  EXPECT_FALSE(by_uri->holds(anchor_of(one, patterns("spiffe://example.org/other/*"))));
  RolePatterns less = patterns();
  less.client.clear();
  EXPECT_FALSE(by_uri->holds(anchor_of(one, less)));
}

// RS-02
TEST(TrustHolds, RS_02_what_a_peers_chain_led_to_until_the_authority_is_taken_out) {
  const auto& [one, two, namesake] = authorities();
  const test::Party leaf = test::make(test::good_leaf(Role::server, "shop.example"), &one);
  const auto before = trust_of(two.certificate_pem() + one.certificate_pem());
  PeerVerifier verifier{before, {Role::server, "shop.example"}};
  const CertificatesHandle none{sk_X509_new_null()};
  const auto peer = verifier.verify(leaf.certificate.get(), none.get(), test::now);
  ASSERT_TRUE(peer) << describe(peer.error());
  EXPECT_EQ(peer->anchor(), anchor_of(one));
  EXPECT_TRUE(before->holds(peer->anchor()));
  EXPECT_TRUE(trust_of(one.certificate_pem())->holds(peer->anchor())) << "read anew, in another file";
  EXPECT_FALSE(trust_of(two.certificate_pem())->holds(peer->anchor()));
  EXPECT_FALSE(trust_of(namesake.certificate_pem())->holds(peer->anchor()));
}

TEST(TrustSameAs, goes_by_anchors_and_roles_and_not_by_order) {
  const auto& [one, two, namesake] = authorities();
  const auto first = trust_of(one.certificate_pem() + two.certificate_pem());
  EXPECT_TRUE(first->same_as(*trust_of(two.certificate_pem() + one.certificate_pem())));
  EXPECT_FALSE(first->same_as(*trust_of(one.certificate_pem())));
  EXPECT_FALSE(trust_of(one.certificate_pem())->same_as(*first));
  EXPECT_FALSE(trust_of(one.certificate_pem())->same_as(*trust_of(namesake.certificate_pem())));
  EXPECT_FALSE(trust_of(one.certificate_pem())->same_as(*trust_of(one.certificate_pem(), patterns())));
}

}  // namespace
}  // namespace louver::tls

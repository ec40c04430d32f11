#include <gtest/gtest.h>

#include "tls/channel_pair.h"

namespace louver::tls {
namespace {

using test::root;

// Every place where a certificate is checked, against every bad one.

struct Place {
  const char* what;
  ChannelKind kind;
  bool peer_is_server;
  Role peer;
};
void PrintTo(const Place& place, std::ostream* out) { *out << place.what; }
constexpr Place places[] = {
    {"client_end_to_end", ChannelKind::end_to_end, true, Role::server},
    {"server_end_to_end", ChannelKind::end_to_end, false, Role::client},
    {"client_to_middlebox", ChannelKind::client_side, true, Role::middlebox},
    {"middlebox_to_server", ChannelKind::server_side, true, Role::server},
    {"server_to_middlebox", ChannelKind::server_side, false, Role::middlebox},
};
class EachPlace : public testing::TestWithParam<Place> {
 protected:
  Channel checking(std::shared_ptr<const Trust> trust) const {
    const auto [what, kind, peer_is_server, peer] = GetParam();
    const auto own = test::identity_for(peer_is_server ? test::client_role(kind) : test::server_role(kind));
    const auto make = peer_is_server ? ChannelContext::for_tls_client : ChannelContext::for_tls_server;
    return {test::value_of(make(kind, own, std::move(trust), {})), test::peer_name};
  }
  test::RawPeer showing(const test::Material& shown) const {
    test::RawPeer::Options options;
    options.is_server = GetParam().peer_is_server;
    options.alpn = {test::alpn_of(GetParam().kind)};
    options.identity = &shown.leaf;
    options.asks_for_certificate = GetParam().peer_is_server;
    for (const test::Party& party : shown.intermediates) options.intermediates.push_back(&party);
    return test::RawPeer{options};
  }
};
INSTANTIATE_TEST_SUITE_P(Channel, EachPlace, testing::ValuesIn(places),
                         [](const auto& place) { return std::string{place.param.what}; });

TEST_P(EachPlace, accepts_the_right_certificate) {
  const test::Material shown{
      test::make(test::good_leaf(GetParam().peer, test::peer_name), &root()), {}, test::trust_in(root())};
  Channel channel = checking(shown.trust);
  test::RawPeer peer = showing(shown);
  const auto result = test::run(channel, peer);
  ASSERT_TRUE(result) << describe(result.error());
  EXPECT_TRUE(channel.established());
  ASSERT_NE(channel.peer(), nullptr);
  EXPECT_EQ(channel.peer()->name(), test::peer_name);
}

TEST_P(EachPlace, refuses_every_bad_certificate) {
  for (const test::BadCertificate& bad : test::bad_certificates()) {
    SCOPED_TRACE(bad.what);
    const test::Material shown = bad.make(GetParam().peer);
    Channel channel = checking(shown.trust);
    test::RawPeer peer = showing(shown);
    const auto result = test::run(channel, peer);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, bad.fault) << describe(result.error());
    EXPECT_FALSE(channel.established());
    EXPECT_EQ(channel.peer(), nullptr);
    EXPECT_TRUE(channel.received().empty());
    EXPECT_TRUE(peer.failed()) << "the peer is told by an alert";
  }
}

// KI-03: whoever has stolen our own key can be us towards others, never another party towards us.
TEST_P(EachPlace, refuses_a_thief_of_its_own_key_that_plays_the_peer) {
  const auto [what, kind, peer_is_server, peer] = GetParam();
  const Role own = peer_is_server ? test::client_role(kind) : test::server_role(kind);
  for (const std::string& name : {test::name_for(own), std::string{test::peer_name}}) {
    const test::Material shown{test::make(test::good_leaf(own, name), &root()), {}, test::trust_in(root())};
    Channel channel = checking(shown.trust);
    test::RawPeer thief = showing(shown);
    const auto result = test::run(channel, thief);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::certificate_role) << describe(result.error());
    EXPECT_FALSE(channel.established());
  }
}

class EachServer : public EachPlace {};
INSTANTIATE_TEST_SUITE_P(Channel, EachServer, testing::Values(places[0], places[2], places[3]),
                         [](const auto& place) { return std::string{place.param.what}; });

TEST_P(EachServer, sees_no_certificate_of_ours_when_it_is_the_wrong_one) {
  const test::Material shown{
      test::make(test::good_leaf(GetParam().peer, "other.example"), &root()), {}, test::trust_in(root())};
  Channel channel = checking(shown.trust);
  test::RawPeer peer = showing(shown);
  EXPECT_FALSE(test::run(channel, peer));
  EXPECT_EQ(peer.seen(SSL3_MT_CERTIFICATE), 0);
}

}  // namespace
}  // namespace louver::tls

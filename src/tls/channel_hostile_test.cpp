#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tls/channel_pair.h"

/// Peers whose TLS is older, weaker or ruder than the protocol allows: each is refused by us, whatever the TLS library
/// would let pass.
namespace louver::tls {
namespace {

using test::all_kinds;
using test::alpn_of;
using test::client_of;
using test::client_role;
using test::identity_for;
using test::name_for;
using test::now;
using test::RawPeer;
using test::root;
using test::server_of;
using test::server_role;
using test::text_in;
using testing::HasSubstr;

class Hostile : public testing::TestWithParam<ChannelKind> {
 protected:
  /// What a peer needs to be accepted.
  RawPeer::Options good_peer(bool is_server) {
    const Role role = is_server ? server_role(GetParam()) : client_role(GetParam());
    leaf_ = test::make(test::good_leaf(role, name_for(role)), &root());
    RawPeer::Options options;
    options.is_server = is_server;
    options.alpn = {alpn_of(GetParam())};
    options.identity = &leaf_;
    options.asks_for_certificate = is_server && GetParam() != ChannelKind::client_side;
    return options;
  }
  Channel client() { return client_of(GetParam(), identity_for(client_role(GetParam()))); }
  Channel server() { return server_of(GetParam()); }

  void expect_refused(Channel channel, const RawPeer::Options& options, Fault fault) {
    RawPeer peer{options};
    const auto result = test::run(channel, peer);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, fault) << describe(result.error());
    EXPECT_FALSE(channel.established());
    EXPECT_EQ(channel.peer(), nullptr);
    EXPECT_TRUE(channel.received().empty());
  }

  test::Party leaf_;
};
INSTANTIATE_TEST_SUITE_P(Channel, Hostile, testing::ValuesIn(all_kinds));

TEST_P(Hostile, good_peers_are_accepted_so_that_the_tests_below_mean_something) {
  for (const bool is_server : {true, false}) {
    RawPeer peer{good_peer(is_server)};
    Channel channel = is_server ? client() : server();
    const auto result = test::run(channel, peer);
    ASSERT_TRUE(result) << describe(result.error());
    EXPECT_TRUE(channel.established());
    EXPECT_TRUE(peer.is_done());
  }
}

// Version, application protocol, groups

TEST_P(Hostile, peer_without_alpn_is_refused) {
  for (const bool is_server : {true, false}) {
    auto options = good_peer(is_server);
    options.alpn.clear();
    expect_refused(is_server ? client() : server(), options, Fault::tls_parameters);
  }
}

TEST_P(Hostile, peer_with_another_alpn_is_refused) {
  for (const char* alpn :
       {"h2", "http/1.1", "louver-x/1", "louver-x/1-x", "louver-x/2-e", "LOUVER-X/1-E", "louver-x/1-e "}) {
    for (const bool is_server : {true, false}) {
      SCOPED_TRACE(alpn);
      auto options = good_peer(is_server);
      options.alpn = {alpn};
      expect_refused(is_server ? client() : server(), options, Fault::tls_parameters);
    }
  }
}

TEST_P(Hostile, client_without_alpn_gets_no_early_data) {
  auto options = good_peer(false);
  options.alpn.clear();
  RawPeer peer{options};
  Channel channel = server();
  ASSERT_TRUE(channel.send(as_bytes("early")));
  EXPECT_FALSE(test::run(channel, peer));
  EXPECT_EQ(peer.received(), "");
  EXPECT_THAT(peer.error(), HasSubstr("application protocol"));
}

TEST_P(Hostile, client_that_offers_more_protocols_gets_ours) {
  auto options = good_peer(false);
  options.alpn = {"h2", alpn_of(GetParam()), "http/1.1"};
  RawPeer peer{options};
  Channel channel = server();
  EXPECT_TRUE(test::run(channel, peer));
  EXPECT_TRUE(channel.established());
}

TEST_P(Hostile, peer_with_tls_1_2_is_refused) {
  for (const bool is_server : {true, false}) {
    auto options = good_peer(is_server);
    options.highest_version = TLS1_2_VERSION;
    expect_refused(is_server ? client() : server(), options, Fault::tls_parameters);
  }
}

TEST_P(Hostile, peer_without_a_group_of_ours_is_refused) {
  for (const bool is_server : {true, false}) {
    auto options = good_peer(is_server);
    options.groups = "P-521";
    RawPeer peer{options};
    Channel channel = is_server ? client() : server();
    EXPECT_FALSE(test::run(channel, peer));
    EXPECT_FALSE(channel.established());
  }
}

/// The library stops behind a HelloRetryRequest as it does behind Finished, and would then write "early" data in the
/// clear.
TEST_P(Hostile, client_that_must_try_again_gets_early_data_behind_finished_and_not_before) {
  auto options = good_peer(false);
  options.groups = "P-521:X25519";  // its key share is for the first
  RawPeer peer{options};
  Channel channel = server();
  ASSERT_TRUE(channel.send(as_bytes("queued ")));
  ASSERT_TRUE(channel.receive(peer.step({}), now));
  ASSERT_TRUE(channel.send(as_bytes("early")));
  const Buffer try_again = channel.take_output();
  EXPECT_EQ(as_text(try_again).find("queued"), std::string_view::npos);
  EXPECT_EQ(as_text(try_again).find("early"), std::string_view::npos);
  ASSERT_TRUE(channel.receive(peer.step(try_again), now));
  const Buffer finished = peer.step(channel.take_output());
  EXPECT_EQ(peer.received(), "queued early");
  ASSERT_TRUE(channel.receive(finished, now));
  EXPECT_TRUE(channel.established());
}

TEST_P(Hostile, server_hears_what_a_channel_needs_and_no_more) {
  Channel channel = client();
  ASSERT_TRUE(channel.start());
  auto extensions = test::extensions_of(channel.take_output());
  const std::string alpn = alpn_of(GetParam());
  EXPECT_EQ(extensions[TLSEXT_TYPE_application_layer_protocol_negotiation], (std::string{'\0', '\x0d', '\x0c'} + alpn))
      << "one and only";
  EXPECT_EQ(extensions[TLSEXT_TYPE_supported_versions], "\x02\x03\x04") << "TLS 1.3 alone";
  for (const int absent : {TLSEXT_TYPE_server_name, TLSEXT_TYPE_session_ticket, TLSEXT_TYPE_psk, TLSEXT_TYPE_early_data,
                           TLSEXT_TYPE_post_handshake_auth, TLSEXT_TYPE_renegotiate, TLSEXT_TYPE_status_request}) {
    EXPECT_FALSE(extensions.contains(absent)) << absent;
  }
}

TEST_P(Hostile, middlebox_that_asks_a_client_for_its_certificate_gets_none) {
  auto options = good_peer(true);
  options.asks_for_certificate = true;
  RawPeer peer{options};
  Channel channel = client();
  ASSERT_TRUE(test::run(channel, peer));
  EXPECT_EQ(SSL_get0_peer_certificate(peer.ssl()) == nullptr, GetParam() == ChannelKind::client_side);
}

// Resumption

TEST_P(Hostile, client_gets_no_ticket) {
  RawPeer peer{good_peer(false)};
  Channel channel = server();
  ASSERT_TRUE(test::run(channel, peer));
  ASSERT_TRUE(channel.send(as_bytes("x")));
  peer.step(channel.take_output());
  EXPECT_EQ(peer.received(), "x");
  EXPECT_EQ(peer.seen(SSL3_MT_NEWSESSION_TICKET), 0);
}

TEST_P(Hostile, server_that_sends_a_ticket_is_refused) {
  auto options = good_peer(true);
  options.sends_tickets = true;
  RawPeer peer{options};
  Channel channel = client();
  const auto result = test::run(channel, peer);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::tls_parameters);
  EXPECT_THAT(result.error().detail, HasSubstr("ticket"));
}

/// A session of another server, which has the same leaf and application protocol but issues tickets.
std::shared_ptr<SSL_SESSION> session_of_a_careless_server(const RawPeer::Options& client_options,
                                                          const std::string& alpn, Role role) {
  const test::Party leaf = test::make(test::good_leaf(role, name_for(role)), &root());
  RawPeer::Options options;
  options.is_server = true;
  options.alpn = {alpn};
  options.identity = &leaf;
  options.sends_tickets = true;
  options.asks_for_certificate = true;
  RawPeer server{options}, client{client_options};
  Buffer to_server = client.step({});
  for (int i = 0; i < 4; ++i) to_server = client.step(server.step(to_server));
  if (client.session() == nullptr) return nullptr;
  SSL_SESSION_up_ref(client.session());
  return {client.session(), SSL_SESSION_free};
}

TEST_P(Hostile, session_that_a_client_offers_to_resume_is_ignored) {
  auto options = good_peer(false);
  const auto session = session_of_a_careless_server(options, alpn_of(GetParam()), server_role(GetParam()));
  ASSERT_NE(session, nullptr);
  options.resume = session.get();
  RawPeer peer{options};
  Channel channel = server();
  const Buffer hello = peer.step({});
  ASSERT_TRUE(test::extensions_of(hello).contains(TLSEXT_TYPE_psk)) << "the session is offered";
  ASSERT_TRUE(channel.receive(hello, now));
  const auto result = test::run(channel, peer);
  ASSERT_TRUE(result) << describe(result.error());
  EXPECT_TRUE(channel.established());
  EXPECT_FALSE(peer.was_resumed());
  EXPECT_EQ(peer.seen(SSL3_MT_CERTIFICATE), 1) << "a whole handshake";
  EXPECT_EQ(channel.peer() != nullptr, GetParam() != ChannelKind::client_side);
}

TEST_P(Hostile, early_data_of_a_client_never_arrives) {
  auto options = good_peer(false);
  const auto session = session_of_a_careless_server(options, alpn_of(GetParam()), server_role(GetParam()));
  ASSERT_NE(session, nullptr);
  options.resume = session.get();
  options.early_data = true;
  RawPeer peer{options};
  Channel channel = server();
  const auto result = test::run(channel, peer);
  EXPECT_FALSE(result);
  EXPECT_FALSE(channel.established());
  EXPECT_TRUE(channel.received().empty());
}

// Work and memory

TEST_P(Hostile, peer_may_update_its_keys_up_to_the_limit) {
  for (const bool is_server : {true, false}) {
    RawPeer peer{good_peer(is_server)};
    Channel channel = is_server ? client() : server();
    ASSERT_TRUE(test::run(channel, peer));
    for (unsigned i = 0; i < limits::key_updates; ++i) peer.update_keys();
    peer.send("still there");
    ASSERT_TRUE(channel.receive(peer.step({}), now));
    EXPECT_EQ(text_in(channel), "still there");
    peer.update_keys();
    const auto result = channel.receive(peer.step({}), now);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::limit_exceeded);
    EXPECT_THAT(result.error().detail, HasSubstr("KeyUpdate"));
  }
}

// DS-06
TEST_P(Hostile, flood_of_key_updates_in_one_go_is_cut_off) {
  RawPeer peer{good_peer(false)};
  Channel channel = server();
  ASSERT_TRUE(test::run(channel, peer));
  for (int i = 0; i < 2000; ++i) peer.update_keys();
  peer.send("behind the flood");
  const auto result = channel.receive(peer.step({}), now);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::limit_exceeded);
  EXPECT_EQ(text_in(channel), "");
}

// DS-06
TEST_P(Hostile, empty_records_in_a_row_are_limited) {
  for (const std::size_t padding : {0U, 100U}) {
    RawPeer peer{good_peer(false)};
    Channel channel = server();
    ASSERT_TRUE(test::run(channel, peer));
    Result<> result;
    unsigned taken = 0;
    while (taken <= limits::empty_tls_records + 1) {
      result = channel.receive(peer.seal("", 23, padding), now);
      if (!result) break;
      ++taken;
    }
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::limit_exceeded) << describe(result.error());
    EXPECT_LE(taken, limits::empty_tls_records);
    EXPECT_GE(taken, 16U);
  }
}

TEST_P(Hostile, empty_records_that_are_not_in_a_row_are_taken) {
  RawPeer peer{good_peer(false)};
  Channel channel = server();
  ASSERT_TRUE(test::run(channel, peer));
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(channel.receive(peer.seal("", 23), now));
    ASSERT_TRUE(channel.receive(peer.seal("x", 23, 3), now));
    expected += "x";
  }
  EXPECT_EQ(text_in(channel), expected);
}

TEST_P(Hostile, record_of_an_unknown_kind_is_refused) {
  RawPeer peer{good_peer(false)};
  Channel channel = server();
  ASSERT_TRUE(test::run(channel, peer));
  EXPECT_EQ(channel.receive(peer.seal("x", 99), now).error().fault, Fault::tls_failed);
}

/// A ClientHello of which the end never comes, in records of at most 2^14.
Buffer endless_hello(std::size_t size) {
  Buffer out;
  std::string rest = std::string{"\x01\x01\xff\x00\x03\x03", 6} + std::string(size, '\x00');
  while (!rest.empty() && out.size() < size) {
    const std::size_t part = std::min<std::size_t>({rest.size(), 1U << 14, size - out.size()});
    append(out, std::string{"\x16\x03\x01"} + static_cast<char>(part >> 8) + static_cast<char>(part & 0xff));
    append(out, rest.substr(0, part));
    rest.erase(0, part);
  }
  out.resize(size);
  return out;
}

TEST_P(Hostile, hello_without_end_is_cut_off_at_the_limit) {
  Channel channel = server();
  const Buffer hello = endless_hello(limits::channel_bytes_before_verified + 1);
  ASSERT_TRUE(channel.receive(Bytes{hello}.first(limits::channel_bytes_before_verified), now));
  const auto result = channel.receive(Bytes{hello}.last(1), now);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::limit_exceeded);
  EXPECT_THAT(result.error().detail, HasSubstr("65536"));
}

TEST_P(Hostile, change_cipher_spec_without_end_is_refused) {
  RawPeer peer{good_peer(false)};
  Channel channel = server();
  ASSERT_TRUE(channel.receive(peer.step({}), now));
  Buffer flood;
  while (flood.size() < limits::channel_bytes_before_verified)
    append(flood, std::string_view{"\x14\x03\x03\x00\x01\x01", 6});
  EXPECT_FALSE(channel.receive(flood, now));
}

TEST_P(Hostile, certificates_beyond_the_limit_are_cut_off) {
  auto options = good_peer(true);
  const test::Party more = test::make_authority("an authority that is sent again and again", &root());
  options.intermediates.assign(200, &more);
  expect_refused(client(), options, Fault::limit_exceeded);
}

TEST_P(Hostile, limit_ends_where_the_peer_is_verified) {
  RawPeer peer{good_peer(false)};
  Channel channel = server();
  ASSERT_TRUE(channel.receive(peer.step({}), now));
  Buffer last_flight = peer.step(channel.take_output());
  const std::string large(3 * limits::channel_bytes_before_verified, 'z');
  peer.send(large);
  append(last_flight, peer.step({}));
  const auto result = channel.receive(last_flight, now);
  ASSERT_TRUE(result) << describe(result.error());
  EXPECT_TRUE(text_in(channel) == large);
}

TEST_P(Hostile, bytes_that_are_no_tls_are_refused_with_a_reason) {
  for (const std::string_view bytes :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\x16\x03\x01\xff\xff aaaa"}) {
    Channel channel = server();
    const auto result = channel.receive(as_bytes(bytes), now);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::tls_failed);
    EXPECT_FALSE(result.error().detail.empty());
  }
}

TEST_P(Hostile, peer_that_closes_during_the_handshake_is_a_fault) {
  RawPeer peer{good_peer(true)};
  Channel channel = client();
  ASSERT_TRUE(channel.start());
  const auto result = channel.receive(as_bytes(std::string_view{"\x15\x03\x03\x00\x02\x01\x00", 7}), now);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::tls_failed);
  EXPECT_TRUE(channel.peer_closed());
}

TEST_P(Hostile, alert_of_the_peer_is_named) {
  RawPeer peer{good_peer(true)};
  Channel channel = client();
  ASSERT_TRUE(channel.start());
  const auto result = channel.receive(as_bytes(std::string_view{"\x15\x03\x03\x00\x02\x02\x2d", 7}), now);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::tls_failed);
  EXPECT_THAT(result.error().detail, HasSubstr("certificate expired"));
}

}  // namespace
}  // namespace louver::tls

#include "tls/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tls/bad_certificates.h"
#include "tls/channel_pair.h"

namespace louver::tls {
namespace {

using test::now;
using test::root;
using testing::HasSubstr;

using test::all_kinds;
using test::client_of;
using test::client_role;
using test::identity_for;
using test::Pair;
using test::server_of;
using test::server_role;
using test::text_in;
using test::value_of;

class EachKind : public testing::TestWithParam<ChannelKind> {};
INSTANTIATE_TEST_SUITE_P(Channel, EachKind, testing::ValuesIn(all_kinds));

TEST_P(EachKind, is_established_with_the_peers_that_the_protocol_names) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.run());
  ASSERT_TRUE(pair.client.established());
  ASSERT_TRUE(pair.server.established());
  ASSERT_NE(pair.client.peer(), nullptr);
  EXPECT_EQ(pair.client.peer()->role(), server_role(GetParam()));
  EXPECT_EQ(pair.client.peer()->name(), test::name_for(server_role(GetParam())));
  EXPECT_EQ(pair.client.peer()->leaf_hash(), identity_for(server_role(GetParam()))->leaf_hash());
  if (GetParam() == ChannelKind::client_side) {
    EXPECT_EQ(pair.server.peer(), nullptr) << "the client shows no certificate to a middlebox";
  } else {
    ASSERT_NE(pair.server.peer(), nullptr);
    EXPECT_EQ(pair.server.peer()->role(), client_role(GetParam()));
    EXPECT_EQ(pair.server.peer()->name(), test::name_for(client_role(GetParam())));
  }
}

TEST_P(EachKind, carries_bytes_both_ways_in_pieces_of_one_byte) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.client.send(as_bytes("from the client")));
  ASSERT_TRUE(pair.server.send(as_bytes("from the server")));
  ASSERT_TRUE(pair.run(1));
  EXPECT_EQ(text_in(pair.server), "from the client");
  EXPECT_EQ(text_in(pair.client), "from the server");
}

TEST_P(EachKind, exports_the_same_secret_at_both_ends_and_another_for_another_label_context_or_channel) {
  Pair pair{GetParam()}, other{GetParam()};
  ASSERT_TRUE(pair.run());
  ASSERT_TRUE(other.run());
  const auto exported = [](const Channel& channel, std::string_view label, std::string_view context) {
    Buffer out(32);
    EXPECT_TRUE(channel.export_secret(label, as_bytes(context), out));
    return out;
  };
  const Buffer secret = exported(pair.client, "EXPERIMENTAL-louver-v1 id", "");
  EXPECT_EQ(secret, exported(pair.server, "EXPERIMENTAL-louver-v1 id", ""));
  EXPECT_NE(secret, exported(pair.server, "EXPERIMENTAL-louver-v1 cid", ""));
  EXPECT_NE(secret, exported(pair.server, "EXPERIMENTAL-louver-v1 id", "x"));
  EXPECT_NE(secret, exported(other.client, "EXPERIMENTAL-louver-v1 id", ""));
}

TEST_P(EachKind, exports_nothing_before_it_is_established) {
  Pair pair{GetParam()};
  Buffer out(32);
  EXPECT_FALSE(pair.client.export_secret("label", {}, out));
  ASSERT_TRUE(pair.client.start());
  pair.client_to_server();
  EXPECT_FALSE(pair.server.export_secret("label", {}, out))
      << "the server has answered, the client's Finished is not there";
  EXPECT_FALSE(pair.server.established());
  EXPECT_EQ(out, Buffer(32));
}

TEST_P(EachKind, lets_the_client_read_within_one_round_trip_what_the_server_sent_at_once) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.server.send(as_bytes("queued, ")));
  ASSERT_TRUE(pair.client.start());
  pair.client_to_server();
  ASSERT_TRUE(pair.server.send(as_bytes("then sent early")));
  pair.server_to_client();
  EXPECT_EQ(text_in(pair.client), "queued, then sent early");
  EXPECT_TRUE(pair.client.established());
  EXPECT_FALSE(pair.server.established());
  ASSERT_TRUE(pair.server.send(as_bytes(", before Finished")));
  pair.server_to_client();
  EXPECT_EQ(text_in(pair.client), "queued, then sent early, before Finished");
  pair.client_to_server();
  EXPECT_TRUE(pair.server.established());
}

TEST_P(EachKind, sends_early_also_while_the_clients_last_flight_is_half_there) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.client.start());
  pair.client_to_server();
  pair.server_to_client();
  const Buffer finished = pair.client.take_output();
  const std::size_t half = finished.size() / 2;
  ASSERT_TRUE(pair.server.receive(Bytes{finished}.first(half), now));
  ASSERT_TRUE(pair.server.send(as_bytes("early")));
  pair.server_to_client();
  EXPECT_EQ(text_in(pair.client), "early");
  ASSERT_TRUE(pair.server.receive(Bytes{finished}.subspan(half), now));
  ASSERT_TRUE(pair.server.established());
  ASSERT_TRUE(pair.server.send(as_bytes(" and late")));
  pair.server_to_client();
  EXPECT_EQ(text_in(pair.client), "early and late");
}

TEST_P(EachKind, sends_a_large_early_message_whole) {
  Pair pair{GetParam()};
  const std::string large(1024 * 1024, 'x');
  ASSERT_TRUE(pair.server.send(as_bytes(large)));
  ASSERT_TRUE(pair.run());
  EXPECT_TRUE(text_in(pair.client) == large);
}

TEST_P(EachKind, shows_nothing_received_before_the_clients_finished) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.client.send(as_bytes("request")));
  ASSERT_TRUE(pair.client.start());
  pair.client_to_server();
  pair.server_to_client();
  Buffer last_flight = pair.client.take_output();
  Bytes rest = last_flight;
  while (!pair.server.established()) {
    ASSERT_FALSE(rest.empty());
    EXPECT_TRUE(pair.server.received().empty());
    EXPECT_EQ(pair.server.peer(), nullptr);
    ASSERT_TRUE(pair.server.receive(rest.first(1), now));
    rest = rest.subspan(1);
  }
  ASSERT_TRUE(pair.server.receive(rest, now));
  EXPECT_EQ(text_in(pair.server), "request");
}

TEST_P(EachKind, refuses_a_finished_that_was_tampered_with_and_shows_nothing) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.client.send(as_bytes("request")));
  ASSERT_TRUE(pair.client.start());
  pair.client_to_server();
  pair.server_to_client();
  Buffer last_flight = pair.client.take_output();
  last_flight[last_flight.size() / 2] ^= std::byte{1};
  const auto result = pair.server.receive(last_flight, now);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::tls_failed);
  EXPECT_TRUE(pair.server.received().empty());
}

TEST_P(EachKind, survives_being_moved_at_every_moment) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.server.send(as_bytes("hello")));
  Channel client = std::move(pair.client);
  Channel server = std::move(pair.server);
  ASSERT_TRUE(client.start());
  ASSERT_TRUE(server.receive(client.take_output(), now));
  Channel moved_server = std::move(server);
  Channel moved_client = std::move(client);
  ASSERT_TRUE(moved_client.receive(moved_server.take_output(), now));
  ASSERT_TRUE(moved_server.receive(moved_client.take_output(), now));
  EXPECT_TRUE(moved_server.established());
  EXPECT_EQ(text_in(moved_client), "hello");
}

TEST_P(EachKind, tells_a_close_from_a_cut) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.run());
  ASSERT_TRUE(pair.client.send(as_bytes("last words")));
  pair.client.close();
  EXPECT_EQ(pair.client.send(as_bytes("x")).error().fault, Fault::closed);
  ASSERT_TRUE(pair.server.receive(pair.client.take_output(), now));
  EXPECT_EQ(text_in(pair.server), "last words");
  EXPECT_TRUE(pair.server.peer_closed());
  EXPECT_TRUE(pair.server.receive({}, now));
  EXPECT_EQ(pair.server.receive(as_bytes("more"), now).error().fault, Fault::closed);
}

TEST_P(EachKind, may_still_send_after_the_peer_has_closed) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.run());
  pair.client.close();
  pair.client_to_server();
  ASSERT_TRUE(pair.server.send(as_bytes("answer")));
  pair.server_to_client();
  EXPECT_EQ(text_in(pair.client), "answer");
}

TEST_P(EachKind, keeps_its_first_fault) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.run());
  const auto first = pair.server.receive(as_bytes("GET / HTTP/1.1\r\n\r\n"), now);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().fault, Fault::tls_failed);
  EXPECT_EQ(describe(pair.server.send(as_bytes("x")).error()), describe(first.error()));
  EXPECT_EQ(describe(pair.server.receive({}, now).error()), describe(first.error()));
  EXPECT_EQ(describe(pair.server.start().error()), describe(first.error()));
}

TEST_P(EachKind, refuses_every_other_kind_of_channel_at_both_ends) {
  for (ChannelKind other : all_kinds) {
    if (other == GetParam()) continue;
    Pair pair{client_of(other, identity_for(client_role(other))), server_of(GetParam())};
    const auto faults = test::run(pair.client, pair.server);
    ASSERT_FALSE(faults.client);
    ASSERT_FALSE(faults.server);
    EXPECT_EQ(faults.client.error().fault, Fault::tls_parameters) << describe(faults.client.error());
    EXPECT_EQ(faults.server.error().fault, Fault::tls_parameters) << describe(faults.server.error());
  }
}

TEST_P(EachKind, refuses_its_own_bytes_sent_back) {
  Pair pair{GetParam()};
  ASSERT_TRUE(pair.client.start());
  const auto reflected = pair.client.receive(pair.client.take_output(), now);
  ASSERT_FALSE(reflected);
  Pair other{GetParam()};
  ASSERT_TRUE(other.run());
  ASSERT_TRUE(other.client.send(as_bytes("x")));
  EXPECT_FALSE(other.client.receive(other.client.take_output(), now));
}

TEST(Channel, takes_an_anonymous_client_end_to_end) {
  Pair pair{client_of(ChannelKind::end_to_end, nullptr), server_of(ChannelKind::end_to_end)};
  ASSERT_TRUE(pair.run());
  EXPECT_TRUE(pair.server.established());
  EXPECT_EQ(pair.server.peer(), nullptr);
}

TEST(Channel, refuses_an_anonymous_client_where_a_certificate_is_demanded) {
  Pair pair{client_of(ChannelKind::end_to_end, nullptr),
            server_of(ChannelKind::end_to_end, {.require_client_certificate = true})};
  const auto faults = test::run(pair.client, pair.server);
  ASSERT_FALSE(faults.server);
  EXPECT_EQ(faults.server.error().fault, Fault::certificate_invalid);
  EXPECT_FALSE(pair.server.established());
  ASSERT_FALSE(faults.client);
  EXPECT_EQ(faults.client.error().fault, Fault::tls_failed);
  EXPECT_THAT(faults.client.error().detail, HasSubstr("alert"));
}

TEST(Channel, takes_a_demanded_client_certificate) {
  Pair pair{client_of(ChannelKind::end_to_end, identity_for(Role::client)),
            server_of(ChannelKind::end_to_end, {.require_client_certificate = true})};
  ASSERT_TRUE(pair.run());
  ASSERT_NE(pair.server.peer(), nullptr);
  EXPECT_EQ(pair.server.peer()->name(), "client.example");
}

TEST(Channel, checks_a_client_name_that_is_expected) {
  const auto context = value_of(
      ChannelContext::for_tls_server(ChannelKind::end_to_end, identity_for(Role::server), test::trust_in(root()), {}));
  Pair right{client_of(ChannelKind::end_to_end, identity_for(Role::client)), Channel{context, "client.example"}};
  EXPECT_TRUE(right.run());
  Pair wrong{client_of(ChannelKind::end_to_end, identity_for(Role::client)), Channel{context, "other.example"}};
  EXPECT_EQ(test::run(wrong.client, wrong.server).server.error().fault, Fault::certificate_name);
}

TEST(Channel, without_anchors_asks_no_client_for_its_certificate) {
  const auto context =
      value_of(ChannelContext::for_tls_server(ChannelKind::end_to_end, identity_for(Role::server), nullptr, {}));
  Pair pair{client_of(ChannelKind::end_to_end, identity_for(Role::client)), Channel{context, ""}};
  ASSERT_TRUE(pair.run());
  EXPECT_EQ(pair.server.peer(), nullptr);
}

TEST(Channel, as_client_without_an_expected_name_takes_nobody) {
  const auto context =
      value_of(ChannelContext::for_tls_client(ChannelKind::client_side, nullptr, test::trust_in(root()), {}));
  Pair pair{Channel{context, ""}, server_of(ChannelKind::client_side)};
  EXPECT_EQ(test::run(pair.client, pair.server).client.error().fault, Fault::certificate_name);
}

TEST(Channel, as_client_refuses_to_receive_before_it_was_started) {
  Channel client = client_of(ChannelKind::client_side, nullptr);
  EXPECT_EQ(client.receive(as_bytes("x"), now).error().fault, Fault::internal_error);
}

TEST(Channel, is_closed_quietly_before_it_is_established) {
  Pair pair{ChannelKind::end_to_end};
  pair.client.close();
  pair.server.close();
  EXPECT_TRUE(pair.client.take_output().empty());
}

TEST(Channel, consumes_what_it_is_told_and_no_more) {
  Pair pair{ChannelKind::client_side};
  const std::string large(100'000, 'y');
  ASSERT_TRUE(pair.run());
  ASSERT_TRUE(pair.client.send(as_bytes("head" + large)));
  pair.client_to_server();
  pair.server.consume(4);
  EXPECT_TRUE(text_in(pair.server) == large);
  pair.server.consume(99'999);
  EXPECT_EQ(text_in(pair.server), "y");
  pair.server.consume(5);
  EXPECT_EQ(text_in(pair.server), "");
  ASSERT_TRUE(pair.client.send(as_bytes("tail")));
  pair.client_to_server();
  EXPECT_EQ(text_in(pair.server), "tail");
}

TEST(ChannelContext, says_which_part_is_missing) {
  const auto trust = test::trust_in(root());
  const auto server = identity_for(Role::server);
  EXPECT_FALSE(ChannelContext::for_tls_server(ChannelKind::end_to_end, nullptr, trust, {}));
  EXPECT_FALSE(ChannelContext::for_tls_server(ChannelKind::client_side, nullptr, nullptr, {}));
  EXPECT_FALSE(ChannelContext::for_tls_server(ChannelKind::server_side, server, nullptr, {}));
  EXPECT_FALSE(
      ChannelContext::for_tls_server(ChannelKind::end_to_end, server, nullptr, {.require_client_certificate = true}));
  EXPECT_FALSE(ChannelContext::for_tls_client(ChannelKind::end_to_end, nullptr, nullptr, {}));
  const auto no_identity = ChannelContext::for_tls_client(ChannelKind::server_side, nullptr, trust, {});
  ASSERT_FALSE(no_identity);
  EXPECT_EQ(no_identity.error().fault, Fault::configuration);
  EXPECT_TRUE(ChannelContext::for_tls_server(ChannelKind::client_side, server, nullptr, {}));
}

TEST(ChannelContext, may_be_shared_by_threads) {
  const auto kind = ChannelKind::server_side;
  const auto trust = test::trust_in(root());
  const auto client = value_of(ChannelContext::for_tls_client(kind, identity_for(Role::middlebox), trust, {}));
  const auto server = value_of(ChannelContext::for_tls_server(kind, identity_for(Role::server), trust, {}));
  std::atomic<int> established = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 8; ++n) {
        Pair pair{Channel{client, "server.example"}, Channel{server, "middlebox.example"}};
        if (pair.run() && pair.server.established()) ++established;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(established, 32);
}

TEST(ChannelContext, has_a_hybrid_group_or_says_that_the_library_has_none) {
  const auto context = ChannelContext::for_tls_client(ChannelKind::client_side, nullptr, test::trust_in(root()),
                                                      {.require_hybrid_group = true});
  if (context) {
    Pair pair{Channel{*context, "middlebox.example"}, server_of(ChannelKind::client_side)};
    EXPECT_TRUE(pair.run());
  } else {
    EXPECT_EQ(context.error().fault, Fault::configuration);
    EXPECT_THAT(context.error().detail, HasSubstr("X25519MLKEM768"));
  }
}

}  // namespace
}  // namespace louver::tls

#include "rogue/agreement_splice.h"
#include "rogue/agreement_stage.h"

// P2: before any application data flows, all parties agree on one manifest. Here: lies about the manifest, and splices
// of two associations. Keys and Readys are in p2_keys_test.cpp, Hellos in p2_hello_test.cpp, order and time in
// p2_states_test.cpp.
namespace louver::rogue {
namespace {

using wire::MessageType;

/// One field of a manifest, spoilt.
struct Lie {
  const char* field;
  std::function<void(wire::Manifest&)> tell;
  Fault when_both_ends_lie;
};

void flip(wire::Hash& hash) { hash[7] ^= std::byte{1}; }

const std::vector<Lie>& lies() {
  static const std::vector<Lie> all = {
      {"hello_hash", [](wire::Manifest& m) { flip(m.accept.hello_hash); }, Fault::hello_hash},
      {"version", [](wire::Manifest& m) { m.accept.version = 2; }, Fault::unsupported_version},
      {"suite that was not offered", [](wire::Manifest& m) { m.accept.suite = 0x1303; }, Fault::unsupported_suite},
      {"suite that nobody has", [](wire::Manifest& m) { m.accept.suite = 0x9999; }, Fault::unsupported_suite},
      {"grant raised c2s", [](wire::Manifest& m) { m.accept.grants.bytes[0] = std::byte{0x14}; }, Fault::grant_raised},
      {"grant raised s2c", [](wire::Manifest& m) { m.accept.grants.bytes[0] = std::byte{0x21}; }, Fault::grant_raised},
      {"grant too many", [](wire::Manifest& m) { m.accept.grants.bytes.push_back(std::byte{}); }, Fault::grant_raised},
      {"grant too few", [](wire::Manifest& m) { m.accept.grants.bytes.clear(); }, Fault::grant_raised},
      {"grant lowered, keys as before", [](wire::Manifest& m) { m.accept.grants.bytes[0] = std::byte{0x10}; },
       Fault::items_differ},
      {"extension that nobody offered",
       [](wire::Manifest& m) {
         m.accept.extensions.items.push_back({77, {}});
       },
       Fault::extension_refused},
      {"extension twice",
       [](wire::Manifest& m) { m.accept.extensions.items.push_back(m.accept.extensions.items.front()); },
       Fault::bad_value},
      {"profile", [](wire::Manifest& m) { m.accept.extensions.items.back().data.bytes[0] = std::byte{'D'}; },
       Fault::extension_refused},
      {"profile left out", [](wire::Manifest& m) { m.accept.extensions.items.pop_back(); }, Fault::extension_refused},
      {"max_record", [](wire::Manifest& m) { m.accept.extensions.items.front().data.bytes[2] = std::byte{0x80}; },
       Fault::extension_refused},
      {"own leaf", [](wire::Manifest& m) { flip(m.members.items[1].leaf_hash); }, Fault::manifest_differs},
      {"own description", [](wire::Manifest& m) { flip(m.members.items[1].describe_hash); }, Fault::manifest_differs},
      {"server's leaf", [](wire::Manifest& m) { flip(m.members.items.back().leaf_hash); }, Fault::manifest_differs},
      {"client's leaf is the middlebox's",
       [](wire::Manifest& m) { m.members.items[0].leaf_hash = m.members.items[1].leaf_hash; }, Fault::duplicate_party},
      {"client's leaf is the server's",
       [](wire::Manifest& m) { m.members.items[0].leaf_hash = m.members.items.back().leaf_hash; },
       Fault::duplicate_party},
      {"member too few", [](wire::Manifest& m) { m.members.items.erase(m.members.items.begin()); },
       Fault::manifest_differs},
      {"member too many",
       [](wire::Manifest& m) {
         m.members.items.insert(m.members.items.begin() + 1, wire::Member{{std::byte{5}}, {}});
       },
       Fault::manifest_differs},
  };
  return all;
}

Twist lie_in_keys(const Lie& lie) {
  return altering<wire::Keys>([&lie](wire::Keys& keys) { lie.tell(keys.manifest); }, 1);
}

class P2Manifest : public testing::TestWithParam<std::size_t> {};

// HS-03: Keys of the two ends differ in each field of the manifest in turn; the middlebox tells nobody that it is
// ready.
TEST_P(P2Manifest, that_the_client_tells_otherwise_than_the_server_is_noticed_by_the_middlebox) {
  const Lie& lie = lies()[GetParam()];
  SCOPED_TRACE(lie.field);
  Stage stage{cast(1, lie_in_keys(lie))};
  stage.run();
  expect_noticed(stage, 1, Fault::manifest_differs);
  EXPECT_TRUE(stage.nobody_said(MessageType::ready));
}

TEST_P(P2Manifest, that_the_server_tells_otherwise_than_the_client_is_noticed_by_the_middlebox) {
  const Lie& lie = lies()[GetParam()];
  SCOPED_TRACE(lie.field);
  Stage stage{cast(1, {}, lie_in_keys(lie))};
  stage.run();
  expect_noticed(stage, 1, Fault::manifest_differs);
  EXPECT_TRUE(stage.nobody_said(MessageType::ready));
}

// HS-03, HS-05: both ends tell M1 one and the same lie, so that only its own checks are left.
TEST_P(P2Manifest, that_both_ends_falsify_alike_is_noticed_by_the_middlebox) {
  const Lie& lie = lies()[GetParam()];
  SCOPED_TRACE(lie.field);
  Stage stage{cast(1, lie_in_keys(lie), lie_in_keys(lie))};
  stage.run();
  expect_noticed(stage, 1, lie.when_both_ends_lie);
  EXPECT_TRUE(stage.nobody_said(MessageType::ready));
}

INSTANTIATE_TEST_SUITE_P(Fields, P2Manifest, testing::Range(std::size_t{0}, lies().size()));

// HS-03: a session id cannot be checked by a middlebox alone, only against the other end's.
TEST(P2Agreement, another_session_id_from_one_end_is_noticed_by_the_middlebox) {
  for (const bool client_lies : {true, false}) {
    const Twist lie = altering<wire::Keys>([](wire::Keys& keys) { flip(keys.manifest.session_id); });
    Stage stage{client_lies ? cast(1, lie) : cast(1, {}, lie)};
    stage.run();
    expect_noticed(stage, 1, Fault::manifest_differs);
  }
}

// HS-03: with the Keys of one end alone, a middlebox is ready for nothing.
TEST(P2Agreement, keys_from_one_end_alone_make_no_middlebox_ready) {
  for (const std::size_t silent : {std::size_t{0}, std::size_t{2}}) {
    Casting casting = cast(1);
    casting.twists[silent] = withholding(MessageType::keys);
    casting.patient = {silent};
    Stage stage{std::move(casting)};
    stage.run_for(limits::handshake_deadline + std::chrono::milliseconds{100});
    EXPECT_TRUE(stage.nobody_said(MessageType::ready));
    EXPECT_EQ(stage.path.record(1), nullptr);
    expect_noticed(stage, silent == 0 ? stage.server() : 0, {Fault::timeout, Fault::peer_alert});
  }
}

// HS-05: the ends give a member's place to another. Whoever finds a stranger at its own place says so: all pairs of
// three.
TEST(P2Agreement, members_in_each_others_places_are_noticed_by_both_of_them) {
  for (std::size_t a = 1; a <= 3; ++a) {
    for (std::size_t b = a + 1; b <= 3; ++b) {
      for (const std::size_t first : {a, b}) {  // each of the two alone gets the falsified manifest
        const Twist swap = altering<wire::Keys>(
            [&](wire::Keys& k) { std::swap(k.manifest.members.items[a], k.manifest.members.items[b]); }, first);
        Stage stage{cast(3, swap, swap)};
        stage.run();
        SCOPED_TRACE(std::to_string(a) + " and " + std::to_string(b));
        expect_noticed(stage, first, Fault::manifest_differs);
      }
    }
  }
}

// HS-05: leaf and description are bound to one place together: neither half can be somebody else's.
TEST(P2Agreement, the_leaf_or_the_description_of_a_fellow_is_noticed_by_the_middlebox_in_whose_place_it_stands) {
  for (const bool leaf : {true, false}) {
    const Twist swap = altering<wire::Keys>(
        [&](wire::Keys& k) {
          auto& members = k.manifest.members.items;
          leaf ? std::swap(members[1].leaf_hash, members[2].leaf_hash)
               : std::swap(members[1].describe_hash, members[2].describe_hash);
        },
        2);
    Stage stage{cast(2, swap, swap)};
    stage.run();
    expect_noticed(stage, 2, Fault::manifest_differs);
  }
}

// HS-11: step 2: the client's Confirm must be the server's own manifest before a single key leaves the server.
TEST(P2Agreement, a_client_that_confirms_another_manifest_is_noticed_by_the_server_before_any_key_leaves_it) {
  for (const std::size_t n : {0U, 1U, 2U}) {
    Stage stage{cast(n, altering<wire::Confirm>([](wire::Confirm& c) { flip(c.manifest_hash); }))};
    stage.run();
    expect_noticed(stage, stage.server(), Fault::manifest_differs);
    EXPECT_EQ(stage.count(stage.server(), MessageType::keys), 0U);
    EXPECT_EQ(stage.path.record(stage.server()), nullptr);
  }
}

// HS-11: step 4, at the client.
TEST(P2Agreement, a_server_that_confirms_another_manifest_is_noticed_by_the_client) {
  for (const std::size_t n : {0U, 1U, 2U}) {
    Stage stage{cast(n, {}, altering<wire::Confirm>([](wire::Confirm& c) { flip(c.manifest_hash); }))};
    stage.run();
    expect_noticed(stage, 0, Fault::manifest_differs);
  }
}

// HS-08: what a middlebox says of itself must be the same to both ends, in every field.
TEST(P2Agreement, a_middlebox_that_describes_itself_differently_to_the_two_ends_is_noticed_by_the_server) {
  const std::vector<std::function<void(wire::Describe&)>> changes = {
      [](wire::Describe& d) { d.operator_name = wire::Opaque<0, 255>{std::string_view{"Another Ltd"}}; },
      [](wire::Describe& d) { d.purpose = wire::Opaque<0, 1023>{std::string_view{"virus scan"}}; },
      [](wire::Describe& d) { d.software = wire::Opaque<0, 255>{std::string_view{"x"}}; },
      [](wire::Describe& d) { d.contact = wire::Opaque<0, 255>{std::string_view{"x"}}; },
      [](wire::Describe& d) { flip(d.nonce); },
      [](wire::Describe& d) {
        d.extensions.items.push_back({900, {}});
      },
  };
  for (const auto& change : changes) {
    for (const Side lied_to : {Side::client, Side::server}) {
      Casting casting = cast(2);
      casting.twists[1] = altering<wire::Describe>(change, slot(lied_to));
      Stage stage{std::move(casting)};
      stage.run();
      expect_noticed(stage, stage.server(), Fault::manifest_differs);
      EXPECT_EQ(stage.count(stage.server(), MessageType::keys), 0U);
    }
  }
}

// HS-07: a certificate renewed between a middlebox's two handshakes.
TEST(P2Agreement, a_middlebox_that_shows_the_two_ends_different_leaves_is_noticed_by_the_server) {
  auto& pki = sim::TestPki::shared();
  Casting casting = cast(1);
  casting.middlebox_setup = [&](std::size_t, session::MiddleboxAssociation::Options& options) {
    options.server_side =
        pki.context(false, tls::ChannelKind::server_side, pki.make("m1.example", tls::Role::middlebox));
  };
  Stage stage{std::move(casting)};
  stage.run();
  expect_noticed(stage, stage.server(), Fault::manifest_differs);
}

// HS-07 at the server's end: "the server's leaf the one it verified on s_i".
TEST(P2Agreement, a_server_that_shows_the_middlebox_another_leaf_than_the_client_is_noticed_by_the_middlebox) {
  auto& pki = sim::TestPki::shared();
  Casting casting = cast(1);
  casting.server_setup = [&](session::ServerAssociation::Options&, session::EndpointChannels& channels) {
    channels.middlebox =
        pki.context(true, tls::ChannelKind::server_side, pki.make("server.example", tls::Role::server));
  };
  Stage stage{std::move(casting)};
  stage.run();
  expect_noticed(stage, 1, Fault::manifest_differs);
}

// HS-04: two associations of one middlebox; the network crosses its channels with the clients.
TEST(P2Agreement, client_channels_of_two_associations_crossed_are_noticed_by_both_servers) {
  Stage a{cast(1)};
  Casting other = cast(1);
  other.spec.seed = 2;
  Stage b{std::move(other)};
  cross(a, b, {.hop = 0, .channel = {1, 0}});
  for (Stage* stage : {&a, &b}) {
    expect_noticed(*stage, stage->server(), Fault::manifest_differs);
    EXPECT_EQ(stage->count(stage->server(), MessageType::keys), 0U);
  }
}

// HS-04, the other side.
TEST(P2Agreement, server_channels_of_two_associations_crossed_are_noticed_by_both_servers) {
  Stage a{cast(1)};
  Casting other = cast(1);
  other.spec.seed = 2;
  Stage b{std::move(other)};
  cross(a, b, {.hop = 1, .channel = {1, wire::flag::server_channel}});
  for (Stage* stage : {&a, &b}) expect_noticed(*stage, stage->server(), Fault::manifest_differs);
}

// HS-04, worst case: the middlebox draws the same nonce again and the clients the same random, so that hello_hash and
// every member are alike. Only the end-to-end channels differ: the session id, and the middlebox's comparison of both
// Keys.
TEST(P2Agreement, crossed_channels_of_associations_with_equal_nonces_are_noticed_by_the_middlebox) {
  for (const bool clients : {true, false}) {
    Stage a{cast(1)};
    Stage b{cast(1)};
    cross(a, b,
          clients ? Splice{.hop = 0, .channel = {1, 0}} : Splice{.hop = 1, .channel = {1, wire::flag::server_channel}});
    for (Stage* stage : {&a, &b}) {
      expect_noticed(*stage, 1, Fault::manifest_differs);
      EXPECT_TRUE(stage->nobody_said(MessageType::ready));
    }
  }
}

// HS-04: the end-to-end channels crossed: each client is answered by the server of the other.
TEST(P2Agreement, end_to_end_channels_of_two_associations_crossed_are_noticed_by_both_clients) {
  Stage a{cast(1)};
  Casting other = cast(1);
  other.spec.seed = 2;
  Stage b{std::move(other)};
  cross(a, b, {.hop = 1, .channel = {0, 0}});
  for (Stage* stage : {&a, &b}) expect_noticed(*stage, 0, Fault::hello_hash);
}

// HS-04: the same with equal Hellos: the servers accept alike, but each manifest names the other's session id.
TEST(P2Agreement, crossed_end_to_end_channels_of_equal_hellos_are_noticed_by_the_middlebox) {
  Stage a{cast(1)};
  Stage b{cast(1)};
  cross(a, b, {.hop = 1, .channel = {0, 0}});
  for (Stage* stage : {&a, &b}) expect_noticed(*stage, 1, Fault::manifest_differs);
}

// HS-05: channels of two middleboxes exchanged on the way: the one that answers is not the one that the route names
// there.
TEST(P2Agreement, channels_of_two_middleboxes_exchanged_are_noticed_by_name) {
  for (std::uint8_t a = 1; a <= 3; ++a) {
    for (std::uint8_t b = static_cast<std::uint8_t>(a + 1); b <= 3; ++b) {
      SCOPED_TRACE(std::to_string(a) + " and " + std::to_string(b));
      Stage of_client{cast(3)};
      exchange_channels(of_client, 0, {a, 0}, {b, 0});
      of_client.run();
      expect_noticed(of_client, 0, Fault::certificate_name);
      Stage of_server{cast(3)};
      exchange_channels(of_server, 3, {a, wire::flag::server_channel}, {b, wire::flag::server_channel});
      of_server.run();
      expect_noticed(of_server, of_server.server(), Fault::certificate_name);
    }
  }
}

// HS-05: a middlebox's channels with client and server mistaken for one another: ALPN and roles keep them apart. On the
// hop behind M1 the client's channel does not even belong.
TEST(P2Agreement, a_channel_of_the_client_passed_off_as_one_of_the_server_is_noticed_at_the_next_party) {
  Stage stage{cast(2)};
  exchange_channels(stage, 1, {2, 0}, {2, wire::flag::server_channel});
  stage.run();
  expect_noticed(stage, 2, Fault::unexpected_frame);
}

}  // namespace
}  // namespace louver::rogue

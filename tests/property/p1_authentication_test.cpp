#include "crypto/hash.h"
#include "rogue/agreement_certificates.h"
#include "rogue/agreement_stage.h"

// P1: each endpoint authenticates the other and every middlebox; every middlebox authenticates the server. What makes a
// certificate right is tested exhaustively beside src/tls; here: that every party looks at it on each of its channels,
// before anything else.
namespace louver::rogue::authentication {
namespace {

using tls::ChannelKind;
using tls::Role;
using wire::MessageType;

/// The five places where a party shows a certificate, and who must look at it.
struct Place {
  const char* name;
  Role role;
  const char* own_name;
  std::size_t shown_to;  // of a path with one middlebox: 0 client, 1 M1, 2 server
  bool end_to_end;
  bool tls_server;
};
const Place places[] = {
    {"server to client", Role::server, "server.example", 0, true, true},
    {"client to server", Role::client, "client.example", 2, true, false},
    {"middlebox to client", Role::middlebox, "m1.example", 0, false, true},
    {"middlebox to server", Role::middlebox, "m1.example", 2, false, false},
    {"server to middlebox", Role::server, "server.example", 1, false, true},
};

/// One path with one middlebox where this certificate is shown in that place, and good ones everywhere else.
Casting showing(const Place& place, std::shared_ptr<const tls::Identity> shown) {
  auto& pki = sim::TestPki::shared();
  Casting casting = cast(1);
  casting.spec.client_certificate = true;
  const auto context = [&pki, &place, shown](ChannelKind kind) { return pki.context(place.tls_server, kind, shown); };
  if (place.role == Role::client) {
    casting.client_channels = [context](session::EndpointChannels& channels) {
      channels.end_to_end = context(ChannelKind::end_to_end);
    };
  } else if (place.role == Role::server) {
    casting.server_setup = [context, &place](auto&, session::EndpointChannels& channels) {
      (place.end_to_end ? channels.end_to_end : channels.middlebox) =
          context(place.end_to_end ? ChannelKind::end_to_end : ChannelKind::server_side);
    };
  } else {
    casting.middlebox_setup = [context, &place](std::size_t, session::MiddleboxAssociation::Options& options) {
      (place.tls_server ? options.client_side : options.server_side) =
          context(place.tls_server ? ChannelKind::client_side : ChannelKind::server_side);
    };
  }
  return casting;
}

OddLeaf good_leaf(const Place& place) {
  OddLeaf leaf;
  leaf.names = std::string{"DNS:"} + place.own_name;
  leaf.usages = usage_of(place.role);
  return leaf;
}

class P1Place : public testing::TestWithParam<std::size_t> {
 protected:
  const Place& place() const { return places[GetParam()]; }
  /// Whoever is shown this certificate notices, no end hands out a key, and no middlebox gets any.
  void expect_refused(const OddLeaf& leaf, std::set<Fault> faults) {
    Stage stage{showing(place(), make_leaf(leaf))};
    stage.run();
    expect_noticed(stage, place().shown_to, std::move(faults));
    EXPECT_TRUE(stage.nobody_said(MessageType::ready));
    EXPECT_EQ(stage.path.record(1), nullptr);
  }
};
INSTANTIATE_TEST_SUITE_P(Places, P1Place, testing::Range(std::size_t{0}, std::size(places)), [](const auto& param) {
  std::string name = places[param.param].name;
  std::ranges::replace(name, ' ', '_');
  return name;
});

// The stage itself: a good certificate made in the same way is taken (but for one of the two places of a party, where
// it makes two leaves of one party: HS-07).
TEST_P(P1Place, a_good_certificate_is_taken) {
  Stage stage{showing(place(), make_leaf(good_leaf(place())))};
  stage.run();
  if (place().role == Role::client) {
    expect_agreed(stage);
    return;
  }
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(!stage.fault(i) || stage.fault(i) == Fault::manifest_differs || stage.fault(i) == Fault::peer_alert);
}

// KI-05: names, octet by octet.
TEST_P(P1Place, a_certificate_for_another_name_is_noticed) {
  if (place().role == Role::client)
    return;  // the route names no client: which names are welcome, the server's policy says
  const std::string own = place().own_name;
  std::string upper = own;
  upper[0] = static_cast<char>(upper[0] - 'a' + 'A');
  for (const std::string& name :
       {std::string{"other.example"}, "x" + own, own + ".example", upper, std::string{"example"}}) {
    SCOPED_TRACE(name);
    OddLeaf leaf = good_leaf(place());
    leaf.names = "DNS:" + name;
    leaf.common_name = own;  // the common name is no name
    expect_refused(leaf, {Fault::certificate_name});
  }
  OddLeaf leaf = good_leaf(place());
  leaf.names = "URI:spiffe://example/" + own;
  expect_refused(leaf, {Fault::certificate_name});
}

// KI-04: roles; ours alone, and the one that belongs here.
TEST_P(P1Place, a_certificate_for_another_role_is_noticed) {
  std::vector<std::string> usages = {"",
                                     "serverAuth",
                                     "clientAuth",
                                     "anyExtendedKeyUsage",
                                     "2.999.1.4",
                                     usage_of(place().role) + ",serverAuth",
                                     usage_of(place().role) + ",anyExtendedKeyUsage"};
  for (const Role other : {Role::client, Role::middlebox, Role::server}) {
    if (other == place().role) continue;
    usages.push_back(usage_of(other));
    usages.push_back(usage_of(place().role) + "," + usage_of(other));
  }
  for (const std::string& usage : usages) {
    SCOPED_TRACE(usage);
    OddLeaf leaf = good_leaf(place());
    leaf.usages = usage;
    expect_refused(leaf, {Fault::certificate_role});
  }
}

// KI-06: chains and validity.
TEST_P(P1Place, a_certificate_that_no_configured_authority_stands_for_is_noticed) {
  const auto expect = [&](const char* what, std::set<Fault> faults, const std::function<void(OddLeaf&)>& spoil) {
    SCOPED_TRACE(what);
    OddLeaf leaf = good_leaf(place());
    spoil(leaf);
    expect_refused(leaf, std::move(faults));
  };
  using std::chrono::hours;
  expect("unknown authority", {Fault::certificate_invalid}, [](OddLeaf& leaf) { leaf.issuer = &stranger(); });
  expect("expired", {Fault::certificate_invalid}, [](OddLeaf& leaf) {
    leaf.begins = hours{-2};
    leaf.ends = hours{-1};
  });
  expect("not yet valid", {Fault::certificate_invalid}, [](OddLeaf& leaf) { leaf.begins = hours{1}; });
  expect("itself an authority", {Fault::certificate_invalid, Fault::certificate_role}, [](OddLeaf& leaf) {
    leaf.basic_constraints = "critical,CA:TRUE";
    leaf.key_usage = "critical,digitalSignature,keyCertSign";
  });
  expect("not for signatures", {Fault::certificate_invalid, Fault::certificate_role},
         [](OddLeaf& leaf) { leaf.key_usage = "critical,keyAgreement"; });
}

// KI-06: an expired certificate is looked at with the engine's own clock.
TEST(P1Authentication, certificates_that_have_expired_meanwhile_are_noticed) {
  Stage stage{cast(1)};
  stage.path.clock.wall += std::chrono::hours{24 * 365};
  stage.run();
  expect_nothing_stands(stage);
  EXPECT_EQ(stage.fault(0), Fault::certificate_invalid) << stage.why(0);
}

// P1: who must have a certificate and shows none.
TEST(P1Authentication, an_anonymous_client_is_noticed_by_a_server_that_wants_a_certificate) {
  Casting casting = cast(1);
  casting.spec.client_certificate = true;
  casting.client_channels = [](session::EndpointChannels& channels) {
    channels = sim::TestPki::shared().client(nullptr);
  };
  Stage stage{std::move(casting)};
  stage.run();
  expect_noticed(stage, 2, {Fault::certificate_invalid, Fault::tls_failed});
  EXPECT_TRUE(stage.nobody_said(MessageType::ready));
}

wire::Manifest manifest_in(const Stage& stage) {
  const auto keys = std::ranges::find(stage.said, MessageType::keys, &Said::type);
  return wire::decode<wire::Keys>(keys->body)->manifest;
}

// P1: "if it has one". An anonymous client is nobody to everybody, in the manifest too.
TEST(P1Authentication, an_anonymous_client_is_told_as_nobody) {
  Stage stage{cast(1)};
  stage.run();
  expect_agreed(stage);
  const auto& parties = stage.path.record(2)->parties();
  ASSERT_EQ(parties.size(), 2U);
  EXPECT_EQ(parties.front().index, PartyIndex{0});
  EXPECT_EQ(parties.front().name, "");
  EXPECT_EQ(manifest_in(stage).members.items.front().leaf_hash, wire::Hash{});
}

// The client's leaf in the manifest is bound to its end-to-end channel: that of another association is none here, and
// middleboxes, which see the manifest, cannot tell which certificate it is.
TEST(P1Authentication, a_clients_certificate_stands_in_the_manifest_bound_to_its_channel) {
  std::set<wire::Hash> seen;
  const auto identity = sim::TestPki::shared().identity("client.example", Role::client);
  for (int i = 0; i < 3; ++i) {
    Casting casting = cast(1);
    casting.spec.client_certificate = true;
    Stage stage{std::move(casting)};
    stage.run();
    expect_agreed(stage);
    const wire::Hash leaf = manifest_in(stage).members.items.front().leaf_hash;
    EXPECT_NE(leaf, identity->leaf_hash());
    EXPECT_TRUE(seen.insert(leaf).second);
    EXPECT_EQ(stage.path.record(2)->parties().front().name, "client.example");
    // "takes the client on the server's word": a middlebox itself vouches for the server alone.
    ASSERT_EQ(stage.path.record(1)->parties().size(), 1U);
    EXPECT_EQ(stage.path.record(1)->parties().front().name, "server.example");
  }
}

std::shared_ptr<const tls::Identity> leaf_for(Role role, const std::string& names,
                                              std::shared_ptr<const tls::Identity> key_of) {
  OddLeaf leaf;
  leaf.names = names;
  leaf.usages = usage_of(role);
  leaf.key_of = std::move(key_of);
  return make_leaf(leaf);
}

std::shared_ptr<const tls::Identity> usual(const std::string& name, Role role) {
  return sim::TestPki::shared().identity(name, role);
}

// HS-06: one party in two seats: one certificate, or one key in two certificates. The client finds it first.
TEST(P1Authentication, two_parties_with_one_certificate_or_one_key_are_noticed_by_the_client) {
  const std::vector<std::pair<const char*, std::function<void(Casting&)>>> twins = {
      {"one certificate for both middleboxes",
       [](Casting& c) {
         c.identities[1] = c.identities[2] = leaf_for(Role::middlebox, "DNS:m1.example,DNS:m2.example", nullptr);
       }},
      {"one key for both middleboxes",
       [](Casting& c) {
         c.identities[2] = leaf_for(Role::middlebox, "DNS:m2.example", usual("m1.example", Role::middlebox));
       }},
      {"the server's key at a middlebox",
       [](Casting& c) {
         c.identities[1] = leaf_for(Role::middlebox, "DNS:m1.example", usual("server.example", Role::server));
       }},
      {"the client's key at a middlebox",
       [](Casting& c) {
         c.identities[2] = leaf_for(Role::middlebox, "DNS:m2.example", usual("client.example", Role::client));
       }},
      {"the client's key at the server",
       [](Casting& c) {
         c.identities[3] = leaf_for(Role::server, "DNS:server.example", usual("client.example", Role::client));
       }},
  };
  for (const auto& [what, make] : twins) {
    SCOPED_TRACE(what);
    Casting casting = cast(2);
    casting.spec.client_certificate = true;
    make(casting);
    Stage stage{std::move(casting)};
    stage.run();
    expect_noticed(stage, 0, Fault::duplicate_party);
    EXPECT_TRUE(stage.nobody_said(MessageType::confirm));
    EXPECT_TRUE(stage.nobody_said(MessageType::keys));
  }
}

// HS-06 at the other end: what the client sees is in order, the server is shown the twin.
TEST(P1Authentication, two_parties_with_one_key_towards_the_server_are_noticed_by_the_server) {
  for (const std::string& twin_of :
       {std::string{"m2.example"}, std::string{"server.example"}, std::string{"client.example"}}) {
    SCOPED_TRACE(twin_of);
    const Role role = twin_of[0] == 'm' ? Role::middlebox : twin_of[0] == 's' ? Role::server : Role::client;
    const auto twin = leaf_for(Role::middlebox, "DNS:m1.example", usual(twin_of, role));
    Casting casting = cast(2);
    casting.spec.client_certificate = true;
    casting.middlebox_setup = [&](std::size_t i, session::MiddleboxAssociation::Options& options) {
      if (i == 1) options.server_side = sim::TestPki::shared().context(false, ChannelKind::server_side, twin);
    };
    Stage stage{std::move(casting)};
    stage.run();
    expect_noticed(stage, 3, Fault::duplicate_party);
    EXPECT_EQ(stage.count(3, MessageType::keys), 0U);
  }
}

// P1: a middlebox that is authenticated by one end only is authenticated by none: the other end's channel with it never
// completes.
TEST(P1Authentication, a_middlebox_that_proves_itself_to_one_end_only_stops_both) {
  for (const std::size_t kept_from : {std::size_t{0}, std::size_t{2}}) {
    Casting casting = cast(1);
    casting.patient = {1};
    Stage stage{std::move(casting)};
    const std::size_t hop = kept_from == 0 ? 0 : 1;
    const ChannelName name{1, kept_from == 0 ? std::uint8_t{0} : wire::flag::server_channel};
    stage.chain().tamper(hop, kept_from == 0 ? Direction::s2c : Direction::c2s,
                         dropping([name](Bytes frame) { return channel_of(frame) == name; }));
    stage.run_for(limits::handshake_deadline + std::chrono::milliseconds{50});
    expect_noticed(stage, kept_from, {Fault::timeout, Fault::peer_alert});
    EXPECT_TRUE(stage.nobody_said(MessageType::ready));
    EXPECT_EQ(stage.count(kept_from, MessageType::keys), 0U);
  }
}

}  // namespace
}  // namespace louver::rogue::authentication

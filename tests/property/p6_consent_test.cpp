#include "rogue/agreement_stage.h"

// P6: nobody takes part whom both endpoints have not approved by authenticated name; each middlebox states who runs it
// and what for, the same to both; either endpoint can refuse or lower grants. Default: none.
namespace louver::rogue {
namespace {

using session::Grant;
using wire::MessageType;

// --- grants offered and accepted (HS-09)
// -----------------------------------------------------------------------------------------

std::byte grants_octet(Direction d, Grant grant) {
  return static_cast<std::byte>(static_cast<unsigned>(grant) << (d == Direction::c2s ? 0 : 4));
}

Twist accepting(Direction d, Grant grant) {
  return altering<wire::Accept>([=](wire::Accept& accept) { accept.grants.bytes[0] = grants_octet(d, grant); });
}

Casting offering(Direction direction, Grant grant) {
  Casting casting = cast(1);
  casting.spec.grants = [=](std::size_t, std::string_view, Direction d) {
    return d == direction ? grant : Grant::none;
  };
  return casting;
}

class P6Grant : public testing::TestWithParam<std::tuple<int, int, bool>> {};
INSTANTIATE_TEST_SUITE_P(OfferedAccepted, P6Grant,
                         testing::Combine(testing::Range(0, 5), testing::Range(0, 5), testing::Bool()));

// HS-09: 5 x 5, both directions: what a server accepts beyond the offer, the client refuses; the same or less is told
// to everybody.
TEST_P(P6Grant, accepted_beyond_the_offer_is_noticed_by_the_client_and_below_it_is_told_to_all) {
  const auto [o, a, downwards] = GetParam();
  const Grant offered = static_cast<Grant>(o), accepted = static_cast<Grant>(a);
  const Direction d = downwards ? Direction::s2c : Direction::c2s;
  Casting casting = offering(d, offered);
  if (accepted > offered) {
    casting.twists[2] = accepting(d, accepted);
    Stage stage{std::move(casting)};
    stage.run();
    expect_noticed(stage, 0, Fault::grant_raised);
    EXPECT_TRUE(stage.nobody_said(MessageType::keys));
    return;
  }
  casting.spec.server_grants = [=](std::size_t, std::string_view, Direction, Grant wanted) {
    return std::min(wanted, accepted);
  };
  Stage stage{std::move(casting)};
  stage.run();
  expect_agreed(stage);
  for (std::size_t party = 0; party < 3;
       ++party) {  // each knows the grant that counts, and the other direction stays empty
    const session::Terms& terms = stage.path.record(party)->terms();
    EXPECT_EQ(terms.grant(PartyIndex{1}, ContextId{1}, d), accepted);
    EXPECT_EQ(terms.grant(PartyIndex{1}, ContextId{1}, opposite(d)), Grant::none);
  }
}

// HS-09: the server's own engine does not let its policy raise a grant either.
TEST(P6Consent, a_servers_policy_that_raises_a_grant_is_stopped_by_its_own_engine) {
  Casting casting = offering(Direction::c2s, Grant::read);
  casting.spec.server_grants = [](std::size_t, std::string_view, Direction, Grant) { return Grant::write; };
  Stage stage{std::move(casting)};
  stage.run();
  expect_noticed(stage, 2, Fault::grant_raised);
  EXPECT_TRUE(stage.nobody_said(MessageType::accept));
}

// HS-09: a grant for a middlebox, a context or a direction that was offered none, while others are lowered.
TEST(P6Consent, a_grant_moved_to_another_context_middlebox_or_direction_is_noticed_by_the_client) {
  const auto moved = [](std::size_t from, std::size_t to) {
    return altering<wire::Accept>(
        [=](wire::Accept& accept) { std::swap(accept.grants.bytes[from], accept.grants.bytes[to]); });
  };
  for (const std::size_t to : {1U, 2U, 3U}) {
    Casting casting = cast(2, {}, moved(0, to));
    casting.spec.profile = &pair_traits;
    casting.spec.grants = sim::grants_from("M1: first=inspect");
    Stage stage{std::move(casting)};
    stage.run();
    expect_noticed(stage, 0, Fault::grant_raised);
  }
  Casting casting =
      cast(1, {}, altering<wire::Accept>([](wire::Accept& accept) { accept.grants.bytes[0] = std::byte{0x20}; }));
  casting.spec.profile = &sim::stream_traits;  // "up" has no way down
  casting.spec.grants = sim::grants_from("M1: up=inspect");
  Stage stage{std::move(casting)};
  stage.run();
  expect_noticed(stage, 0, Fault::grant_raised);
}

// HS-09: everything else that an Accept may not do.
TEST(P6Consent, an_accept_that_does_not_answer_this_offer_is_noticed_by_the_client) {
  struct Case {
    const char* what;
    std::function<void(wire::Accept&)> spoil;
    Fault fault;
  };
  const auto data = [](std::string_view text) { return wire::Opaque<0, 65535>{text}; };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"another association", [](wire::Accept& a) { a.hello_hash[0] ^= std::byte{1}; }, Fault::hello_hash},
      {"version 0", [](wire::Accept& a) { a.version = 0; }, Fault::unsupported_version},
      {"version 2", [](wire::Accept& a) { a.version = 2; }, Fault::unsupported_version},
      {"suite not offered", [](wire::Accept& a) { a.suite = 0x1302; }, Fault::unsupported_suite},
      {"suite unknown", [](wire::Accept& a) { a.suite = 0; }, Fault::unsupported_suite},
      {"a grant too few", [](wire::Accept& a) { a.grants.bytes.pop_back(); }, Fault::grant_raised},
      {"a grant too many", [](wire::Accept& a) { a.grants.bytes.push_back({}); }, Fault::grant_raised},
      {"extension not offered",
       [&](wire::Accept& a) {
         a.extensions.items.push_back({99, data("")});
       },
       Fault::extension_refused},
      {"audit not offered",
       [&](wire::Accept& a) {
         a.extensions.items.push_back({wire::extension::audit, data("\x01")});
       },
       Fault::extension_refused},
      {"max_record above", [&](wire::Accept& a) { a.extensions.items[0].data = data("\0\0\x40\x01"sv); },
       Fault::extension_refused},
      {"max_record out of bounds", [&](wire::Accept& a) { a.extensions.items[0].data = data("\0\0\0\x01"sv); },
       Fault::bad_value},
      {"another profile", [&](wire::Accept& a) { a.extensions.items[1].data = data("stream/1"); },
       Fault::extension_refused},
      {"no profile", [&](wire::Accept& a) { a.extensions.items.pop_back(); }, Fault::extension_refused},
      {"extension twice", [&](wire::Accept& a) { a.extensions.items.push_back(a.extensions.items[0]); },
       Fault::bad_value},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    Stage stage{cast(1, {}, altering<wire::Accept>(one.spoil))};
    stage.run();
    expect_noticed(stage, 0, one.fault);
    EXPECT_TRUE(stage.nobody_said(MessageType::confirm));
    EXPECT_TRUE(stage.nobody_said(MessageType::keys));
  }
}

// HS-09: the same when the Accept comes only behind the client's Finished: "an Accept after Fin is treated the same".
TEST(P6Consent, a_late_accept_is_looked_at_as_an_early_one) {
  for (const bool raised : {false, true}) {
    Casting casting = offering(Direction::c2s, Grant::read);
    casting.server_setup = [](session::ServerAssociation::Options& options, auto&) {
      options.answer_after_finished = true;
    };
    if (raised) casting.twists[2] = accepting(Direction::c2s, Grant::write);
    Stage stage{std::move(casting)};
    stage.run();
    if (raised) {
      expect_noticed(stage, 0, Fault::grant_raised);
    } else {
      expect_agreed(stage);
    }
  }
}

// --- refusals
// -----------------------------------------------------------------------------------------------------------------

class RefusingClient final : public session::EndpointPolicy {
 public:
  explicit RefusingClient(Fault fault) : fault_(fault) {}
  Result<> approve(const session::Terms& terms, const std::vector<session::PartyReport>& parties) override {
    ++asked;
    grant = terms.grant(PartyIndex{1}, ContextId{1}, Direction::c2s);
    reports = parties;
    return Error{fault_, "not what we want"};
  }
  int asked = 0;
  Grant grant{};
  std::vector<session::PartyReport> reports;

 private:
  Fault fault_;
};

/// Grants as offered, or refuses: at the Hello, or when it has seen everybody.
class TestServerPolicy final : public session::ServerPolicy {
 public:
  std::optional<Fault> at_hello, at_approval;
  std::vector<session::PartyReport> reports;

  Result<wire::Accept> answer(const wire::Hello& hello, const session::Terms&) override {
    if (at_hello) return Error{*at_hello, "not from you"};
    wire::Accept accept;
    accept.suite = hello.suites.items.front();
    accept.extensions = hello.extensions;
    accept.grants = wire::Opaque<0, 65535>{Bytes{hello.grants.bytes}};
    return accept;
  }
  Result<> approve(const session::Terms&, const std::vector<session::PartyReport>& parties) override {
    reports = parties;
    if (at_approval) return Error{*at_approval, "not with them"};
    return {};
  }
};

// Either end refuses: a client that wants `inspect` and gets less, one that does not want this operator. The server is
// told, by name of the alert and of the party; no key has left the client.
TEST(P6Consent, a_client_that_refuses_ends_it_before_any_key_and_the_server_is_told) {
  for (const Fault fault : {Fault::grant_refused, Fault::blocked_by_policy}) {
    RefusingClient policy{fault};
    Casting casting = offering(Direction::c2s, Grant::inspect);
    casting.client_policy = &policy;
    casting.spec.server_grants = [](std::size_t, std::string_view, Direction, Grant wanted) {
      return std::min(wanted, Grant::read);
    };
    Stage stage{std::move(casting)};
    stage.run();
    expect_noticed(stage, 0, fault);
    EXPECT_TRUE(stage.path.server().peer_alert()->authenticated);
    EXPECT_EQ(policy.asked, 1);
    EXPECT_EQ(policy.grant, Grant::read) << "it was asked about another grant than counts";
    EXPECT_TRUE(stage.nobody_said(MessageType::confirm));
    EXPECT_TRUE(stage.nobody_said(MessageType::keys));
  }
}

// The server refuses at the Hello: nobody has its answer, no middlebox a key.
TEST(P6Consent, a_server_that_refuses_the_offer_ends_it_before_its_accept_and_the_client_is_told) {
  for (const Fault fault : {Fault::grant_refused, Fault::blocked_by_policy}) {
    TestServerPolicy policy;
    policy.at_hello = fault;
    Casting casting = cast(2);
    casting.server_policy = &policy;
    Stage stage{std::move(casting)};
    stage.run();
    expect_noticed(stage, 3, fault);
    EXPECT_TRUE(stage.nobody_said(MessageType::accept));
  }
}

// The server refuses one of the parties when it has seen them: after the client's Confirm, before a key of its own.
TEST(P6Consent, a_server_that_refuses_a_party_ends_it_before_its_keys_and_the_client_is_told) {
  TestServerPolicy policy;
  policy.at_approval = Fault::blocked_by_policy;
  Casting casting = cast(2);
  casting.server_policy = &policy;
  Stage stage{std::move(casting)};
  stage.run();
  expect_noticed(stage, 3, Fault::blocked_by_policy);
  EXPECT_TRUE(stage.path.client().peer_alert()->authenticated);
  EXPECT_EQ(stage.count(3, MessageType::keys), 0U);
  EXPECT_EQ(stage.count(3, MessageType::confirm), 0U);
  EXPECT_TRUE(stage.nobody_said(MessageType::ready));
}

class TestMiddleboxPolicy final : public session::MiddleboxPolicy {
 public:
  std::optional<Fault> at_hello, at_approval;
  PartyIndex index{1};
  Result<PartyIndex> place(const wire::Hello&) override {
    if (at_hello) return Error{*at_hello, "not there"};
    return index;
  }
  Result<> approve(const session::Terms&, PartyIndex) override {
    if (at_approval) return Error{*at_approval, "not this"};
    return {};
  }
};

// A middlebox that is not in the route, or does not know whom it would connect to: nothing goes on.
TEST(P6Consent, a_middlebox_that_has_no_place_in_the_route_passes_nothing_on) {
  for (const Fault fault : {Fault::not_in_route, Fault::next_hop_refused}) {
    TestMiddleboxPolicy policy;
    policy.at_hello = fault;
    Casting casting = cast(1);
    casting.middlebox_policies[1] = &policy;
    Stage stage{std::move(casting)};
    stage.run();
    EXPECT_EQ(stage.fault(1), fault);
    EXPECT_EQ(stage.fault(0), Fault::peer_alert);
    EXPECT_EQ(stage.path.client().peer_alert()->alert, alert_for(fault));
    EXPECT_TRUE(stage.chain().seen(1, Direction::c2s).empty());
    expect_nothing_stands(stage);
  }
}

TEST(P6Consent, a_middlebox_that_refuses_its_grants_ends_it_before_ready_and_both_ends_are_told) {
  TestMiddleboxPolicy policy;
  policy.at_approval = Fault::grant_refused;
  Casting casting = cast(2);
  casting.middlebox_policies[1] = &policy;
  Stage stage{std::move(casting)};
  stage.run();
  expect_noticed(stage, 1, Fault::grant_refused);
  EXPECT_EQ(stage.count(1, MessageType::ready), 0U);
  EXPECT_EQ(stage.path.record(1), nullptr);
}

// --- lowering
// -------------------------------------------------------------------------------------------------------------------

// What either end takes away, the middlebox has no key for, and the other end knows.
TEST(P6Consent, a_grant_that_the_server_lowers_to_none_leaves_the_middlebox_without_a_key) {
  Casting casting = cast(2);
  casting.spec.profile = &pair_traits;
  casting.spec.server_grants = [](std::size_t m, std::string_view context, Direction, Grant wanted) {
    return m == 2 && context == "second" ? Grant::none : wanted;
  };
  Stage stage{std::move(casting)};
  stage.run();
  expect_agreed(stage);
  for (Direction d : both_directions) {
    EXPECT_EQ(stage.path.record(0)->terms().grant(PartyIndex{2}, ContextId{2}, d), Grant::none);
    EXPECT_EQ(stage.path.record(0)->terms().grant(PartyIndex{1}, ContextId{2}, d), Grant::read);
  }
  for (const Said& said : stage.said) {
    if (said.type != MessageType::keys || said.channel != 2) continue;
    for (const wire::ItemName& name : names_in_keys(said)) EXPECT_NE(name.context, 2) << wire::to_text(name);
  }
}

// "Default: none": with nothing offered a middlebox has the keys of its two hops, and nothing of any context.
TEST(P6Consent, middleboxes_get_no_key_of_any_context_unless_it_is_offered) {
  Casting casting = cast(3);
  casting.spec.profile = &sim::exchange_traits;
  casting.spec.grants = nullptr;
  Stage stage{std::move(casting)};
  stage.run();
  expect_agreed(stage);
  std::size_t keys = 0;
  for (const Said& said : stage.said) {
    if (said.type != MessageType::keys) continue;
    ++keys;
    for (const wire::ItemName& name : names_in_keys(said)) EXPECT_EQ(name.context, 0) << wire::to_text(name);
  }
  EXPECT_EQ(keys, 6U);
}

// --- who they are
// ------------------------------------------------------------------------------------------------------------------

/// Approves and remembers.
class NotingClient final : public session::EndpointPolicy {
 public:
  Result<> approve(const session::Terms&, const std::vector<session::PartyReport>& parties) override {
    reports = parties;
    return {};
  }
  std::vector<session::PartyReport> reports;
};

// Both ends are shown, before they approve, the same middleboxes under the same names with the same words; and nobody
// else.
TEST(P6Consent, both_ends_approve_the_same_parties_with_the_same_descriptions) {
  NotingClient client;
  TestServerPolicy server;
  Casting casting = cast(3);
  casting.client_policy = &client;
  casting.server_policy = &server;
  casting.middlebox_setup = [](std::size_t i, session::MiddleboxAssociation::Options& options) {
    options.describe.operator_name = wire::Opaque<0, 255>{std::string_view{"Operator " + std::to_string(i)}};
  };
  Stage stage{std::move(casting)};
  stage.run();
  expect_agreed(stage);
  ASSERT_EQ(client.reports.size(), 4U);
  ASSERT_EQ(server.reports.size(), 4U);
  for (std::size_t i = 1; i <= 3; ++i) {
    const session::PartyReport& to_client = client.reports[i - 1];
    const session::PartyReport& to_server = server.reports[i];
    EXPECT_EQ(raw(to_client.index), i);
    EXPECT_EQ(raw(to_server.index), i);
    EXPECT_EQ(to_client.name, sim::party_name(i, 3));
    EXPECT_EQ(to_server.name, to_client.name);
    EXPECT_EQ(to_client.describe, to_server.describe);
    EXPECT_EQ(to_client.describe.operator_name.text(), "Operator " + std::to_string(i));
  }
  std::set<wire::Hash> nonces;  // HS-04: fresh, or two sessions of one middlebox could be spliced
  for (const auto& report : server.reports) nonces.insert(report.describe.nonce);
  EXPECT_EQ(nonces.size(), 4U);  // three of middleboxes, and the client's, which is none
}

// A middlebox that says nothing of itself is approved by nobody.
TEST(P6Consent, a_middlebox_that_does_not_describe_itself_is_approved_by_neither_end) {
  for (const Side silent_to : {Side::client, Side::server}) {
    NotingClient client;
    TestServerPolicy server;
    Casting casting = cast(1);
    casting.client_policy = &client;
    casting.server_policy = &server;
    casting.twists[1] = withholding(MessageType::describe, slot(silent_to));
    casting.patient = {1};
    Stage stage{std::move(casting)};
    stage.run_for(limits::handshake_deadline + std::chrono::milliseconds{50});
    EXPECT_TRUE((silent_to == Side::client ? client.reports : server.reports).empty());
    EXPECT_TRUE(server.reports.empty());
    EXPECT_EQ(stage.count(2, MessageType::keys), 0U);
    expect_ended(stage, silent_to == Side::client ? 0 : stage.server(), {Fault::timeout, Fault::peer_alert});
  }
}

// A middlebox adds a fellow of its own to the path: neither end has it in its route, and no channel of it exists. The
// added party sees only what a hop shows; the Hello that would name it does not match (HS-01).
TEST(P6Consent, a_party_that_is_smuggled_into_the_route_for_the_server_is_noticed_by_the_client) {
  Stage stage{cast(2)};
  stage.chain().tamper(1, Direction::c2s, [](Buffer frame, std::vector<Buffer>& out) {
    if (type_of(frame) == wire::FrameType::hello) {
      wire::Hello hello = *wire::decode_hello(Bytes{frame}.subspan(wire::header_octets));
      hello.route.items.insert(hello.route.items.end() - 1,
                               {wire::Opaque<1, 255>{std::string_view{"m3.example"}}, 4242});
      hello.grants.bytes.push_back(std::byte{0x11});
      frame = wire::make_frame({wire::FrameType::hello, 0, 0, 0}, wire::encode(hello));
    }
    out.push_back(std::move(frame));
  });
  stage.run();
  expect_noticed(stage, 0, Fault::hello_hash);
}

}  // namespace
}  // namespace louver::rogue

#include "rogue/agreement_stage.h"
#include "wire/announce.h"

/// P6 where a middlebox announces itself: a hint from a stranger, in its place, or nothing. docs/protocol.md §10
namespace louver::rogue {
namespace {

using wire::MessageType;

wire::Announce someone(std::string_view name = "m9.example", std::uint8_t position = 1) {
  wire::Announce out;
  out.party = {wire::Opaque<1, 255>{name}, 4009};
  out.position = position;
  out.describe.operator_name = wire::Opaque<0, 255>{std::string_view{"Example"}};
  out.wishes.items.push_back({wire::Opaque<1, 255>{std::string_view{"both"}}, 0x44});
  return out;
}

/// Stands on the path and is not named.
class Unnamed final : public session::MiddleboxPolicy {
 public:
  Result<PartyIndex> place(const wire::Hello&) override { return Error{Fault::not_in_route, "not named"}; }
  Result<> approve(const session::Terms&, PartyIndex) override { return {}; }
  std::optional<wire::Announce> announce(const wire::Hello&) override { return someone(); }
};

void expect_no_keys(Stage& stage) {
  EXPECT_TRUE(stage.nobody_said(MessageType::keys));
  EXPECT_TRUE(stage.nobody_said(MessageType::confirm));
}

TEST(P6Discovery, one_who_is_not_named_says_so_and_passes_nothing_on) {
  Unnamed policy;
  Casting casting = cast(1);
  casting.middlebox_policies[1] = &policy;
  Stage stage{std::move(casting)};
  stage.run();
  EXPECT_EQ(stage.fault(0), Fault::announced);
  ASSERT_TRUE(stage.path.client().announcement());
  EXPECT_EQ(stage.path.client().announcement()->party.name.text(), "m9.example");
  EXPECT_TRUE(stage.chain().seen(1, Direction::c2s).empty());
  expect_no_keys(stage);
}

TEST(P6Discovery, one_behind_another_middlebox_is_heard_by_the_client_unchanged) {
  Unnamed policy;
  Casting casting = cast(2);
  casting.middlebox_policies[2] = &policy;
  Stage stage{std::move(casting)};
  stage.run();
  EXPECT_EQ(stage.fault(0), Fault::announced);
  ASSERT_TRUE(stage.path.client().announcement());
  EXPECT_EQ(*stage.path.client().announcement(), someone());
  EXPECT_TRUE(stage.chain().seen(2, Direction::c2s).empty());
  expect_no_keys(stage);
}

// DI-02: from the client's side, where nobody announces anything
TEST(P6Discovery, from_the_clients_side_it_is_noticed_by_its_first_reader) {
  for (const std::size_t hop : {std::size_t{0}, std::size_t{1}}) {
    Stage stage{cast(1)};
    ASSERT_TRUE(stage.run());
    stage.chain().inject(hop, Direction::c2s, wire::make_announce_frame(someone()));
    stage.chain().run();
    EXPECT_EQ(stage.fault(hop + 1), Fault::unexpected_frame) << stage.why(hop + 1);
  }
}

// DI-02: once keys are out, at the client and at a middlebox
TEST(P6Discovery, in_an_association_that_stands_it_is_noticed_and_nobody_starts_afresh) {
  for (const std::size_t hop : {std::size_t{0}, std::size_t{1}}) {
    Stage stage{cast(1)};
    ASSERT_TRUE(stage.run());
    stage.chain().inject(hop, Direction::s2c, wire::make_announce_frame(someone()));
    stage.chain().run();
    EXPECT_EQ(stage.fault(hop), Fault::unexpected_frame) << stage.why(hop);
    EXPECT_FALSE(stage.path.client().announcement());
  }
}

// DI-02: as the first frame of a connection, at every party that takes connections
TEST(P6Discovery, as_a_first_frame_it_is_noticed) {
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}}) {
    Stage stage{cast(n)};
    stage.chain().inject(0, Direction::c2s, wire::make_announce_frame(someone()));
    stage.chain().run();
    EXPECT_EQ(stage.fault(1), Fault::unexpected_frame) << stage.why(1);
  }
}

// DI-01, DI-02: malformed in each way
TEST(P6Discovery, malformed_it_is_noticed_by_the_client) {
  const auto with = [](auto change) {
    wire::Announce out = someone();
    change(out);
    return wire::make_announce_frame(out);
  };
  const std::vector<std::pair<std::string, Buffer>> cases{
      {"no name of a party",
       with([](auto& a) { a.party.name = wire::Opaque<1, 255>{std::string_view{"M9.example"}}; })},
      {"a wildcard", with([](auto& a) { a.party.name = wire::Opaque<1, 255>{std::string_view{"*.example"}}; })},
      {"port 0", with([](auto& a) { a.party.port = 0; })},
      {"position 0", with([](auto& a) { a.position = 0; })},
      {"a position behind the server", with([](auto& a) { a.position = 3; })},
      {"a grant of 5", with([](auto& a) { a.wishes.items[0].grants = 0x05; })},
      {"a grant of 15", with([](auto& a) { a.wishes.items[0].grants = 0xF0; })},
      {"a context twice", with([](auto& a) { a.wishes.items.push_back(a.wishes.items[0]); })},
  };
  for (const auto& [what, frame] : cases) {
    Stage stage{cast(1)};
    stage.start();
    stage.chain().inject(0, Direction::s2c, frame);
    stage.chain().run();
    EXPECT_EQ(stage.fault(0), Fault::bad_value) << what << ": " << stage.why(0);
    EXPECT_FALSE(stage.path.client().announcement()) << what;
    expect_no_keys(stage);
  }
  Buffer longer = wire::make_announce_frame(someone());
  Buffer body = to_buffer(Bytes{longer}.subspan(wire::header_octets));
  body.push_back(std::byte{0});
  EXPECT_FALSE(wire::decode_announce(body));
  for (std::size_t cut = 0; cut + 1 < body.size(); ++cut) EXPECT_FALSE(wire::decode_announce(Bytes{body}.first(cut)));
}

// DI-04: a box that announces itself and relays all the same gains nothing: the client has given up
TEST(P6Discovery, one_who_announces_and_relays_too_sees_no_association) {
  Stage stage{cast(1)};
  stage.start();
  stage.chain().inject(0, Direction::s2c, wire::make_announce_frame(someone()));
  stage.chain().run();
  EXPECT_EQ(stage.fault(0), Fault::announced) << stage.why(0);
  expect_no_keys(stage);
  EXPECT_EQ(stage.path.record(2), nullptr);
}

// DI-04: an unnamed box that relays blindly and changes one octet on the way has no key to hide it with
TEST(P6Discovery, one_who_relays_silently_and_changes_an_octet_is_noticed_wherever_it_is) {
  for (const Direction direction : both_directions) {
    for (std::size_t nth = 1; nth < 6; ++nth) {  // frame 0 is the Hello: HS-01 has that
      Stage stage{cast(1)};
      std::size_t seen = 0;
      stage.chain().tamper(1, direction, [&](Buffer frame, std::vector<Buffer>& on) {
        if (seen++ == nth) frame.back() ^= std::byte{1};
        on.push_back(std::move(frame));
      });
      if (stage.run()) {
        EXPECT_LE(seen, nth);
        continue;
      }
      bool noticed = false;
      for (std::size_t party = 0; party < stage.parties(); ++party) noticed = noticed || stage.fault(party).has_value();
      EXPECT_TRUE(noticed) << name_of(direction) << " " << nth;
    }
  }
}

}  // namespace
}  // namespace louver::rogue

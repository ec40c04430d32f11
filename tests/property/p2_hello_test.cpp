#include "rogue/agreement_stage.h"

// P2 and P11: a Hello that was changed on the way (HS-01), and one that must go no further than its first reader
// (HS-10, HS-06).
namespace louver::rogue {
namespace {

using wire::MessageType;

/// The Hello that the client of this cast sends.
wire::Hello hello_of(Casting casting) {
  Stage stage{std::move(casting)};
  stage.start();
  return *wire::decode_hello(Bytes{stage.chain().seen(0, Direction::c2s).front()}.subspan(wire::header_octets));
}

Buffer hello_frame(const wire::Hello& hello) {
  return wire::make_frame({wire::FrameType::hello, 0, 0, 0}, wire::encode(hello));
}

using ChangeFrame = std::function<void(Buffer& frame)>;

/// On its way over that hop, the Hello's frame is changed.
void change_hello(Stage& stage, std::size_t hop, ChangeFrame change) {
  stage.chain().tamper(hop, Direction::c2s, [change = std::move(change)](Buffer frame, std::vector<Buffer>& out) {
    if (type_of(frame) == wire::FrameType::hello) change(frame);
    out.push_back(std::move(frame));
  });
}

/// Who must find what, if this Hello arrives behind `hop` in place of the client's.
struct Finding {
  std::size_t who;
  Fault fault;
};
Finding expected(Stage& stage, std::size_t hop, Bytes body) {
  const std::size_t first = hop + 1;
  const auto hello = wire::decode_hello(body);
  if (!hello) return {first, hello.error().fault};
  if (std::ranges::any_of(hello->suites.items, [](std::uint16_t s) { return crypto::find_suite(s) == nullptr; }))
    return {first, Fault::unsupported_suite};
  for (std::size_t party = first; party < stage.server(); ++party) {
    const std::string own = sim::party_name(party, stage.path.spec.middleboxes);
    const bool named =
        std::ranges::any_of(hello->route.items, [&](const wire::Party& p) { return p.name.text() == own; });
    if (!named) return {party, Fault::not_in_route};
  }
  if (hello->route.items.back().name.text() != "server.example") return {stage.server(), Fault::not_in_route};
  return {0, Fault::hello_hash};
}

bool passed_on(Stage& stage, std::size_t middlebox) { return !stage.chain().seen(middlebox, Direction::c2s).empty(); }

// HS-01: every octet of the Hello flipped, on each hop. What is malformed goes no further than the next party; what is
// not, the client finds in the Accept, and so nobody ever has a key.
class P2HelloFlipped : public testing::TestWithParam<std::size_t> {};
TEST_P(P2HelloFlipped, in_any_octet_is_noticed_by_the_next_party_or_the_client) {
  const std::size_t hop = GetParam();
  const std::size_t octets = wire::encode(hello_of(cast(2))).size();
  std::map<Fault, std::size_t> found;
  for (std::size_t at = 0; at < octets; ++at) {
    SCOPED_TRACE("octet " + std::to_string(at));
    Stage stage{cast(2)};
    Buffer changed;
    change_hello(stage, hop, [&](Buffer& frame) {
      frame[wire::header_octets + at] ^= std::byte{1};
      changed = frame;
    });
    stage.run();
    const Finding finding = expected(stage, hop, Bytes{changed}.subspan(wire::header_octets));
    expect_noticed(stage, finding.who, finding.fault);
    EXPECT_TRUE(stage.nobody_said(MessageType::keys));
    EXPECT_TRUE(stage.nobody_said(MessageType::confirm));
    if (finding.who == hop + 1 && finding.who < stage.server()) {
      EXPECT_FALSE(passed_on(stage, finding.who));
    }
    ++found[finding.fault];
  }
  EXPECT_GE(found[Fault::hello_hash], 32U);  // at least the random: there the hash is all that can tell
  EXPECT_GE(found[Fault::length_out_of_bounds] + found[Fault::input_too_short] + found[Fault::trailing_bytes], 5U);
  EXPECT_GE(found[Fault::not_in_route], 5U);
}
INSTANTIATE_TEST_SUITE_P(Hops, P2HelloFlipped, testing::Range(std::size_t{0}, std::size_t{3}));

// HS-01: its six octets of frame header, each bit.
TEST(P2Hello, with_any_bit_of_its_frame_header_flipped_is_noticed_by_the_next_party) {
  for (std::size_t hop = 0; hop < 2; ++hop) {
    for (std::size_t bit = 0; bit < 48; ++bit) {
      SCOPED_TRACE("hop " + std::to_string(hop) + " bit " + std::to_string(bit));
      Stage stage{cast(1)};
      change_hello(stage, hop, [&](Buffer& frame) { frame[bit / 8] ^= static_cast<std::byte>(1 << bit % 8); });
      stage.run_for(limits::handshake_deadline + std::chrono::seconds{1});
      for (std::size_t i = 0; i < stage.parties(); ++i) EXPECT_FALSE(stage.stands(i)) << stage.why(i);
      ASSERT_TRUE(stage.fault(hop + 1)) << stage.why(hop + 1);
      const bool becomes_alert = bit == 1;  // which anybody may forge: it ends the association, and does no more
      EXPECT_EQ(*stage.fault(hop + 1) == Fault::peer_alert, becomes_alert) << stage.why(hop + 1);
      EXPECT_TRUE(stage.nobody_said(MessageType::confirm));
    }
  }
}

// HS-01: changes that mean something: a party dropped, added, moved; grants raised and lowered; suites, contexts,
// extensions.
struct Edit {
  const char* what;
  std::function<void(wire::Hello&)> make;
};
const Edit edits[] = {
    {"last middlebox dropped",
     [](wire::Hello& h) {
       h.route.items.erase(h.route.items.begin() + 1);
       h.grants.bytes.pop_back();
     }},
    {"first middlebox dropped",
     [](wire::Hello& h) {
       h.route.items.erase(h.route.items.begin());
       h.grants.bytes.pop_back();
     }},
    {"middlebox added at the end",
     [](wire::Hello& h) {
       h.route.items.insert(h.route.items.end() - 1, {wire::Opaque<1, 255>{std::string_view{"mx.example"}}, 1});
       h.grants.bytes.push_back(std::byte{0x44});
     }},
    {"middlebox added at the start",
     [](wire::Hello& h) {
       h.route.items.insert(h.route.items.begin(), {wire::Opaque<1, 255>{std::string_view{"mx.example"}}, 1});
       h.grants.bytes.push_back(std::byte{0x44});
     }},
    {"middleboxes in another order", [](wire::Hello& h) { std::swap(h.route.items[0], h.route.items[1]); }},
    {"grant raised", [](wire::Hello& h) { h.grants.bytes[1] = std::byte{0x44}; }},
    {"grant lowered", [](wire::Hello& h) { h.grants.bytes[0] = std::byte{0}; }},
    {"suite added", [](wire::Hello& h) { h.suites.items.push_back(0x1302); }},
    {"suite changed", [](wire::Hello& h) { h.suites.items = {0x1303}; }},
    {"extension added",
     [](wire::Hello& h) {
       h.extensions.items.push_back({55, {}});
     }},
    {"extension dropped", [](wire::Hello& h) { h.extensions.items.pop_back(); }},
    {"context renamed",
     [](wire::Hello& h) { h.contexts.items[0].name = wire::Opaque<1, 255>{std::string_view{"next"}}; }},
    {"context under another id", [](wire::Hello& h) { h.contexts.items[0].id = 9; }},
    {"port changed", [](wire::Hello& h) { h.route.items[1].port = 1; }},
    {"version added", [](wire::Hello& h) { h.versions.items.push_back(2); }},
};

TEST(P2Hello, with_its_meaning_changed_is_noticed_before_anybody_has_a_key) {
  for (const Edit& edit : edits) {
    for (std::size_t hop = 0; hop < 3; ++hop) {
      SCOPED_TRACE(std::string{edit.what} + " on hop " + std::to_string(hop));
      Stage stage{cast(2)};
      change_hello(stage, hop, [&](Buffer& frame) {
        wire::Hello hello = *wire::decode_hello(Bytes{frame}.subspan(wire::header_octets));
        edit.make(hello);
        frame = hello_frame(hello);
      });
      stage.run();
      expect_nothing_stands(stage);
      std::size_t found = 0;
      for (std::size_t i = 0; i < stage.parties(); ++i) {
        const auto fault = stage.fault(i);
        ASSERT_TRUE(fault) << stage.why(i);
        if (fault == Fault::peer_alert || fault == Fault::connection_lost)
          continue;  // it was told, or cut off by one who was
        // Where the Hello gives a party another place, the channels do not fit it any more, and its name not its
        // certificate.
        const std::set<Fault> right = {Fault::hello_hash, Fault::not_in_route, Fault::unexpected_frame,
                                       Fault::certificate_name, Fault::tls_failed};
        EXPECT_TRUE(right.contains(*fault)) << stage.why(i);
        EXPECT_TRUE(fault != Fault::hello_hash || i == 0) << stage.why(i);
        ++found;
      }
      EXPECT_GE(found, 1U);
      EXPECT_TRUE(stage.nobody_said(MessageType::keys));
      EXPECT_TRUE(stage.nobody_said(MessageType::confirm));
    }
  }
}

/// A stranger's frame arrives as the first of a connection at a middlebox and at a server.
void expect_first_reader_refuses(Bytes frame, std::set<Fault> faults) {
  for (const std::size_t n : {1U, 0U}) {
    SCOPED_TRACE(n == 1 ? "at a middlebox" : "at a server");
    Stage stage{cast(n)};
    stage.chain().inject(0, Direction::c2s, frame);
    stage.chain().run();
    ASSERT_TRUE(stage.fault(1)) << stage.why(1);
    EXPECT_TRUE(faults.contains(*stage.fault(1))) << stage.why(1);
    if (n == 1) {
      EXPECT_FALSE(passed_on(stage, 1)) << "the middlebox has connected on";
    }
    // To the stranger: one ALERT, and not an octet of TLS.
    ASSERT_EQ(stage.chain().seen(0, Direction::s2c).size(), 1U);
    const Buffer& answer = stage.chain().seen(0, Direction::s2c).front();
    EXPECT_EQ(type_of(answer), wire::FrameType::alert);
    const auto alert = wire::decode_alert(Bytes{answer}.subspan(wire::header_octets));
    EXPECT_EQ(alert->code, static_cast<std::uint8_t>(alert_for(*stage.fault(1))));
    EXPECT_TRUE(stage.said.empty());
    EXPECT_EQ(stage.path.record(1), nullptr);
  }
}

void expect_refused(const std::function<void(wire::Hello&)>& spoil, Fault fault) {
  for (const std::size_t n : {1U, 0U}) {  // the same in a Hello that the reader would otherwise take
    wire::Hello hello = hello_of(cast(n));
    if (n == 0) {
      hello.route.items.insert(hello.route.items.begin(), {wire::Opaque<1, 255>{std::string_view{"m1.example"}}, 1});
      hello.grants.bytes.push_back(std::byte{0});
    }
    spoil(hello);
    expect_first_reader_refuses(hello_frame(hello), {fault});
  }
}

wire::Opaque<1, 255> name(std::string_view text) { return wire::Opaque<1, 255>{text}; }

// HS-10
TEST(P2Hello, with_grants_that_cannot_be_is_refused_by_its_first_reader) {
  for (const unsigned octet : {0x05U, 0x50U, 0x0fU, 0xf0U, 0xffU}) {
    expect_refused([&](wire::Hello& h) { h.grants.bytes[0] = static_cast<std::byte>(octet); }, Fault::bad_value);
  }
  expect_refused([](wire::Hello& h) { h.grants.bytes.push_back(std::byte{}); }, Fault::bad_value);
  expect_refused([](wire::Hello& h) { h.grants.bytes.pop_back(); }, Fault::bad_value);
  for (const std::uint8_t directions :
       {std::uint8_t{1}, std::uint8_t{2}}) {  // a grant in a direction that is not there
    expect_refused(
        [&](wire::Hello& h) {
          h.contexts.items[0].directions = directions;
          h.grants.bytes[0] = directions == 1 ? std::byte{0x10} : std::byte{0x01};
        },
        Fault::bad_value);
  }
}

// HS-10
TEST(P2Hello, with_contexts_that_cannot_be_is_refused_by_its_first_reader) {
  for (const std::uint8_t id : {std::uint8_t{0}, std::uint8_t{255}})
    expect_refused([&](wire::Hello& h) { h.contexts.items[0].id = id; }, Fault::bad_value);
  for (const std::uint8_t d : {std::uint8_t{0}, std::uint8_t{4}, std::uint8_t{7}, std::uint8_t{255}}) {
    expect_refused([&](wire::Hello& h) { h.contexts.items[0].directions = d; }, Fault::bad_value);
  }
  const auto add = [](wire::Hello& h, std::uint8_t id, std::string_view text) {
    h.contexts.items.push_back({id, 1, name(text)});
    h.grants.bytes.push_back(std::byte{0});
  };
  expect_refused([&](wire::Hello& h) { add(h, 1, "other"); }, Fault::bad_value);
  expect_refused([&](wire::Hello& h) { add(h, 2, "both"); }, Fault::bad_value);
  expect_refused([&](wire::Hello& h) { add(h, 2, "a b"); }, Fault::bad_value);
  expect_refused([&](wire::Hello& h) { add(h, 2, std::string_view{"a\0b", 3}); }, Fault::bad_value);
  expect_refused([&](wire::Hello& h) { add(h, 2, "\x7f"); }, Fault::bad_value);
  expect_refused([&](wire::Hello& h) { add(h, 2, ""); }, Fault::length_out_of_bounds);
  expect_refused([](wire::Hello& h) { h.contexts.items.clear(); }, Fault::length_out_of_bounds);
}

// HS-10, and HS-06: a name in another spelling would be one party twice.
TEST(P2Hello, with_names_that_cannot_be_is_refused_by_its_first_reader) {
  const std::string long_label(64, 'a');
  const std::string long_name =
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(62, 'd');
  const std::string_view bad[] = {"M1.example",
                                  "m1.Example",
                                  "*",
                                  "*.example",
                                  "m1.example.",
                                  ".example",
                                  "m1..example",
                                  "-m1.example",
                                  "m1-.example",
                                  "m1_.example",
                                  "m1 .example",
                                  "m1.example\n",
                                  std::string_view{"m1\0.example", 11},
                                  "\x01",
                                  "m\xc3\xbc.example",
                                  "127.0.0.1",
                                  "::1",
                                  "[::1]",
                                  "m1.example:443",
                                  "m1%2eexample",
                                  "m1/example",
                                  long_label,
                                  long_name,
                                  "spiffe://example",
                                  "spiffe://example/",
                                  "spiffe:///m1",
                                  "spiffe://example/M1",
                                  "spiffe://example/a/../b",
                                  "spiffe://example/a/./b",
                                  "spiffe://example/a//b",
                                  "spiffe://example/a%2fb",
                                  "spiffe://example/a/",
                                  "Spiffe://example/a",
                                  "spiffe://*/a",
                                  "https://example/a"};
  for (const std::string_view text : bad) {
    SCOPED_TRACE(printable(text));
    expect_refused([&](wire::Hello& h) { h.route.items[0].name = name(text); }, Fault::bad_value);
  }
  expect_refused([](wire::Hello& h) { h.route.items[0].name.bytes.clear(); }, Fault::length_out_of_bounds);
  expect_refused([](wire::Hello& h) { h.route.items[0].name = h.route.items.back().name; }, Fault::bad_value);
  expect_refused([](wire::Hello& h) { h.route.items[0].port = 0; }, Fault::bad_value);
  expect_refused([](wire::Hello& h) { h.route.items.back().port = 0; }, Fault::bad_value);
}

// HS-10
TEST(P2Hello, with_versions_suites_or_extensions_that_cannot_be_is_refused_by_its_first_reader) {
  expect_refused([](wire::Hello& h) { h.versions.items = {2}; }, Fault::unsupported_version);
  expect_refused([](wire::Hello& h) { h.versions.items.clear(); }, Fault::length_out_of_bounds);
  expect_refused([](wire::Hello& h) { h.versions.items.assign(17, 1); }, Fault::length_out_of_bounds);
  expect_refused([](wire::Hello& h) { h.suites.items.clear(); }, Fault::length_out_of_bounds);
  expect_refused([](wire::Hello& h) { h.suites.items.assign(33, 0x1301); }, Fault::length_out_of_bounds);
  expect_refused([](wire::Hello& h) { h.suites.items = {0x1300}; }, Fault::unsupported_suite);
  const auto extension = [](std::uint16_t type, std::string_view data, Fault fault = Fault::bad_value) {
    SCOPED_TRACE("extension " + std::to_string(type) + " " + printable(data));
    expect_refused([&](wire::Hello& h) { h.extensions.items = {{type, wire::Opaque<0, 65535>{data}}}; }, fault);
  };
  using namespace std::string_view_literals;
  for (const std::string_view data : {"\x02\x01"sv, "\x01\x01"sv, "\0"sv, "\xff"sv, "\x09"sv})
    extension(wire::extension::audit, data);
  for (const std::string_view data : {"\0\0\x03\xff"sv, "\0\x01\0\x01"sv, "\xff\xff\xff\xff"sv})
    extension(wire::extension::max_record, data);
  extension(wire::extension::max_record, "\0\0\x40"sv, Fault::input_too_short);
  extension(wire::extension::max_record, "\0\0\x40\0\0"sv, Fault::trailing_bytes);
  for (const std::string_view data : {""sv, "a b"sv, "a\0"sv, "\xc3\xbc"sv}) extension(wire::extension::profile, data);
  extension(wire::extension::profile, std::string(65, 'p'));
  for (const std::uint16_t type :
       {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}, std::uint16_t{999}}) {  // twice
    expect_refused(
        [&](wire::Hello& h) {
          const std::string_view data = type == 1 ? "\x01"sv : type == 2 ? "\0\0\x40\0"sv : "x"sv;
          h.extensions.items = {{type, wire::Opaque<0, 65535>{data}}, {type, wire::Opaque<0, 65535>{data}}};
        },
        Fault::bad_value);
  }
}

// HS-10: bytes too few, at every place, and too many.
TEST(P2Hello, cut_off_anywhere_or_with_octets_left_over_is_refused_by_its_first_reader) {
  const Buffer body = wire::encode(hello_of(cast(1)));
  for (std::size_t octets = 0; octets < body.size(); ++octets) {
    SCOPED_TRACE(octets);
    expect_first_reader_refuses(wire::make_frame({wire::FrameType::hello, 0, 0, 0}, Bytes{body}.first(octets)),
                                {Fault::input_too_short, Fault::length_out_of_bounds});
  }
  Buffer longer = body;
  longer.push_back(std::byte{});
  expect_first_reader_refuses(wire::make_frame({wire::FrameType::hello, 0, 0, 0}, longer), {Fault::trailing_bytes});
}

/// A good Hello of exactly that many octets, filled up by an extension that nobody knows.
wire::Hello hello_of_size(std::size_t octets) {
  wire::Hello hello = hello_of(cast(1));
  hello.extensions.items.push_back({4242, {}});
  const std::size_t fill = octets - wire::encode(hello).size();
  hello.extensions.items.back().data.bytes.assign(fill, std::byte{7});
  return hello;
}

// HS-10, §11: 64 KiB and not an octet more.
TEST(P2Hello, of_64_kib_passes_and_one_octet_more_is_refused_from_its_header_alone) {
  Stage stage{cast(1)};
  stage.chain().inject(0, Direction::c2s, hello_frame(hello_of_size(limits::hello_bytes)));
  stage.chain().run();
  EXPECT_FALSE(stage.fault(1)) << stage.why(1);
  EXPECT_TRUE(passed_on(stage, 1));
  EXPECT_FALSE(stage.fault(2)) << stage.why(2);

  Buffer header(wire::header_octets);
  wire::write_header(header, {wire::FrameType::hello, 0, 0, limits::hello_bytes + 1});
  expect_first_reader_refuses(header, {Fault::limit_exceeded});
}

wire::Hello hello_with_middleboxes(std::size_t count) {
  wire::Hello hello = hello_of(cast(1));
  hello.grants.bytes.assign(count, std::byte{});
  for (std::size_t i = 2; i <= count; ++i)
    hello.route.items.insert(hello.route.items.end() - 1, {name("x" + std::to_string(i) + ".example"), 1});
  return hello;
}

// §11: at most 8 middleboxes unless configured, 250 on the wire whatever is configured.
TEST(P2Hello, with_more_middleboxes_than_the_limit_is_refused_by_its_first_reader) {
  for (const auto& [most, count, fine] : {std::tuple{8, 8, true}, std::tuple{8, 9, false}, std::tuple{250, 250, true},
                                          std::tuple{250, 251, false}, std::tuple{1000, 251, false}}) {
    SCOPED_TRACE(std::to_string(count) + " of " + std::to_string(most));
    for (const bool at_server : {false, true}) {
      Casting casting = cast(at_server ? 0 : 1);
      casting.middlebox_setup = [most = most](std::size_t, auto& options) {
        options.middleboxes_most = static_cast<std::size_t>(most);
      };
      casting.server_setup = [most = most](auto& options, auto&) {
        options.middleboxes_most = static_cast<std::size_t>(most);
      };
      Stage stage{std::move(casting)};
      stage.chain().inject(0, Direction::c2s, hello_frame(hello_with_middleboxes(static_cast<std::size_t>(count))));
      stage.chain().run();
      EXPECT_EQ(stage.fault(1), fine ? std::nullopt : std::optional{Fault::limit_exceeded}) << stage.why(1);
      if (!at_server) {
        EXPECT_EQ(passed_on(stage, 1), fine);
      }
    }
  }
}

void add_contexts(wire::Hello& hello, std::size_t count) {
  hello.contexts.items.clear();
  for (std::size_t i = 1; i <= count; ++i)
    hello.contexts.items.push_back({static_cast<std::uint8_t>(i), 3, name("c" + std::to_string(i))});
  hello.grants.bytes.assign(count * hello.middleboxes(), std::byte{0x11});
}

// §11: 254 contexts, not 255 (which has been a crash elsewhere).
TEST(P2Hello, with_255_contexts_or_more_is_refused_by_its_first_reader) {
  for (const std::size_t count : {255U, 256U, 257U, 510U}) {
    wire::Hello hello = hello_of(cast(1));
    add_contexts(hello, count);
    expect_first_reader_refuses(hello_frame(hello), {Fault::limit_exceeded});
  }
}

// §4 step 6: keys that no message can hold are refused before any is made; at the server as at the client.
TEST(P2Hello, that_calls_for_more_keys_than_a_message_holds_is_refused_by_the_server) {
  wire::Hello hello = hello_with_middleboxes(60);
  add_contexts(hello, 254);
  std::ranges::fill(hello.grants.bytes, std::byte{0x33});
  Stage stage{cast(0)};
  stage.chain().inject(0, Direction::c2s, hello_frame(hello));
  stage.chain().run();
  EXPECT_EQ(stage.fault(1), Fault::limit_exceeded) << stage.why(1);
  EXPECT_EQ(stage.chain().seen(0, Direction::s2c).size(), 1U);
}

// The other side of the limit: 254 contexts in both directions agree, and each has keys of its own.
TEST(P2Hello, with_254_contexts_agrees) {
  std::vector<std::string> names;
  std::vector<session::ContextTraits> contexts;
  for (std::size_t i = 1; i <= 254; ++i) names.push_back("c" + std::to_string(i));
  for (const std::string& one : names) contexts.push_back({one, 3});
  const session::ProfileTraits profile{"many/test", false, false, contexts};
  Casting casting = cast(2);
  casting.spec.profile = &profile;
  Stage stage{std::move(casting)};
  stage.run();
  expect_agreed(stage);
  EXPECT_EQ(stage.path.record(1)->terms().contexts().size(), 254U);
}

}  // namespace
}  // namespace louver::rogue

#include <gtest/gtest.h>

#include <random>

#include "filter/io/mirror/http_text.h"
#include "filter/io/mirror/pcapng.h"
#include "filter/io/mirror/tcp_stream.h"

namespace louver::filter::mirror {
namespace {

using Place = HttpText::Place;

std::uint32_t little32(Bytes bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (unsigned i = 0; i < 4; ++i) out |= std::to_integer<std::uint32_t>(bytes[at + i]) << (8 * i);
  return out;
}

std::uint32_t big32(Bytes bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (unsigned i = 0; i < 4; ++i) out = out << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return out;
}

/// The sum that is 0xffff where a checksum holds. RFC 1071
std::uint32_t folded(Bytes bytes, std::uint32_t more = 0) {
  std::uint32_t sum = more;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return sum;
}

FilterPart part_of(std::string_view text, bool end, std::uint32_t exchange = 1) {
  FilterPart part{};
  part.exchange = Exchange{exchange};
  part.bytes = as_bytes(text);
  part.end = end;
  return part;
}

/// What comes out of the messages, each cut in two at `cut`.
std::string text_of(Direction direction, Seen seen, const std::vector<std::pair<Place, std::string>>& messages,
                    std::size_t cut) {
  std::string out;
  HttpText text{direction, seen, "s.example", [&](Bytes octets) { out += as_text(octets); }};
  for (const auto& [place, message] : messages) {
    const std::size_t at = std::min(cut, message.size());
    if (at != 0) text.on_part(place, part_of(std::string_view{message}.substr(0, at), false));
    text.on_part(place, part_of(std::string_view{message}.substr(at), true));
  }
  EXPECT_TRUE(text.finish());
  return out;
}

constexpr Seen everything{true, true, true};

TEST(MirrorPcapng, blocks_say_their_length_at_both_ends_and_are_padded) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{1501}}) {
    for (const std::string_view comment : {"", "abc"}) {
      const Buffer packet(size, std::byte{7});
      const Buffer block = pcapng_packet(WallTime{}, packet, comment);
      ASSERT_EQ(block.size() % 4, 0U);
      EXPECT_EQ(little32(block, 0), 6U);
      EXPECT_EQ(little32(block, 4), block.size());
      EXPECT_EQ(little32(block, block.size() - 4), block.size());
      EXPECT_EQ(little32(block, 20), size);
      EXPECT_EQ(block.size(), 32 + (size + 3) / 4 * 4 + (comment.empty() ? 0U : 12U));
    }
  }
}

TEST(MirrorTcp, every_packet_has_right_checksums_and_the_numbers_of_what_came_before) {
  std::array<std::uint32_t, 2> next{};
  std::array<std::string, 2> streams;
  std::size_t packets = 0;
  TcpStream stream{
      {{100, 64, 1, 2}, 1025}, {{198, 18, 3, 4}, 80}, [&](Bytes packet, std::string_view comment) {
        EXPECT_EQ(comment, packets++ == 0 ? "who" : "");
        EXPECT_EQ(folded(packet.first(20)), 0xFFFFU);
        const auto tcp = packet.subspan(20);
        EXPECT_EQ(folded(tcp, folded(packet.subspan(12, 8)) + 6 + static_cast<std::uint32_t>(tcp.size())), 0xFFFFU);
        const std::size_t from = packet[12] == std::byte{100} ? 0 : 1;
        const auto flags = std::to_integer<unsigned>(tcp[13]);
        if ((flags & 2U) == 0) {
          EXPECT_EQ(big32(tcp, 4), next[from]);
        }
        if ((flags & 16U) != 0) {
          EXPECT_EQ(big32(tcp, 8), next[1 - from]);
        }
        const auto payload = tcp.subspan(20);
        next[from] = big32(tcp, 4) + static_cast<std::uint32_t>(payload.size()) + ((flags & 3U) != 0 ? 1 : 0);
        streams[from] += as_text(payload);
      }};
  const std::string large(20'001, 'l');
  stream.handshake("who");
  stream.send(Direction::c2s, as_bytes(std::string_view{"odd"}));
  stream.send(Direction::s2c, as_bytes(large));
  stream.close(true);
  EXPECT_EQ(streams[0], "odd");
  EXPECT_EQ(streams[1], large);
  EXPECT_EQ(packets, 3U + 1 + 3 + 3);
}

TEST(MirrorTcp, whoever_comes_later_gets_a_handshake_that_the_rest_goes_on_from) {
  std::uint32_t client_next = 0, server_next = 0;
  std::string seen;
  bool late = false;
  TcpStream stream{{{100, 64, 1, 2}, 1025}, {{198, 18, 3, 4}, 80}, [&](Bytes packet, std::string_view) {
                     if (!late) return;
                     const Bytes tcp = packet.subspan(20);
                     const bool from_client = packet[12] == std::byte{100};
                     std::uint32_t& next = from_client ? client_next : server_next;
                     const unsigned flags = octet(tcp, 13);
                     if ((flags & 2U) != 0) {
                       next = big32(tcp, 4) + 1;
                       return;
                     }
                     EXPECT_EQ(big32(tcp, 4), next);
                     EXPECT_EQ(big32(tcp, 8), from_client ? server_next : client_next);
                     next += static_cast<std::uint32_t>(tcp.size() - 20);
                     seen += as_text(tcp.subspan(20));
                   }};
  stream.handshake("");
  stream.send(Direction::c2s, as_bytes(std::string_view{"before"}));
  stream.skip(Direction::s2c, 1U << 31U);
  stream.skip(Direction::s2c, 1U << 31U);  // once round
  stream.skip(Direction::s2c, 77);
  late = true;
  stream.handshake("");
  stream.send(Direction::s2c, as_bytes(std::string_view{"behind"}));
  stream.send(Direction::c2s, as_bytes(std::string_view{" it"}));
  EXPECT_EQ(seen, "behind it");
}

TEST(MirrorHttp, where_an_exchange_begins_and_all_before_are_over_is_known) {
  const std::string head = "GET / HTTP/1.1\r\nhost: h\r\n\r\n", answer = "HTTP/1.1 200 OK\r\n\r\n";
  std::vector<bool> begins;
  HttpText response{Direction::s2c, everything, "s", [](Bytes) {}};
  HttpText* asked = nullptr;
  HttpText request{Direction::c2s, everything, "s",
                   [&](Bytes) { begins.push_back(asked->is_beginning() && response.has_answered(*asked)); }};
  asked = &request;
  const auto say = [](HttpText& text, std::string_view first, std::string_view body, std::uint32_t exchange) {
    text.on_part(Place::head, part_of(first, true, exchange));
    text.on_part(Place::credentials, part_of("", true, exchange));
    text.on_part(Place::body, part_of(body, false, exchange));
    text.on_part(Place::body, part_of("", true, exchange));
  };
  say(request, head, "", 1);
  say(request, head, "", 2);  // pipelined: nothing is answered yet
  response.on_part(Place::head, part_of("HTTP/1.1 103 Early Hints\r\n\r\n", true, 1));
  say(response, answer, "a", 1);
  say(request, head, "", 3);
  say(response, answer, "b", 2);
  say(response, answer, "c", 3);
  say(request, "PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\n", "put", 4);
  EXPECT_EQ(begins, (std::vector<bool>{true, false, false, true, false}));
}

TEST(MirrorHttp, no_cut_of_the_messages_makes_another_text_but_for_chunks) {
  const std::vector<std::pair<Place, std::string>> messages = {
      {Place::head, "PUT /a HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\n"},
      {Place::credentials, "cookie: c\r\n"},
      {Place::body, "body"}};
  const std::string wanted = "PUT /a HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\ncookie: c\r\n\r\nbody";
  for (std::size_t cut = 0; cut < 50; ++cut)
    EXPECT_EQ(text_of(Direction::c2s, everything, messages, cut), wanted) << cut;
}

TEST(MirrorHttp, what_binds_credentials_to_a_target_is_not_shown_as_no_origin_gets_it) {
  const std::string line = "louver-target: " + std::string(64, 'a') + "\r\n";
  for (const std::string more : {"", "cookie: c\r\n"}) {
    EXPECT_EQ(
        text_of(
            Direction::c2s, everything,
            {{Place::head, "GET / HTTP/1.1\r\nhost: h\r\n\r\n"}, {Place::credentials, line + more}, {Place::body, ""}},
            0),
        "GET / HTTP/1.1\r\nhost: h\r\n" + more + "\r\n");
  }
}

TEST(MirrorHttp, a_body_of_unknown_length_is_chunked_and_an_empty_one_is_none) {
  EXPECT_EQ(text_of(Direction::s2c, everything,
                    {{Place::head, "HTTP/1.1 200 OK\r\n\r\n"}, {Place::credentials, ""}, {Place::body, "abc"}}, 0),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(
      text_of(Direction::c2s, everything,
              {{Place::head, "GET / HTTP/1.1\r\nhost: h\r\n\r\n"}, {Place::credentials, ""}, {Place::body, ""}}, 0),
      "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
}

TEST(MirrorHttp, interim_answers_stand_before_the_final_one) {
  EXPECT_EQ(text_of(Direction::s2c, everything,
                    {{Place::head, "HTTP/1.1 100 Continue\r\n\r\n"},
                     {Place::head, "HTTP/1.1 204 No Content\r\n\r\n"},
                     {Place::credentials, ""},
                     {Place::body, ""}},
                    9),
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
}

TEST(MirrorHttp, what_is_not_seen_is_named_and_not_waited_for) {
  EXPECT_EQ(text_of(Direction::c2s, {true, false, false},
                    {{Place::head, "PUT /a HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n"}}, 5),
            "PUT /a HTTP/1.1\r\nhost: h\r\nx-louver-withheld-content-length: 9\r\n"
            "x-louver-withheld: request-credentials, request-body\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(text_of(Direction::s2c, {false, false, true}, {{Place::body, "abc"}}, 0),
            "HTTP/1.1 200 x-louver-withheld\r\nx-louver-withheld: response-head, response-credentials\r\n"
            "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
}

TEST(MirrorHttp, a_tunnel_follows_its_heads_without_framing) {
  std::string out;
  HttpText text{Direction::c2s, everything, "s", [&](Bytes octets) { out += as_text(octets); }};
  text.on_part(Place::head, part_of("GET /w HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\n\r\n", true));
  text.on_part(Place::credentials, part_of("", true));
  const std::string head = "GET /w HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
  EXPECT_EQ(out, head);  // the body begins only after the answer
  text.on_part(Place::body, part_of("\x81\x01x", false));
  EXPECT_EQ(out, head + "\x81\x01x");
  EXPECT_FALSE(text.finish());
}

TEST(MirrorHttp, a_tombstone_becomes_as_many_x_and_spoils_a_head) {
  std::string out;
  HttpText text{Direction::c2s, everything, "s", [&](Bytes octets) { out += as_text(octets); }};
  text.on_part(Place::head, part_of("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n", true));
  text.on_part(Place::credentials, part_of("", true));
  FilterPart gone = part_of("", false);
  gone.redacted = true;
  gone.redacted_bytes = 3;
  text.on_part(Place::body, gone);
  text.on_part(Place::body, part_of("yz", true));
  EXPECT_TRUE(out.ends_with("\r\n\r\nxxxyz")) << out;
  gone = part_of("", true, 2);
  gone.redacted = true;
  gone.redacted_bytes = 40;
  text.on_part(Place::head, gone);
  text.on_part(Place::credentials, part_of("", true, 2));
  text.on_part(Place::body, part_of("", true, 2));
  EXPECT_NE(out.find("x-louver-withheld: request-head"), std::string::npos) << out;
}

// Heads without end are not kept without end.
TEST(MirrorHttp, a_head_above_the_bound_is_given_up) {
  std::string out;
  HttpText text{Direction::c2s, {true, false, false}, "s", [&](Bytes octets) { out += as_text(octets); }};
  const std::string piece(16'384, 'a');
  for (int i = 0; i < 100; ++i) text.on_part(Place::head, part_of(piece, false));
  text.on_part(Place::head, part_of("\r\n\r\n", true));
  EXPECT_LT(out.size(), 200'000U);
  EXPECT_NE(out.find("/x-louver-withheld"), std::string::npos);
}

}  // namespace
}  // namespace louver::filter::mirror

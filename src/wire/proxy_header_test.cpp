#include "wire/proxy_header.h"

#include <gtest/gtest.h>

#include <string>

namespace louver::wire {
namespace {

using Kind = ProxyHeader::Kind;

const std::string signature{"\r\n\r\n\0\r\nQUIT\n", 12};

std::string block(char version_and_command, char family, const std::string& body) {
  return signature + version_and_command + family + static_cast<char>(body.size() >> 8) +
         static_cast<char>(body.size() & 0xff) + body;
}
std::string tlv(char type, const std::string& value) {
  return std::string{type} + static_cast<char>(value.size() >> 8) + static_cast<char>(value.size() & 0xff) + value;
}
/// 192.0.2.1:443 to 198.51.100.2:8443.
const std::string v4_addresses{"\xc0\x00\x02\x01\xc6\x33\x64\x02\x01\xbb\x20\xfb", 12};

ProxyHeader whole(const std::string& text) {
  const auto read = read_proxy_header(as_bytes(text));
  EXPECT_TRUE(read.has_value()) << (read ? "" : describe(read.error()));
  if (!read || !*read) {
    ADD_FAILURE() << "not whole: " << text;
    return {};
  }
  return **read;
}
Fault fault_of(const std::string& text) {
  const auto read = read_proxy_header(as_bytes(text));
  if (read) {
    ADD_FAILURE() << (*read ? "taken: " : "waited for more: ") << text;
    return Fault::internal_error;
  }
  return read.error().fault;
}
bool waits(const std::string& text) {
  const auto read = read_proxy_header(as_bytes(text));
  return read && !*read;
}

TEST(ProxyHeaderV1, tells_both_ends) {
  const ProxyHeader v4 = whole("PROXY TCP4 192.0.2.1 198.51.100.2 443 8443\r\nGET /");
  EXPECT_EQ(v4.kind, Kind::addresses);
  EXPECT_EQ(v4.octets, 44U);
  EXPECT_TRUE(v4.source.is_v4);
  EXPECT_EQ(v4.source.port, 443);
  EXPECT_EQ(v4.destination.port, 8443);
  EXPECT_EQ(v4.source.octets[0], 192);
  EXPECT_EQ(v4.destination.octets[3], 2);
  const ProxyHeader v6 = whole("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n");
  EXPECT_FALSE(v6.source.is_v4);
  EXPECT_EQ(v6.source.octets[0], 0x20);
  EXPECT_EQ(v6.destination.port, 65535);
}

TEST(ProxyHeaderV1, unknown_may_be_followed_by_anything_up_to_the_line_end) {
  EXPECT_EQ(whole("PROXY UNKNOWN\r\n").kind, Kind::unknown);
  EXPECT_EQ(whole("PROXY UNKNOWN ffff::1 what ever\r\nx").octets, 33U);
}

TEST(ProxyHeaderV1, every_cut_waits_and_nothing_else_does) {
  const std::string line = "PROXY TCP4 192.0.2.1 198.51.100.2 443 8443\r\n";
  for (std::size_t i = 0; i < line.size(); ++i) EXPECT_TRUE(waits(line.substr(0, i))) << i;
}

TEST(ProxyHeaderV1, has_at_most_107_octets) {
  const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
  ASSERT_EQ(longest.size(), proxy_v1_most);
  EXPECT_EQ(whole(longest).octets, proxy_v1_most);
  EXPECT_TRUE(waits(longest.substr(0, 106)));
  EXPECT_EQ(fault_of("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"), Fault::length_out_of_bounds);
  EXPECT_EQ(fault_of("PROXY UNKNOWN " + std::string(93, 'x')), Fault::length_out_of_bounds) << "without waiting on";
}

TEST(ProxyHeaderV1, refuses_every_other_spelling) {
  for (const char* line : {"PROXY TCP4 192.0.2.1 198.51.100.2 443 8443\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.2 443 8443\rX",
                           "PROXY  TCP4 192.0.2.1 198.51.100.2 443 8443\r\n",
                           "PROXY TCP4  192.0.2.1 198.51.100.2 443 8443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.2 443 8443 \r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.2 443 8443 1\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.2 443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.2\r\n",
                           "PROXY TCP4\r\n",
                           "PROXY \r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.2 0443 8443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.2 +443 8443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.2 443 65536\r\n",
                           "PROXY TCP4 192.0.2.01 198.51.100.2 443 8443\r\n",
                           "PROXY TCP4 192.0.2 198.51.100.2 443 8443\r\n",
                           "PROXY TCP4 2001:db8::1 ::1 443 8443\r\n",
                           "PROXY TCP6 192.0.2.1 198.51.100.2 443 8443\r\n",
                           "PROXY TCP6 fe80::1%eth0 ::1 443 8443\r\n",
                           "PROXY tcp4 192.0.2.1 198.51.100.2 443 8443\r\n",
                           "PROXY UDP4 192.0.2.1 198.51.100.2 443 8443\r\n",
                           "PROXY UNKNOWN\tx\r\n",
                           "PROXY\r\n",
                           "proxy TCP4 192.0.2.1 198.51.100.2 443 8443\r\n",
                           "GET / HTTP/1.1\r\n",
                           "\r\n\r\nGET / HTTP/1.1\r\n"}) {
    EXPECT_EQ(fault_of(line), Fault::bad_value) << line;
  }
  EXPECT_EQ(fault_of(std::string{"PROXY TCP4 192.0.2.1\0 198.51.100.2 443 8443\r\n", 46}), Fault::bad_value);
}

TEST(ProxyHeaderV2, tells_both_ends) {
  const ProxyHeader v4 = whole(block(0x21, 0x11, v4_addresses) + "GET /");
  EXPECT_EQ(v4.kind, Kind::addresses);
  EXPECT_EQ(v4.octets, 28U);
  EXPECT_EQ(v4.source, whole("PROXY TCP4 192.0.2.1 198.51.100.2 443 8443\r\n").source);
  EXPECT_EQ(v4.destination.port, 8443);
  const ProxyHeader v6 = whole(block(0x21, 0x21, std::string(16, 'a') + std::string(16, 'b') + "\x01\x02\x03\x04"));
  EXPECT_EQ(v6.source.octets[15], 'a');
  EXPECT_EQ(v6.destination.octets[0], 'b');
  EXPECT_EQ(v6.source.port, 0x0102);
}

TEST(ProxyHeaderV2, local_and_unspecified_and_unix_tell_no_address) {
  EXPECT_EQ(whole(block(0x20, 0x00, "")).kind, Kind::local);
  EXPECT_EQ(whole(block(0x20, 0x77, "anything")).octets, 24U) << "the block of LOCAL is thrown away";
  EXPECT_EQ(whole(block(0x21, 0x00, "anything")).kind, Kind::unknown);
  EXPECT_EQ(whole(block(0x21, 0x31, std::string(216, '/'))).kind, Kind::unknown);
}

TEST(ProxyHeaderV2, every_cut_waits) {
  const std::string header = block(0x21, 0x11, v4_addresses + tlv(0x02, "example.com"));
  for (std::size_t i = 0; i < header.size(); ++i) EXPECT_TRUE(waits(header.substr(0, i))) << i;
}

TEST(ProxyHeaderV2, is_bounded_before_it_is_waited_for) {
  EXPECT_TRUE(waits(signature + std::string{"\x21\x11\x10\x00", 4}));
  EXPECT_EQ(fault_of(signature + std::string{"\x21\x11\x10\x01", 4}), Fault::length_out_of_bounds);
  EXPECT_EQ(fault_of(signature + std::string{"\x20\x00\xff\xff", 4}), Fault::length_out_of_bounds);
}

TEST(ProxyHeaderV2, refuses_what_no_proxy_of_streams_says) {
  EXPECT_EQ(fault_of(signature + "\x11"), Fault::bad_value) << "a version";
  EXPECT_EQ(fault_of(signature + "\x31"), Fault::bad_value) << "a version";
  EXPECT_EQ(fault_of(block(0x22, 0x11, v4_addresses)), Fault::bad_value) << "a command";
  EXPECT_EQ(fault_of(block(0x21, 0x12, v4_addresses)), Fault::bad_value) << "UDP";
  EXPECT_EQ(fault_of(block(0x21, 0x01, v4_addresses)), Fault::bad_value) << "no family";
  EXPECT_EQ(fault_of(block(0x21, 0x41, v4_addresses)), Fault::bad_value) << "a family";
  EXPECT_EQ(fault_of(block(0x21, 0x11, v4_addresses.substr(1))), Fault::bad_value) << "an octet too few";
  EXPECT_EQ(fault_of(block(0x21, 0x21, v4_addresses)), Fault::bad_value) << "IPv4 for IPv6";
  EXPECT_EQ(fault_of(block(0x21, 0x31, std::string(215, '/'))), Fault::bad_value) << "a Unix address too short";
  EXPECT_EQ(fault_of(signature.substr(0, 11) + "\r"), Fault::bad_value) << "a signature";
}

TEST(ProxyHeaderV2, tlvs_fill_the_header_exactly) {
  EXPECT_EQ(whole(block(0x21, 0x11, v4_addresses + tlv(0x04, "") + tlv(0x30, "x"))).octets, 35U);
  EXPECT_EQ(fault_of(block(0x21, 0x11, v4_addresses + "\x02")), Fault::bad_value);
  EXPECT_EQ(fault_of(block(0x21, 0x11, v4_addresses + std::string{"\x02\x00", 2})), Fault::bad_value);
  EXPECT_EQ(fault_of(block(0x21, 0x11, v4_addresses + std::string{"\x02\x00\x02x", 4})), Fault::bad_value);
  EXPECT_EQ(fault_of(block(0x21, 0x11, v4_addresses + std::string{"\x02\xff\xffx", 4})), Fault::bad_value);
}

TEST(ProxyHeaderV2, a_checksum_must_fit) {
  // The checksum over this very header with zeros in its place.
  const std::string right = block(0x21, 0x11, v4_addresses + tlv(0x03, std::string{"\x54\x7a\x34\x96", 4}));
  EXPECT_EQ(whole(right).kind, Kind::addresses);
  for (std::size_t i = 16; i < right.size(); ++i) {
    std::string wrong = right;
    wrong[i] = static_cast<char>(wrong[i] ^ 0x10);
    const auto read = read_proxy_header(as_bytes(wrong));
    const bool type_changed = i == 28;  // then there is none
    EXPECT_EQ(read.has_value(), type_changed) << i;
  }
  const std::string twice = tlv(0x03, "abcd") + tlv(0x03, "abcd");
  EXPECT_EQ(fault_of(block(0x21, 0x11, v4_addresses + twice)), Fault::bad_value);
  EXPECT_EQ(fault_of(block(0x21, 0x11, v4_addresses + tlv(0x03, "abc"))), Fault::bad_value);
}

TEST(ProxyHeaderWriter, writes_what_the_reader_takes) {
  const std::string line = "PROXY TCP4 192.0.2.1 198.51.100.2 443 8443\r\n";
  EXPECT_EQ(as_text(write_proxy_v1(whole(line))), line);
  const std::string v6 = "PROXY TCP6 2001:db8::1 ::1 1 2\r\n";
  EXPECT_EQ(as_text(write_proxy_v1(whole(v6))), v6);
  EXPECT_EQ(as_text(write_proxy_v1({})), "PROXY UNKNOWN\r\n");

  const ProxyTlv names[] = {{0xe0, "alice.example"}, {0xe1, ""}};
  const Buffer v2 = write_proxy_v2(whole(line), names);
  EXPECT_EQ(as_text(v2), block(0x21, 0x11, v4_addresses + tlv('\xe0', "alice.example") + tlv('\xe1', "")));
  EXPECT_EQ(whole(std::string{as_text(v2)}).source, whole(line).source);
  EXPECT_EQ(as_text(write_proxy_v2({}, names)), block(0x21, 0x00, ""));
  EXPECT_EQ(as_text(write_proxy_v2({.kind = Kind::local}, {})), block(0x20, 0x00, ""));
}

}  // namespace
}  // namespace louver::wire

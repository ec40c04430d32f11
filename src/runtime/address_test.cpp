#include "runtime/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "runtime/sockaddr.h"
#include "runtime/test_support.h"

namespace louver::runtime {
namespace {

using testing::ip;

TEST(IpAddress, reads_and_writes_the_usual_spelling) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2"}) {
    ASSERT_TRUE(IpAddress::parse(text)) << text;
    EXPECT_EQ(ip(text).to_string(), text);
  }
  EXPECT_TRUE(ip("192.0.2.1").is_v4());
  EXPECT_FALSE(ip("::ffff:192.0.2.1").is_v4());
}

TEST(IpAddress, refuses_every_other_spelling) {
  for (const char* text : {"",           " ",          "127.1",        "127.0.1",    "2130706433",  "0x7f.0.0.1",
                           "0x7f000001", "0177.0.0.1", "127.0.0.01",   "127.0.0.1.", "127.0.0.256", "127.0.0.-1",
                           " 127.0.0.1", "127.0.0.1 ", "[::1]",        "::1%lo",     "1::2::3",     "12345::",
                           "::1/64",     "localhost",  "127.0.0.1:80", "１27.0.0.1"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view{"127.0.0.1\0", 10}));
}

TEST(IpAddress, knows_what_addresses_are_for) {
  using enum AddressKind;
  const std::pair<const char*, AddressKind> table[] = {
      {"0.0.0.0", unspecified},
      {"0.0.0.1", reserved},
      {"10.0.0.0", private_use},
      {"9.255.255.255", global},
      {"10.255.255.255", private_use},
      {"11.0.0.0", global},
      {"100.63.255.255", global},
      {"100.64.0.0", private_use},
      {"100.127.255.255", private_use},
      {"100.128.0.0", global},
      {"126.255.255.255", global},
      {"127.0.0.1", loopback},
      {"127.255.255.255", loopback},
      {"128.0.0.0", global},
      {"169.253.255.255", global},
      {"169.254.169.254", link_local},
      {"169.255.0.0", global},
      {"172.15.255.255", global},
      {"172.16.0.0", private_use},
      {"172.31.255.255", private_use},
      {"172.32.0.0", global},
      {"192.0.0.8", reserved},
      {"192.0.2.1", reserved},
      {"192.167.255.255", global},
      {"192.168.0.0", private_use},
      {"192.169.0.0", global},
      {"198.17.255.255", global},
      {"198.18.0.0", reserved},
      {"198.19.255.255", reserved},
      {"198.20.0.0", global},
      {"198.51.100.1", reserved},
      {"203.0.113.1", reserved},
      {"223.255.255.255", global},
      {"224.0.0.1", multicast},
      {"239.255.255.255", multicast},
      {"240.0.0.1", reserved},
      {"255.255.255.255", multicast},
      {"8.8.8.8", global},
      {"::", unspecified},
      {"::1", loopback},
      {"::2", embedded},
      {"::7f00:1", embedded},
      {"::ffff:127.0.0.1", embedded},
      {"::ffff:8.8.8.8", embedded},
      {"64:ff9b::7f00:1", embedded},
      {"64:ff9b:1::1", embedded},
      {"2002:7f00:1::", embedded},
      {"2001::1", embedded},
      {"2001:1::1", reserved},
      {"2001:db8::1", reserved},
      {"2001:200::1", global},
      {"2606:4700::1111", global},
      {"3fff::1", reserved},
      {"3ffe:ffff::", global},
      {"4000::1", reserved},
      {"100::1", reserved},
      {"fc00::1", private_use},
      {"fdff::1", private_use},
      {"fe80::1", link_local},
      {"febf::1", link_local},
      {"fec0::1", private_use},
      {"ff02::1", multicast},
      {"5f00::1", reserved},
  };
  for (const auto& [text, kind] : table) EXPECT_EQ(name_of(kind_of(ip(text))), name_of(kind)) << text;
}

TEST(IpAddress, takes_the_mapped_form_off) {
  EXPECT_EQ(ip("::ffff:192.0.2.1").unmapped(), ip("192.0.2.1"));
  EXPECT_EQ(ip("::fffe:192.0.2.1").unmapped(), ip("::fffe:192.0.2.1"));
  EXPECT_EQ(ip("192.0.2.1").unmapped(), ip("192.0.2.1"));
}

TEST(IpAddress, one_source_is_an_ipv4_address_or_an_ipv6_subnet) {
  EXPECT_EQ(source_of(ip("2001:db8:1:2:3:4:5:6")), source_of(ip("2001:db8:1:2::")));
  EXPECT_NE(source_of(ip("2001:db8:1:2::")), source_of(ip("2001:db8:1:3::")));
  EXPECT_EQ(source_of(ip("::ffff:192.0.2.1")), source_of(ip("192.0.2.1")));
  EXPECT_NE(source_of(ip("192.0.2.1")), source_of(ip("192.0.2.2")));
}

TEST(IpAddress, knows_this_hosts_own) {
  EXPECT_TRUE(is_own_address(ip("127.0.0.1")));
  EXPECT_FALSE(is_own_address(ip("203.0.113.77")));
}

TEST(SocketAddress, writes_ipv6_in_brackets) {
  EXPECT_EQ((SocketAddress{ip("192.0.2.1"), 443}.to_string()), "192.0.2.1:443");
  EXPECT_EQ((SocketAddress{ip("2001:db8::1"), 443}.to_string()), "[2001:db8::1]:443");
}

TEST(SocketAddress, survives_the_systems_form) {
  for (const char* text : {"192.0.2.1", "2001:db8::1"}) {
    const SocketAddress before{ip(text), 4433};
    const NativeAddress between = native(before);
    EXPECT_EQ(address_from(*between.get()), before);
  }
  const NativeAddress mapped = native({ip("::ffff:192.0.2.1"), 1});
  EXPECT_EQ(address_from(*mapped.get())->ip, ip("192.0.2.1"));
  NativeAddress unix_socket;
  unix_socket.storage.ss_family = AF_UNIX;
  EXPECT_FALSE(address_from(*unix_socket.get()));
}

}  // namespace
}  // namespace louver::runtime

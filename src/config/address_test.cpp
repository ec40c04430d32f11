#include "config/address.h"

#include <gtest/gtest.h>

namespace louver::config {
namespace {

TEST(Endpoint, reads_addresses_with_ports) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:4433"), (Endpoint{"127.0.0.1", 4433}));
  EXPECT_EQ(parse_endpoint("0.0.0.0:0"), (Endpoint{"0.0.0.0", 0}));
  EXPECT_EQ(parse_endpoint("[::1]:65535"), (Endpoint{"::1", 65535}));
  EXPECT_EQ(parse_endpoint("[::]:1"), (Endpoint{"::", 1}));
  EXPECT_EQ(parse_endpoint("[2001:DB8:0:0::1]:80"), (Endpoint{"2001:db8::1", 80}));
}

TEST(Endpoint, shows_what_it_reads) {
  for (const char* text : {"127.0.0.1:4433", "[::1]:1", "[2001:db8::1]:80"})
    EXPECT_EQ(to_text(*parse_endpoint(text)), text);
}

TEST(Endpoint, refuses_other_spellings) {
  for (const char* text : {"",
                           ":",
                           ":80",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:x",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:+1",
                           "127.0.0.1:08",
                           "127.0.0.1: 80",
                           " 127.0.0.1:80",
                           "127.0.0.1:80 ",
                           "127.1:80",
                           "2130706433:80",
                           "0x7f.0.0.1:80",
                           "0177.0.0.1:80",
                           "127.0.0.01:80",
                           "127.0.0.1.:80",
                           "localhost:80",
                           "example.com:80",
                           "::1:80",
                           "[::1]",
                           "[::1]80",
                           "[::1:80",
                           "::1]:80",
                           "[127.0.0.1]:80",
                           "[::1%lo]:80",
                           "[::ffff:127.0.0.1]:80",
                           "[::127.0.0.1]:80",
                           "[]:80",
                           "[[::1]]:80",
                           "127.0.0.1:80:80"}) {
    EXPECT_EQ(parse_endpoint(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_endpoint(std::string_view{"127.0.0.1\0:80", 13}), std::nullopt);
}

TEST(IsPublic, refuses_what_strangers_must_not_reach) {
  for (const char* text : {"127.0.0.1",
                           "127.255.255.255",
                           "0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.0.1",
                           "192.0.0.1",
                           "192.0.2.1",
                           "192.88.99.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:8.8.8.8",
                           "::8.8.8.8",
                           "64:ff9b::808:808",
                           "100::1",
                           "fe80::1",
                           "fc00::1",
                           "fd00::1",
                           "ff02::1",
                           "2001::1",
                           "2001:10::1",
                           "2001:db8::1",
                           "2002:808:808::1",
                           "3fff::1",
                           "",
                           "8.8.8",
                           "8.8.8.8:53",
                           "[2606::1]",
                           "dns.example"}) {
    EXPECT_FALSE(is_public(text)) << text;
  }
}

TEST(IsPublic, accepts_global_addresses_right_beside_the_others) {
  for (const char* text :
       {"8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:200::1", "2606:4700::1111", "2003::1"}) {
    EXPECT_TRUE(is_public(text)) << text;
  }
}

TEST(Authority, reads_hosts_with_and_without_ports) {
  EXPECT_EQ(parse_authority("example.com"), (Authority{"example.com", std::nullopt}));
  EXPECT_EQ(parse_authority("localhost:8080"), (Authority{"localhost", std::uint16_t{8080}}));
  EXPECT_EQ(parse_authority("127.0.0.1:80"), (Authority{"127.0.0.1", std::uint16_t{80}}));
  EXPECT_EQ(parse_authority("[::1]"), (Authority{"::1", std::nullopt}));
  for (const char* text : {"example.com", "a.b:1", "127.0.0.1", "[2001:db8::1]:65535"}) {
    EXPECT_EQ(to_text(*parse_authority(text)), text);
  }
}

TEST(Authority, refuses_other_spellings) {
  for (const char* text : {"",
                           ":80",
                           "Example.com",
                           "*.example.com",
                           "example.com.",
                           "example..com",
                           "-a.example",
                           "a-.example",
                           "exam ple.com",
                           "example.com:",
                           "example.com:0",
                           "example.com:65536",
                           "example.com/",
                           "user@example.com",
                           "http://example.com",
                           "::1",
                           "[example.com]",
                           "[127.0.0.1]",
                           "127.1",
                           "1.2.3.4.5"}) {
    EXPECT_EQ(parse_authority(text), std::nullopt) << text;
  }
}

TEST(Authority, matches_in_any_case_and_only_its_port) {
  const Authority any{"example.com", std::nullopt};
  EXPECT_TRUE(any.matches("example.com", 80));
  EXPECT_TRUE(any.matches("EXAMPLE.com", 1));
  EXPECT_FALSE(any.matches("example.com.", 80));
  EXPECT_FALSE(any.matches("www.example.com", 80));
  EXPECT_FALSE(any.matches("example.co", 80));
  const Authority one{"example.com", std::uint16_t{8080}};
  EXPECT_TRUE(one.matches("example.com", 8080));
  EXPECT_FALSE(one.matches("example.com", 80));
}

}  // namespace
}  // namespace louver::config

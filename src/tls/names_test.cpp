#include "tls/names.h"

#include <gtest/gtest.h>

namespace louver::tls {
namespace {

using namespace std::string_literals;

std::string repeated(std::size_t count, char c) { return std::string(count, c); }
std::string labels(std::size_t count) {
  std::string out = "a";
  for (std::size_t i = 1; i < count; ++i) out += ".a";
  return out;
}

TEST(Names, lets_dns_names_through) {
  for (const std::string& name :
       {"m1.example"s, "m1"s, "localhost"s, "a.b.c.d.e"s, "xn--bcher-kva.example"s, "my_box.example"s, "1.example"s,
        "1a"s, "m-1.example"s, "0xff.example"s, "M1.Example"s, repeated(63, 'a') + ".example", labels(127)}) {
    EXPECT_EQ(dns_name_fault(name), std::nullopt) << name;
  }
}

TEST(Names, refuses_what_is_no_dns_name) {
  for (const std::string& name : {""s,
                                  "."s,
                                  ".example"s,
                                  "m1."s,
                                  "m1..example"s,
                                  "*"s,
                                  "*.example"s,
                                  "m*.example"s,
                                  "m1.*"s,
                                  "m1.example\0.evil"s,
                                  "\0"s,
                                  "m1.example\0"s,
                                  "-m1.example"s,
                                  "m1-.example"s,
                                  "m 1.example"s,
                                  " m1.example"s,
                                  "m1.example "s,
                                  "m1.example\n"s,
                                  "b\xc3\xbc"s + "cher.example",
                                  "192.0.2.1"s,
                                  "127.1"s,
                                  "1"s,
                                  "m1.2"s,
                                  "::1"s,
                                  "[::1]"s,
                                  "2001:db8::1"s,
                                  "m1.example:443"s,
                                  "m1/example"s,
                                  "user@m1.example"s,
                                  "m1.example%00"s,
                                  "m1,m2"s,
                                  "\x7f"s,
                                  repeated(64, 'a') + ".example",
                                  labels(128)}) {
    EXPECT_NE(dns_name_fault(name), std::nullopt) << name;
  }
}

TEST(Names, says_why_in_words) {
  EXPECT_EQ(dns_name_fault("*.example"), "it has a wildcard");
  EXPECT_EQ(dns_name_fault("a\0b"s), "it has a NUL inside");
  EXPECT_EQ(dns_name_fault("192.0.2.1"), "it looks like an IP address");
  EXPECT_EQ(dns_name_fault("m1\xff"), "it has the octet 0xff inside");
  EXPECT_EQ(dns_name_fault("a/b"), "it has a '/' inside");
}

TEST(Names, lets_spiffe_ids_through) {
  const std::string longest = "spiffe://d/" + repeated(longest_spiffe_id - 11, 'a');
  for (const std::string& name : {"spiffe://example.org/louver/middlebox/av"s, "spiffe://d/a"s, "spiffe://1.2.3.4/a"s,
                                  "spiffe://d/A.b_c-9"s, "spiffe://d/..."s, "spiffe://d_x-y.z/a/b"s, longest}) {
    EXPECT_EQ(spiffe_id_fault(name), std::nullopt) << name;
  }
}

TEST(Names, refuses_what_is_no_spiffe_id) {
  const std::string too_long = "spiffe://d/" + repeated(longest_spiffe_id - 10, 'a');
  for (const std::string& name : {""s,
                                  "spiffe:"s,
                                  "spiffe://"s,
                                  "spiffe:///a"s,
                                  "spiffe://d"s,
                                  "spiffe://d/"s,
                                  "spiffe://d/a/"s,
                                  "spiffe://d//a"s,
                                  "spiffe://d/a//b"s,
                                  "spiffe://d/./a"s,
                                  "spiffe://d/../a"s,
                                  "spiffe://d/a/.."s,
                                  "spiffe://d/a%2fb"s,
                                  "spiffe://d/a%2Fb"s,
                                  "spiffe://d/%61"s,
                                  "SPIFFE://d/a"s,
                                  "Spiffe://d/a"s,
                                  "spiffe://D/a"s,
                                  "spiffe://d:443/a"s,
                                  "spiffe://u@d/a"s,
                                  "spiffe://d/a?q"s,
                                  "spiffe://d/a#f"s,
                                  "spiffe://d/a b"s,
                                  "spiffe://d/*"s,
                                  "spiffe://*/a"s,
                                  "spiffe://d/a\0b"s,
                                  "spiffe://d\0/a"s,
                                  "spiffe://d/\xc3\xbc"s,
                                  "https://d/a"s,
                                  " spiffe://d/a"s,
                                  "spiffe:/d/a"s,
                                  too_long}) {
    EXPECT_NE(spiffe_id_fault(name), std::nullopt) << name;
  }
}

TEST(Names, holds_party_names_to_lower_case_and_255_octets) {
  const std::string spiffe_of_255 = "spiffe://d/" + repeated(longest_name - 11, 'a');
  EXPECT_EQ(party_name_fault("m1.example"), std::nullopt);
  EXPECT_EQ(party_name_fault(spiffe_of_255), std::nullopt);
  EXPECT_NE(party_name_fault(spiffe_of_255 + "a"), std::nullopt);
  EXPECT_NE(party_name_fault("M1.example"), std::nullopt);
  EXPECT_NE(party_name_fault("spiffe://d/A"), std::nullopt);
  EXPECT_NE(party_name_fault("*.example"), std::nullopt);
}

}  // namespace
}  // namespace louver::tls

#include "runtime/endpoint.h"

#include <gtest/gtest.h>

namespace louver::runtime {
namespace {

TEST(Endpoint, reads_names_and_addresses) {
  const auto name = Endpoint::parse("Next.Example.ORG:4433");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host(), "next.example.org");
  EXPECT_EQ(name->port(), 4433);
  EXPECT_FALSE(name->address());
  const auto v4 = Endpoint::parse("192.0.2.1:1");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->address(), IpAddress::parse("192.0.2.1"));
  const auto v6 = Endpoint::parse("[2001:DB8::1]:65535");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host(), "2001:db8::1");
  EXPECT_EQ(v6->to_string(), "[2001:db8::1]:65535");
}

TEST(Endpoint, accepts_the_names_that_there_are) {
  for (const char* name : {"localhost", "a", "gate-way", "_srv.example.org", "4f5e6a7b8c9d.local", "1host",
                           "example.org.", "xn--bcher-kva.example", "127.0.0.1.example"}) {
    EXPECT_TRUE(Endpoint::make(name, 443)) << name;
  }
}

TEST(Endpoint, refuses_numbers_that_the_system_might_take_for_addresses) {
  for (const char* host : {"127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1", "0X7F.1",
                           "0177.0.0.1", "0x7f.0x0.0x0.0x1", "127.0.0.1.", "127.1.", "0", "0x", "a.0x7f", "example.1",
                           "1.2.3.4.5", "256.1.1.1", "127.0.0.01", "00127.0.0.1"}) {
    const auto refused = Endpoint::make(host, 443);
    ASSERT_FALSE(refused) << host;
    EXPECT_EQ(refused.error().fault, Fault::configuration);
  }
}

TEST(Endpoint, refuses_what_is_no_name) {
  for (const std::string& host :
       {std::string{}, std::string{"."}, std::string{".."}, std::string{".a"}, std::string{"a..b"}, std::string{"-a"},
        std::string{"a-"}, std::string{"a b"}, std::string{"a/b"}, std::string{"a@b"}, std::string{"a%00b"},
        std::string{"a\0b", 3}, std::string{"bücher.example"}, std::string{"::1%lo"}, std::string{"[::1]"},
        std::string(64, 'a'), std::string{"127.0.0.1 "}, std::string{"ⓛocalhost"}}) {
    EXPECT_FALSE(Endpoint::make(host, 443)) << host;
  }
}

TEST(Endpoint, bounds_names_and_labels) {
  const std::string label(63, 'a');
  EXPECT_TRUE(is_dns_name(label));
  EXPECT_FALSE(is_dns_name(label + "a"));
  const std::string name = label + "." + label + "." + label + "." + std::string(61, 'b');
  ASSERT_EQ(name.size(), 253U);
  EXPECT_TRUE(is_dns_name(name));
  EXPECT_TRUE(is_dns_name(name + "."));
  EXPECT_FALSE(is_dns_name(name + "b"));
}

TEST(Endpoint, says_what_is_wrong_with_a_port) {
  for (const char* text : {"a", "a:", "a:b", "a:-1", "a:+1", "a: 1", "a:1 ", "a:65536", "a:0x1", "a:0", "::1:443",
                           "[::1]443", "[::1]", "[::1", "[a]:443", "a:1:2"}) {
    const auto refused = Endpoint::parse(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().fault, Fault::configuration);
    EXPECT_FALSE(refused.error().detail.empty());
  }
  EXPECT_TRUE(Endpoint::parse("a:1"));
  EXPECT_TRUE(Endpoint::parse("a:65535"));
}

}  // namespace
}  // namespace louver::runtime

#include "config/address_range.h"

#include <gtest/gtest.h>

namespace louver::config {
namespace {

bool holds(const char* range, const char* address) {
  const auto of = parse_address_range(range);
  const auto asked = parse_address_range(address);
  EXPECT_TRUE(of) << range;
  EXPECT_TRUE(asked) << address;
  return of && asked && of->contains(asked->octets, asked->is_v4);
}

TEST(AddressRange, one_address_holds_itself_only) {
  EXPECT_TRUE(holds("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(holds("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(holds("2001:DB8::1", "2001:db8:0::1"));
  EXPECT_FALSE(holds("::1", "::2"));
  EXPECT_FALSE(holds("192.0.2.7", "2001:db8::1"));
}

TEST(AddressRange, holds_what_begins_with_its_bits) {
  EXPECT_TRUE(holds("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(holds("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(holds("128.0.0.0/1", "255.0.0.1"));
  EXPECT_FALSE(holds("128.0.0.0/1", "127.0.0.1"));
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_FALSE(holds("192.0.2.0/24", "c000:200::")) << "the same bits of another family";
}

TEST(AddressRange, refuses_other_spellings) {
  for (const char* text : {"",
                           "/24",
                           "192.0.2.7/",
                           "192.0.2.7/33",
                           "192.0.2.0/024",
                           "192.0.2.0/+24",
                           "192.0.2.0/24 ",
                           "192.0.2.1/24",
                           "192.0.2.0/24/8",
                           "0.0.0.0/0",
                           "::/0",
                           "::/129",
                           "192.0.2",
                           "0300.0.2.1",
                           "::ffff:192.0.2.1",
                           "fe80::1%eth0",
                           "[::1]",
                           "example.com",
                           "192.0.2.0/255.255.255.0",
                           "2001:db8::1/64"}) {
    EXPECT_FALSE(parse_address_range(text)) << text;
  }
}

}  // namespace
}  // namespace louver::config

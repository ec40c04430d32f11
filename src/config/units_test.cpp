#include "config/units.h"

#include <gtest/gtest.h>

namespace louver::config {
namespace {

using namespace std::chrono_literals;

TEST(Units, reads_durations) {
  EXPECT_EQ(parse_duration("0ms"), 0ms);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("24h"), 24h);
  EXPECT_EQ(parse_duration("87600h"), 87600h);  // ten years
}

TEST(Units, refuses_other_durations) {
  for (const char* text : {"", "10", "s", " 10s", "10 s", "10s ", "-1s", "+1s", "1.5s", "1e3s", "1d", "10S", "1m30s",
                           "0x10s", "87601h", "18446744073709551616s", "9223372036854775807h"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Units, reads_octets) {
  EXPECT_EQ(parse_octets("0"), 0U);
  EXPECT_EQ(parse_octets("65536"), 65536U);
  EXPECT_EQ(parse_octets("64KiB"), 65536U);
  EXPECT_EQ(parse_octets("1048576MiB"), std::uint64_t{1} << 40);
  for (const char* text :
       {"", "KiB", "64KB", "64kib", "64 KiB", "-1", "1.5KiB", "1048577MiB", "18446744073709551616"}) {
    EXPECT_EQ(parse_octets(text), std::nullopt) << text;
  }
}

TEST(Units, shows_what_it_reads_in_the_shortest_form) {
  EXPECT_EQ(to_text(0ms), "0ms");
  EXPECT_EQ(to_text(1500ms), "1500ms");
  EXPECT_EQ(to_text(90s), "90s");
  EXPECT_EQ(to_text(10min), "10m");
  EXPECT_EQ(to_text(24h), "24h");
  EXPECT_EQ(octets_to_text(1000), "1000");
  EXPECT_EQ(octets_to_text(1024), "1KiB");
  EXPECT_EQ(octets_to_text(3 << 20), "3MiB");
}

}  // namespace
}  // namespace louver::config

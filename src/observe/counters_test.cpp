#include "observe/counters.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <vector>

namespace louver::observe {
namespace {

using Json = nlohmann::json;

TEST(Counters, start_at_zero_and_show_every_name) {
  const Json snapshot = Json::parse(Counters{}.to_json());
  EXPECT_EQ(snapshot.size(), counter_count + 4);
  std::set<std::string> names;
  for (const auto& [name, value] : snapshot.items()) {
    EXPECT_TRUE(names.insert(name).second);
    EXPECT_TRUE(name.starts_with("louver_") && name.ends_with("_total")) << name;
    if (value.is_number()) {
      EXPECT_EQ(value, 0) << name;
    }
  }
  EXPECT_TRUE(snapshot["louver_alerts_sent_total"].empty());
}

TEST(Counters, count_what_is_added) {
  Counters counters;
  counters.add(Counter::joins_accepted);
  counters.add(Counter::joins_accepted, 4);
  counters.add_octets(Direction::s2c, 1000);
  counters.add_alert_sent(Alert::bad_record);
  counters.add_alert_received(static_cast<std::uint8_t>(Alert::timeout));
  for (const int code : {0, 200, 255}) counters.add_alert_received(static_cast<std::uint8_t>(code));
  EXPECT_EQ(counters.value(Counter::joins_accepted), 5U);
  EXPECT_EQ(counters.octets(Direction::s2c), 1000U);
  EXPECT_EQ(counters.octets(Direction::c2s), 0U);
  EXPECT_EQ(counters.alerts_sent(Alert::bad_record), 1U);
  EXPECT_EQ(counters.alerts_received(0), 3U);
  const Json snapshot = Json::parse(counters.to_json());
  EXPECT_EQ(snapshot["louver_joins_accepted_total"], 5);
  EXPECT_EQ(snapshot["louver_bytes_total"]["s2c"], 1000);
  EXPECT_EQ(snapshot["louver_alerts_sent_total"], (Json{{"bad_record", 1}}));
  EXPECT_EQ(snapshot["louver_alerts_received_total"], (Json{{"timeout", 1}, {"unknown", 3}}));
}

TEST(Counters, lose_nothing_between_threads) {
  Counters counters;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10000; ++i) {
          counters.add(Counter::sessions_started);
          counters.add_octets(Direction::c2s, 3);
        }
      });
    }
  }
  EXPECT_EQ(counters.value(Counter::sessions_started), 40000U);
  EXPECT_EQ(counters.octets(Direction::c2s), 120000U);
}

}  // namespace
}  // namespace louver::observe

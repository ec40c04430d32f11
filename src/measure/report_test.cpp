#include "measure/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace louver::measure {
namespace {

Outcome outcome() {
  Outcome out{.machine = {.processor = "A \"processor\"", .library = "OpenSSL 3", .cores = 4, .load = 0.5},
              .figures = {}};
  for (const double round : {1.0, 3.0, 2.0}) {
    out.figures.add("join", "agent", "CPU for a joined session", "ms", round);
    out.figures.add("join", "middlebox", "CPU for a joined session", "ms", 10 * round);
    out.figures.add("join", "gateway", "CPU for a joined session", "ms", 100 * round);
    out.figures.add("cipher", "machine", "the cipher alone", "s", 0.25);
  }
  return out;
}

TEST(Figures, of_the_same_name_and_party_are_one_with_a_value_for_each_round) {
  const Outcome all = outcome();
  ASSERT_EQ(all.figures.all().size(), 4U);
  EXPECT_EQ(all.figures.all()[1].party, "middlebox");
  EXPECT_EQ(all.figures.all()[1].values, (std::vector<double>{10, 30, 20}));
}

TEST(Report, has_every_figure_with_its_spread_as_json) {
  std::ostringstream out;
  write_json(outcome(), out);
  const auto all = nlohmann::json::parse(out.str());
  EXPECT_EQ(all["processor"], "A \"processor\"");
  EXPECT_EQ(all["cores"], 4);
  ASSERT_EQ(all["figures"].size(), 4U);
  const auto& gateway = all["figures"][2];
  EXPECT_EQ(gateway["name"], "join");
  EXPECT_EQ(gateway["party"], "gateway");
  EXPECT_EQ(gateway["median"], 200);
  EXPECT_EQ(gateway["least"], 100);
  EXPECT_EQ(gateway["greatest"], 300);
  EXPECT_EQ(gateway["rounds"], 3);
}

TEST(Report, shows_the_parties_beside_each_other_and_the_rest_beneath) {
  std::ostringstream out;
  write_text(outcome(), out);
  EXPECT_NE(out.str().find("2.00 (1.00..3.00)  20.0 (10.0..30.0)  200 (100..300)"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("the cipher alone [s]  0.250 (0.250..0.250)"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("Median of 3 rounds"), std::string::npos) << out.str();
}

TEST(Report, shows_three_digits_of_large_and_small_numbers) {
  EXPECT_EQ(digits(1234.5), "1234");
  EXPECT_EQ(digits(99.94), "99.9");
  EXPECT_EQ(digits(1.005), "1.00");
  EXPECT_EQ(digits(0.0123), "0.012");
  EXPECT_EQ(digits(-3.14159), "-3.14");
}

}  // namespace
}  // namespace louver::measure

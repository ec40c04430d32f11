#include "filter/io/mirror/pcap_reader.h"

#include <gtest/gtest.h>

#include <optional>

#include "filter/io/mirror/pcapng.h"
#include "runtime/test_support.h"

namespace louver::filter::mirror {
namespace {

using namespace std::chrono_literals;
using runtime::testing::run_until;

class PcapReaderTest : public ::testing::Test {
 protected:
  static constexpr std::size_t queue = std::size_t{1} << 20;

  PcapReaderTest() {
    runtime::testing::TcpPair pair = runtime::testing::tcp_pair();
    far = std::move(pair.far);
    reader.emplace(loop, std::move(pair.near), runtime::ConnectionUser::local(0), queue,
                   [this](PcapReader&, const std::string& said) {
                     why = said;
                     reader.reset();
                   });
  }
  PcapReader::Given give(std::uint64_t stream, std::size_t octets, bool entry = false, bool last = false) {
    Copied copied{.stream = stream, .last = last};
    copied.block = std::make_shared<const Buffer>(pcapng_packet(WallTime{}, Buffer(octets), ""));
    if (entry) copied.entry = copied.block;
    return reader->give(copied);
  }
  /// Until it has no room for another one; how many it took.
  std::size_t fill(std::uint64_t stream) {
    std::size_t taken = 0;
    while (give(stream, 60'000).lost == 0) ++taken;
    return taken;
  }

  runtime::Loop loop;
  runtime::Descriptor far;
  std::optional<PcapReader> reader;
  std::string why;
};

TEST_F(PcapReaderTest, one_that_takes_nothing_for_a_minute_is_stuck_and_one_that_takes_a_little_is_not) {
  const TimePoint start = runtime::now();
  give(1, 100, true);
  EXPECT_FALSE(reader->is_stuck(start));
  EXPECT_FALSE(reader->is_stuck(start + 10min)) << "there is nothing for it";
  EXPECT_GT(fill(1), 10U);
  EXPECT_FALSE(reader->is_stuck(start + 10min));
  EXPECT_FALSE(reader->is_stuck(start + 11min));
  EXPECT_TRUE(reader->is_stuck(start + 11min + 1s));
  EXPECT_TRUE(run_until(loop, [&] {
    char part[65536];
    while (::recv(far.fd(), part, sizeof part, MSG_DONTWAIT) > 0) {
    }
    return give(1, 60'000).lost == 0;
  }));
  EXPECT_FALSE(reader->is_stuck(start + 11min + 2s));
}

TEST_F(PcapReaderTest, what_it_misses_is_counted_and_what_is_not_for_it_is_not) {
  EXPECT_EQ(give(1, 100).lost, 0U);  // began before it came
  EXPECT_EQ(reader->lost(), 0U);
  give(1, 100, true);
  fill(1);
  EXPECT_EQ(reader->lost(), 1U);
  const PcapReader::Given given = give(2, 60'000, true);
  EXPECT_EQ(given.lost, 4U);  // the handshake too
  EXPECT_TRUE(given.needs_entry);
  EXPECT_FALSE(give(1, 60'000).needs_entry);
  EXPECT_EQ(give(3, 60'000).lost, 0U);
}

TEST_F(PcapReaderTest, it_hears_of_an_end_and_of_a_reset) {
  EXPECT_FALSE(reader->has_ended());
  ::shutdown(far.fd(), SHUT_WR);
  EXPECT_TRUE(run_until(loop, [&] { return reader->has_ended(); }));
  give(1, 100, true);
  EXPECT_EQ(runtime::testing::receive_all(far.fd(), 100).size(), 100U) << "it may read on";
  runtime::testing::reset(far);
  EXPECT_TRUE(run_until(loop, [&] {
    if (reader) give(1, 100);  // only who sends hears of it
    return !reader.has_value();
  }));
  EXPECT_NE(why, "");
}

}  // namespace
}  // namespace louver::filter::mirror

#include "observe/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "observe/nasty_strings.h"
#include "observe/test_support.h"

namespace louver::observe {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct LogTest : testing::Test {
  std::unique_ptr<Log> open(LogOptions options) {
    if (!options.file) options.file = path;
    auto log = Log::open(std::move(options), [this] { return clock.now; });
    if (!log) ADD_FAILURE() << describe(log.error());
    return log ? *std::move(log) : nullptr;
  }
  std::vector<std::string> lines() const { return test::lines_of(path); }

  test::TemporaryFolder folder;
  std::string path = folder.file("log");
  test::StoppedClock clock;
};

TEST_F(LogTest, writes_lines_for_terminals) {
  auto log = open({});
  log->write(Level::info, Event::session_start,
             {{"session", "0011223344556677/5"}, {"middleboxes", 2}, {"name", "two words"}});
  log->write(Level::error, Event::config_error);
  EXPECT_THAT(
      lines(),
      ElementsAre(
          "2025-06-07T08:09:10.011Z info  session.start session=0011223344556677/5 middleboxes=2 name=\"two words\"",
          "2025-06-07T08:09:10.011Z error config.error"));
}

TEST_F(LogTest, writes_json_lines_for_collectors) {
  auto log = open({.format = Format::json});
  log->write(Level::warn, Event::alert_received, {{"alert", "bad_record"}, {"party", 2}, {"verified", false}});
  clock.go_on(1h + 5ms);
  log->write(Level::info, Event::listen, {{"port", std::uint16_t{4433}}});
  EXPECT_THAT(lines(),
              ElementsAre(R"({"time":"2025-06-07T08:09:10.011Z","level":"warn","event":"alert.received",)"
                          R"("alert":"bad_record","party":2,"verified":false})",
                          R"({"time":"2025-06-07T09:09:10.016Z","level":"info","event":"listen","port":4433})"));
}

TEST_F(LogTest, leaves_out_what_is_below_its_level) {
  for (const auto& [least, expected] :
       {std::pair{Level::debug, 4U}, {Level::info, 3U}, {Level::warn, 2U}, {Level::error, 1U}}) {
    const std::string file = folder.file("level" + std::to_string(expected));
    auto log = open({.least = least, .file = file});
    for (const Level level : {Level::debug, Level::info, Level::warn, Level::error}) {
      EXPECT_EQ(log->enabled(level), level >= least);
      log->write(level, Event::listen);
    }
    EXPECT_THAT(test::lines_of(file), SizeIs(expected));
  }
}

TEST_F(LogTest, makes_its_file_private) {
  auto log = open({});
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(LogTest, refuses_a_file_that_cannot_be_written) {
  EXPECT_EQ(Log::open({.file = folder.file("none/log")}).error().fault, Fault::configuration);
  EXPECT_EQ(Log::open({.descriptor = 1000000}).error().fault, Fault::configuration);
}

TEST_F(LogTest, writes_one_valid_object_a_line_for_300_nasty_strings) {
  const std::vector<std::string> nasty = test::nasty_strings();
  auto log = open({.format = Format::json, .rate = {}});
  for (const std::string& one : nasty) log->write(Level::info, Event::session_fail, {{"party", one}, {"detail", one}});
  const auto written = lines();
  ASSERT_THAT(written, SizeIs(nasty.size()));
  for (const std::string& line : written) {
    const Json object = Json::parse(line, nullptr, false);
    ASSERT_TRUE(object.is_object()) << line;
    EXPECT_EQ(object.size(), 5U);
    EXPECT_EQ(object["time"], "2025-06-07T08:09:10.011Z");
    EXPECT_LT(line.size(), line_octets_most);
  }
}

TEST_F(LogTest, writes_one_printable_line_for_each_of_300_nasty_strings) {
  const std::vector<std::string> nasty = test::nasty_strings();
  auto log = open({.rate = {}});
  for (const std::string& one : nasty) log->write(Level::info, Event::session_fail, {{"detail", one}});
  const auto written = lines();
  ASSERT_THAT(written, SizeIs(nasty.size()));
  for (const std::string& line : written) {
    EXPECT_TRUE(line.starts_with("2025-06-07T08:09:10.011Z info  session.fail detail=")) << line;
    for (const char c : line) ASSERT_TRUE(c >= 0x20 && c <= 0x7e) << line;
  }
}

// --- floods
// -----------------------------------------------------------------------------------------------------------

TEST_F(LogTest, suppresses_what_comes_too_often_and_tells_how_much) {
  auto log = open({.rate = LogRate{.burst = 3, .per_second = 1}});
  for (int i = 0; i < 10; ++i) log->write(Level::warn, Event::join_refused, {{"n", i}});
  EXPECT_THAT(lines(), SizeIs(3));
  EXPECT_EQ(log->suppressed(), 7U);
  clock.go_on(2s);
  log->write(Level::warn, Event::join_refused, {{"n", 10}});
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("n=0"), HasSubstr("n=1"), HasSubstr("n=2"),
                                   HasSubstr("warn  log.suppressed of=join.refused lines=7"), HasSubstr("n=10")));
}

TEST_F(LogTest, limits_each_event_by_itself) {
  auto log = open({.rate = LogRate{.burst = 2, .per_second = 1}});
  for (int i = 0; i < 100; ++i) log->write(Level::warn, Event::alert_received);
  log->write(Level::error, Event::association_fail);
  EXPECT_THAT(lines(), SizeIs(3));
}

TEST_F(LogTest, tells_of_suppressed_lines_once_a_second_and_with_other_events) {
  auto log = open({.rate = LogRate{.burst = 1, .per_second = 10}});
  for (int i = 0; i < 3000; ++i) {  // three seconds, a line each millisecond
    log->write(Level::info, Event::message);
    clock.go_on(1ms);
  }
  std::size_t told = 0, suppressed = 0;
  for (const std::string& line : lines()) {
    if (line.find("log.suppressed") == std::string::npos) continue;
    ++told;
    suppressed += std::stoul(line.substr(line.rfind('=') + 1));
  }
  EXPECT_LE(told, 3U);
  EXPECT_GE(told, 2U);
  EXPECT_LE(lines().size(), 31U + told);
  clock.go_on(1s);
  const std::uint64_t all = log->suppressed();
  log->write(Level::info, Event::listen);
  const auto last = lines();
  EXPECT_THAT(last[last.size() - 2], HasSubstr("lines=" + std::to_string(all - suppressed)));
}

TEST_F(LogTest, tells_at_its_end_what_was_suppressed_last) {
  open({.rate = LogRate{.burst = 1, .per_second = 1}});
  {
    auto log = open({.rate = LogRate{.burst = 1, .per_second = 1}});
    for (int i = 0; i < 5; ++i) log->write(Level::info, Event::message);
  }
  EXPECT_THAT(lines().back(), HasSubstr("log.suppressed of=message lines=4"));
}

TEST_F(LogTest, drops_and_counts_when_a_pipe_is_full) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  auto log = Log::open({.format = Format::json, .descriptor = pipe[1], .rate = {}}, [this] { return clock.now; });
  ASSERT_TRUE(log);
  const std::string detail(500, 'a');
  for (int i = 0; i < 1000; ++i) (*log)->write(Level::info, Event::message, {{"detail", detail}});  // would hang here
  EXPECT_GT((*log)->dropped(), 100U);
  const std::uint64_t dropped = (*log)->dropped();
  std::vector<char> buffer(1 << 20);
  const ssize_t first = ::read(pipe[0], buffer.data(), buffer.size());
  ASSERT_GT(first, 0);
  EXPECT_EQ(buffer[static_cast<std::size_t>(first) - 1], '\n');
  clock.go_on(1s);
  (*log)->write(Level::info, Event::listen);
  const ssize_t second = ::read(pipe[0], buffer.data(), buffer.size());
  ASSERT_GT(second, 0);
  const std::string rest(buffer.data(), static_cast<std::size_t>(second));
  EXPECT_THAT(rest, HasSubstr(R"("event":"log.dropped","lines":)" + std::to_string(dropped) + "}"));
  EXPECT_THAT(rest, HasSubstr(R"("event":"listen")"));
  (*log).reset();
  for (const int end : pipe) ::close(end);
}

TEST_F(LogTest, survives_the_limit_of_a_files_size) {
  auto log = open({.rate = {}});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  for (int i = 0; i < 200; ++i) log->write(Level::info, Event::message, {{"n", i}});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  const std::uint64_t dropped = log->dropped();
  EXPECT_GT(dropped, 0U);
  clock.go_on(1s);
  log->write(Level::info, Event::listen);
  const auto written = lines();
  EXPECT_THAT(written.back(), HasSubstr("listen"));
  EXPECT_THAT(written[written.size() - 2], HasSubstr("log.dropped lines=" + std::to_string(dropped)));
}

// --- life
// -------------------------------------------------------------------------------------------------------------

TEST_F(LogTest, goes_on_in_a_new_file_after_the_old_one_was_moved) {
  auto log = open({});
  log->write(Level::info, Event::listen, {{"n", 1}});
  std::filesystem::rename(path, path + ".1");
  log->write(Level::info, Event::listen, {{"n", 2}});
  EXPECT_TRUE(log->reopen());
  log->write(Level::info, Event::listen, {{"n", 3}});
  EXPECT_THAT(test::lines_of(path + ".1"), ElementsAre(HasSubstr("n=1"), HasSubstr("n=2")));
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("n=3")));
}

TEST_F(LogTest, goes_on_in_the_old_file_if_the_new_one_cannot_be_opened) {
  auto log = open({});
  std::filesystem::rename(path, path + ".1");
  std::filesystem::create_directory(path);
  EXPECT_EQ(log->reopen().error().fault, Fault::configuration);
  log->write(Level::info, Event::listen);
  EXPECT_THAT(test::lines_of(path + ".1"), SizeIs(1));
}

TEST_F(LogTest, is_safe_from_all_threads) {
  constexpr int threads = 4, each = 1000;
  {
    auto log = Log::open({.format = Format::json, .file = path, .rate = {}});
    ASSERT_TRUE(log);
    std::vector<std::jthread> writers;
    for (int t = 0; t < threads; ++t) {
      writers.emplace_back([&log, t] {
        for (int i = 0; i < each; ++i) (*log)->write(Level::info, Event::message, {{"thread", t}, {"n", i}});
      });
    }
  }
  const auto written = lines();
  ASSERT_THAT(written, SizeIs(threads * each));
  std::array<int, threads> next{};
  for (const std::string& line : written) {
    const Json object = Json::parse(line, nullptr, false);
    ASSERT_TRUE(object.is_object()) << line;
    int& expected = next.at(object["thread"].get<std::size_t>());
    EXPECT_EQ(object["n"], expected++);
  }
}

}  // namespace
}  // namespace louver::observe

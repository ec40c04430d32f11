#include "observe/log_output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <fstream>

#include "observe/test_support.h"

namespace louver::observe {
namespace {

using test::mode_of;
using testing::ElementsAre;
using testing::HasSubstr;

/// Both ends, closed at the end of the test.
struct Pair {
  std::array<int, 2> ends{-1, -1};
  Pair() = default;
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  void close(std::size_t end) { ::close(std::exchange(ends[end], -1)); }
  std::string drain() {
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::string out;
    std::array<char, 4096> block{};
    for (ssize_t n = 0; (n = ::read(ends[0], block.data(), block.size())) > 0;)
      out.append(block.data(), static_cast<std::size_t>(n));
    return out;
  }
};

TEST(LogOutput, makes_a_file_that_only_its_owner_reads_whatever_the_umask) {
  const test::TemporaryFolder folder;
  const mode_t before = ::umask(0);
  auto output = LogOutput::open_file(folder.file("log"));
  ::umask(before);
  ASSERT_TRUE(output) << describe(output.error());
  EXPECT_EQ(mode_of(folder.file("log")), 0600U);
}

TEST(LogOutput, appends_to_a_file_that_is_there_and_leaves_its_mode) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("log");
  std::ofstream{path} << "before\n";
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  auto output = LogOutput::open_file(path);
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->write("after\n"));
  EXPECT_EQ(mode_of(path), 0640U);
  EXPECT_THAT(test::lines_of(path), ElementsAre("before", "after"));
}

TEST(LogOutput, two_writers_of_a_file_do_not_overwrite_each_other) {
  const test::TemporaryFolder folder;
  auto one = LogOutput::open_file(folder.file("log"));
  auto other = LogOutput::open_file(folder.file("log"));
  ASSERT_TRUE(one && other);
  EXPECT_TRUE(one->write("a\n") && other->write("b\n") && one->write("c\n"));
  EXPECT_THAT(test::lines_of(folder.file("log")), ElementsAre("a", "b", "c"));
}

TEST(LogOutput, refuses_links_folders_pipes_and_devices) {
  const test::TemporaryFolder folder;
  std::ofstream{folder.file("target")} << "";
  std::filesystem::create_symlink(folder.file("target"), folder.file("link"));
  std::filesystem::create_directory(folder.file("folder"));
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  for (const std::string& path : {folder.file("link"), folder.file("folder"), folder.file("pipe"),
                                  std::string{"/dev/null"}, folder.file("none/log")}) {
    const auto output = LogOutput::open_file(path);
    ASSERT_FALSE(output) << path;
    EXPECT_EQ(output.error().fault, Fault::configuration);
    EXPECT_THAT(output.error().detail, HasSubstr(path));
  }
}

TEST(LogOutput, refuses_a_descriptor_that_is_closed) {
  EXPECT_EQ(LogOutput::on_descriptor(1000000).error().fault, Fault::configuration);
}

TEST(LogOutput, drops_lines_instead_of_waiting_for_a_full_pipe) {
  Pair pipe;
  ASSERT_EQ(::pipe(pipe.ends.data()), 0);
  auto output = LogOutput::on_descriptor(pipe.ends[1]);
  ASSERT_TRUE(output);
  EXPECT_EQ(::fcntl(pipe.ends[1], F_GETFL) & O_NONBLOCK, 0) << "others share this descriptor";
  const std::string line = std::string(999, 'a') + "\n";
  std::size_t written = 0;
  while (output->write(line)) ASSERT_LT(++written, 10000U);
  EXPECT_FALSE(output->write(line));
  const std::string read = pipe.drain();
  EXPECT_EQ(read.size(), written * line.size());  // nothing in part
  EXPECT_TRUE(output->write(line));
}

TEST(LogOutput, drops_lines_instead_of_waiting_for_a_full_socket) {
  Pair sockets;
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.ends.data()), 0);
  auto output = LogOutput::on_descriptor(sockets.ends[1]);
  ASSERT_TRUE(output);
  std::size_t written = 0;
  while (output->write(std::string(1000, 'a'))) ASSERT_LT(++written, 100000U);
  EXPECT_EQ(sockets.drain().size(), written * 1000);
  EXPECT_TRUE(output->write("again\n"));
}

TEST(LogOutput, outlives_the_reader_of_its_pipe) {
  ignore_write_signals();
  Pair pipe;
  ASSERT_EQ(::pipe(pipe.ends.data()), 0);
  auto output = LogOutput::on_descriptor(pipe.ends[1]);
  ASSERT_TRUE(output);
  pipe.close(0);
  EXPECT_FALSE(output->write("nobody\n"));
}

TEST(LogOutput, outlives_the_limit_of_a_files_size_and_begins_a_line_anew_behind_it) {
  ignore_write_signals();
  const test::TemporaryFolder folder;
  auto output = LogOutput::open_file(folder.file("log"));
  ASSERT_TRUE(output);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 1500, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string line = std::string(999, 'a') + "\n";
  const std::array results = {output->write(line), output->write(line), output->write(line)};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(results, ElementsAre(true, false, false));
  EXPECT_TRUE(output->write("whole again\n"));
  EXPECT_THAT(test::lines_of(folder.file("log")),
              ElementsAre(std::string(999, 'a'), std::string(500, 'a'), "whole again"));
}

TEST(LogOutput, keeps_its_descriptor_from_children) {
  const test::TemporaryFolder folder;
  std::vector<int> before;
  for (int fd = 0; fd < 256; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) before.push_back(fd);
  }
  auto file = LogOutput::open_file(folder.file("log"));
  auto copy = LogOutput::on_descriptor(2);
  ASSERT_TRUE(file && copy);
  int made = 0;
  for (int fd = 0; fd < 256; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || std::find(before.begin(), before.end(), fd) != before.end()) continue;
    ++made;
    EXPECT_NE(flags & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(made, 2);
}

}  // namespace
}  // namespace louver::observe

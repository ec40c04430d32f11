#include "observe/key_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "observe/test_support.h"
#include "session/test_association.h"

namespace louver::observe {
namespace {

using test::mode_of;
using testing::HasSubstr;

std::string refusal(const std::string& path) {
  const auto opened = KeyLog::open(path);
  if (opened) return "it was opened";
  EXPECT_EQ(opened.error().fault, Fault::configuration);
  return opened.error().detail;
}

// LG-01
TEST(KeyLog, LG_01_counts_only_where_configuration_and_environment_name_the_same_file) {
  EXPECT_FALSE((KeyLogWish{}.wanted()));
  EXPECT_TRUE((KeyLogWish{}.check()));
  EXPECT_TRUE((KeyLogWish{"/run/keys", "/run/keys"}.wanted()));
  EXPECT_TRUE((KeyLogWish{"/run/keys", "/run/keys"}.check()));
  EXPECT_FALSE((KeyLogWish{"", "/run/keys"}.wanted()));
  EXPECT_TRUE((KeyLogWish{"", "/run/keys"}.ignored()));
  for (const char* other : {"", "/run/key", "/run/keys ", "1"}) {
    const auto checked = KeyLogWish{"/run/keys", other}.check();
    ASSERT_FALSE(checked) << other;
    EXPECT_EQ(checked.error().fault, Fault::configuration);
    EXPECT_THAT(checked.error().detail, HasSubstr("LOUVER_KEYLOGFILE=/run/keys"));
  }
}

// LG-01
TEST(KeyLog, LG_01_makes_a_file_for_its_owner_only_whatever_the_umask) {
  const test::TemporaryFolder folder;
  const mode_t before = ::umask(0);
  const auto opened = KeyLog::open(folder.file("keys"));
  ::umask(before);
  ASSERT_TRUE(opened) << describe(opened.error());
  EXPECT_EQ(mode_of(folder.file("keys")), 0600U);
}

// LG-01
TEST(KeyLog, LG_01_refuses_a_file_that_others_may_access_or_that_is_none) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("keys");
  std::ofstream{path} << "old\n";
  for (const mode_t mode : {0640U, 0604U, 0602U, 0610U, 0666U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_THAT(refusal(path), HasSubstr("chmod 600")) << mode;
  }
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(KeyLog::open(path));
  std::filesystem::create_symlink(path, folder.file("link"));
  EXPECT_THAT(refusal(folder.file("link")), HasSubstr("symbolic link"));
  std::filesystem::create_directory(folder.file("folder"));
  EXPECT_THAT(refusal(folder.file("folder")), HasSubstr("cannot write the key log"));
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal(folder.file("pipe")), HasSubstr("cannot write the key log"));
  EXPECT_THAT(refusal("/dev/full"), HasSubstr("no regular file"));
  EXPECT_EQ(test::lines_of(path), std::vector<std::string>{"old"});
}

TEST(KeyLog, writes_one_whole_line_for_each_secret_from_any_thread) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("keys");
  const session::test::TestAssociation association;
  const auto middlebox = association.record(1);
  {
    const auto log = KeyLog::open(path);
    ASSERT_TRUE(log);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_TRUE((*log)->write(*middlebox)); });
  }
  std::vector<std::string> expected;
  middlebox->reveal_secrets([&](const wire::ItemName& name, Bytes secret) {
    expected.push_back("LOUVER_ITEM " + to_hex(middlebox->id()) + " " + to_hex(session::octets_of(name)) + " " +
                       to_hex(secret));
  });
  ASSERT_EQ(expected.size(), 6U);
  const auto lines = test::lines_of(path);
  EXPECT_EQ(lines.size(), 4 * expected.size());
  for (const std::string& line : expected) EXPECT_EQ(std::ranges::count(lines, line), 4);
}

TEST(KeyLog, writes_nothing_of_an_association_that_has_ended) {
  const test::TemporaryFolder folder;
  const auto record = session::test::TestAssociation{}.record(2);
  record->end(Alert::revoked);
  const auto log = KeyLog::open(folder.file("keys"));
  ASSERT_TRUE(log);
  EXPECT_TRUE((*log)->write(*record));
  EXPECT_TRUE(test::lines_of(folder.file("keys")).empty());
}

}  // namespace
}  // namespace louver::observe

#include "runtime/files.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace louver::runtime {
namespace {

using ::testing::HasSubstr;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    std::string pattern = ::testing::TempDir() + "louver-files-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    directory = pattern;
  }
  ~FilesTest() override { std::filesystem::remove_all(directory); }

  std::string path(const std::string& name) const { return directory + "/" + name; }
  std::string make(const std::string& name, std::string_view text, mode_t mode) {
    EXPECT_TRUE(write_private_file(path(name), as_bytes(text)));
    EXPECT_EQ(chmod(path(name).c_str(), mode), 0);
    return path(name);
  }
  static mode_t mode_of(const std::string& file) {
    struct stat status {};
    EXPECT_EQ(lstat(file.c_str(), &status), 0);
    return status.st_mode & 07777;
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{directory}, {}));
  }
  static std::string text_of(const std::string& file) {
    const auto read = read_file_checked(file, 1000);
    return read ? std::string{as_text(*read)} : describe(read.error());
  }
  static Result<> no_use(Bytes) {
    ADD_FAILURE() << "was read";
    return {};
  }

  std::string directory;
};

TEST_F(FilesTest, a_private_file_has_mode_0600_whatever_the_umask) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0777}}) {
    const mode_t before = umask(mask);
    const auto written = write_private_file(path("key" + std::to_string(mask)), as_bytes("secret"));
    umask(before);
    ASSERT_TRUE(written) << describe(written.error());
    EXPECT_EQ(mode_of(path("key" + std::to_string(mask))), 0600U);
    EXPECT_EQ(text_of(path("key" + std::to_string(mask))), "secret");
  }
}

TEST_F(FilesTest, a_public_file_has_mode_0644_whatever_the_umask) {
  const mode_t before = umask(077);
  ASSERT_TRUE(write_public_file(path("cert"), as_bytes("public")));
  umask(before);
  EXPECT_EQ(mode_of(path("cert")), 0644U);
}

TEST_F(FilesTest, never_writes_into_what_is_there) {
  make("old", "old", 0600);
  std::filesystem::create_symlink(path("target"), path("dangling"));
  std::filesystem::create_symlink(path("old"), path("link"));
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  for (const char* name : {"old", "dangling", "link", "fifo"}) {
    const auto refused = write_private_file(path(name), as_bytes("new"));
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().fault, Fault::configuration);
    EXPECT_THAT(refused.error().detail, HasSubstr(path(name) + ": exists already"));
  }
  EXPECT_EQ(text_of(path("old")), "old");
  EXPECT_FALSE(std::filesystem::exists(path("target")));
}

TEST_F(FilesTest, replaces_a_file_at_once_and_leaves_other_links_to_the_old_one_alone) {
  make("key", "old", 0644);
  std::filesystem::create_hard_link(path("key"), path("planted"));
  ASSERT_TRUE(write_private_file(path("key"), as_bytes("new"), IfExists::replace));
  EXPECT_EQ(text_of(path("key")), "new");
  EXPECT_EQ(mode_of(path("key")), 0600U);
  EXPECT_EQ(text_of(path("planted")), "old");
  EXPECT_EQ(entries(), 2U) << "no temporary file is left";
  ASSERT_TRUE(write_private_file(path("fresh"), as_bytes("x"), IfExists::replace));
}

TEST_F(FilesTest, replaces_no_link_pipe_or_directory) {
  make("target", "target", 0600);
  std::filesystem::create_symlink(path("target"), path("link"));
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(path("directory"));
  const std::size_t before = entries();
  for (const char* name : {"link", "fifo", "directory"}) {
    const auto refused = write_private_file(path(name), as_bytes("new"), IfExists::replace);
    ASSERT_FALSE(refused) << name;
    EXPECT_THAT(refused.error().detail, HasSubstr("not a regular file"));
  }
  EXPECT_EQ(text_of(path("target")), "target");
  EXPECT_EQ(entries(), before);
}

TEST_F(FilesTest, says_which_path_cannot_be_written) {
  const auto refused = write_private_file(path("missing/key"), as_bytes("x"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr(path("missing/key") + ": No such file"));
}

TEST_F(FilesTest, writes_and_reads_large_files_whole) {
  Buffer large(3'000'000);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::byte>(i * 7);
  ASSERT_TRUE(write_private_file(path("large"), large));
  const auto read = read_file_checked(path("large"), large.size());
  ASSERT_TRUE(read);
  EXPECT_TRUE(equal(*read, large));
}

TEST_F(FilesTest, reads_at_most_what_is_allowed) {
  make("file", "12345", 0600);
  EXPECT_TRUE(read_file_checked(path("file"), 5));
  const auto refused = read_file_checked(path("file"), 4);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("has 5 octets, at most 4"));
  EXPECT_TRUE(read_file_checked(make("empty", "", 0600), 0));
}

TEST_F(FilesTest, reads_only_regular_files_and_does_not_wait_for_a_pipe) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  for (const std::string& file : {path("fifo"), directory, std::string{"/dev/zero"}}) {
    const auto refused = read_file_checked(file, 100);
    ASSERT_FALSE(refused) << file;
    EXPECT_THAT(refused.error().detail, HasSubstr("not a regular file"));
  }
  EXPECT_THAT(text_of(path("missing")), HasSubstr("No such file"));
}

TEST_F(FilesTest, refuses_a_file_that_everybody_may_write) {
  EXPECT_THAT(text_of(make("loose", "x", 0666)), HasSubstr("everybody may write it"));
}

TEST_F(FilesTest, follows_a_link_to_a_key_as_secrets_are_mounted_and_checks_the_key_itself) {
  make("key", "secret", 0600);
  std::filesystem::create_symlink(path("key"), path("link"));
  std::string seen;
  const auto use = [&](Bytes bytes) -> Result<> {
    seen = as_text(bytes);
    return {};
  };
  EXPECT_TRUE(read_private_file(path("link"), 100, use));
  EXPECT_EQ(seen, "secret");
  ASSERT_EQ(chmod(path("key").c_str(), 0604), 0);
  EXPECT_FALSE(read_private_file(path("link"), 100, no_use));
}

TEST_F(FilesTest, refuses_keys_that_others_may_read_or_write) {
  make("key", "secret", 0600);
  for (const mode_t mode :
       {mode_t{0604}, mode_t{0602}, mode_t{0601}, mode_t{0620}, mode_t{0610}, mode_t{0644}, mode_t{0660}}) {
    ASSERT_EQ(chmod(path("key").c_str(), mode), 0);
    const auto refused = read_private_file(path("key"), 100, no_use);
    ASSERT_FALSE(refused) << std::oct << mode;
    EXPECT_EQ(refused.error().fault, Fault::configuration);
    EXPECT_THAT(refused.error().detail, HasSubstr(path("key") + ": "));
  }
}

TEST_F(FilesTest, a_key_may_be_readable_for_a_group_only_if_root_owns_it) {
  make("key", "secret", 0640);
  const auto use = [](Bytes) -> Result<> { return {}; };
  EXPECT_EQ(read_private_file(path("key"), 100, use).has_value(), geteuid() == 0);
}

TEST_F(FilesTest, refuses_a_key_of_another_user) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to give a file away";
  make("key", "secret", 0600);
  ASSERT_EQ(chown(path("key").c_str(), 12345, 12345), 0);
  const auto refused = read_private_file(path("key"), 100, no_use);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("belongs to another user"));
}

TEST_F(FilesTest, hands_a_key_out_for_the_time_of_a_call_and_returns_its_result) {
  make("key", "secret", 0400);
  const auto refused = read_private_file(path("key"), 100, [](Bytes) -> Result<> {
    return Error{Fault::configuration, "not a key"};
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "not a key");
}

}  // namespace
}  // namespace louver::runtime

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "config/config.h"

namespace louver::config {
namespace {

struct BadFile {
  std::string role, text, message;
  int line = 0;  // in bad_files.txt
};

struct BadFiles {
  std::map<std::string, std::string> good;
  std::vector<BadFile> bad;
};

void replace_good(BadFile& file, const std::map<std::string, std::string>& good) {
  static constexpr std::string_view mark = "<good>\n";
  if (const auto at = file.text.find(mark); at != std::string::npos)
    file.text.replace(at, mark.size(), good.at(file.role));
}

BadFiles read_bad_files() {
  std::ifstream in(LOUVER_SOURCE_DIR "/src/config/bad_files.txt");
  BadFiles out;
  std::string* text = nullptr;  // where the next line goes
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.starts_with("== good ")) {
      text = &out.good[line.substr(8)];
    } else if (line.starts_with("== ")) {
      out.bad.push_back({line.substr(3), "", "", number});
      text = &out.bad.back().text;
    } else if (line.starts_with("-> ")) {
      out.bad.back().message = "f.toml:" + line.substr(3);
      replace_good(out.bad.back(), out.good);
      text = nullptr;
    } else if (line.empty()) {
      text = nullptr;
    } else if (text) {
      *text += line + "\n";
    }
  }
  return out;
}

/// The error that the file gives in its role, or "" if it is good.
std::string error_of(const std::string& role, const std::string& text) {
  const auto message = [](const auto& result) {
    if (result) return std::string{};
    EXPECT_EQ(result.error().fault, Fault::configuration);
    return result.error().detail;
  };
  if (role == "agent") return message(parse<Agent>(text, "f.toml"));
  if (role == "middlebox") return message(parse<Middlebox>(text, "f.toml"));
  return message(parse<Gateway>(text, "f.toml"));
}

TEST(BadFiles, each_is_refused_with_its_message) {
  const BadFiles files = read_bad_files();
  ASSERT_GE(files.bad.size(), 180U) << "bad_files.txt was not read";
  for (const BadFile& file : files.bad) {
    EXPECT_EQ(error_of(file.role, file.text), file.message) << "src/config/bad_files.txt:" << file.line << "\n"
                                                            << file.text;
    EXPECT_EQ(file.message.find('\n'), std::string::npos);
  }
}

TEST(BadFiles, the_good_ones_that_they_are_made_from_are_good) {
  const BadFiles files = read_bad_files();
  ASSERT_EQ(files.good.size(), 3U);
  for (const auto& [role, text] : files.good) EXPECT_EQ(error_of(role, text), "");
}

TEST(BadFiles, every_cut_of_a_good_file_is_good_or_refused_in_one_line) {
  for (const auto& [role, text] : read_bad_files().good) {
    for (std::size_t length = 0; length < text.size(); ++length) {
      const std::string message = error_of(role, text.substr(0, length));
      EXPECT_EQ(message.find('\n'), std::string::npos);
      EXPECT_TRUE(message.empty() || message.starts_with("f.toml:")) << message;
    }
  }
}

TEST(BadFiles, no_value_of_a_header_field_is_repeated_in_a_message) {
  const std::string text = read_bad_files().good.at("middlebox") +
                           "[[filter]]\ntype = \"edit\"\nset = { authorization = \"Bearer 12345\\r\" }\n";
  const std::string message = error_of("middlebox", text);
  EXPECT_NE(message, "");
  EXPECT_EQ(message.find("12345"), std::string::npos) << message;
}

}  // namespace
}  // namespace louver::config

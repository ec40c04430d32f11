#pragma once

// For tests only: what peers write into names, paths and reasons to break a log or a terminal (SECURITY AU-04).

#include <random>
#include <string>
#include <vector>

namespace louver::observe::test {

inline std::vector<std::string> nasty_strings() {
  std::vector<std::string> out = {"",
                                  " ",
                                  "  ",
                                  "\n",
                                  "\r",
                                  "\r\n",
                                  "a\nb",
                                  "a\rb",
                                  std::string{"a\0b", 3},
                                  "\t",
                                  "\v",
                                  "\f",
                                  "\b",
                                  "\a",
                                  "\x7f",
                                  "\x1b[31mred\x1b[0m",
                                  "\x1b]0;title\x07",
                                  "\x1b[2J",
                                  "\x1b[1A\x1b[2K",
                                  "\x1bP+q\x1b\\",
                                  "\x9b"
                                  "31m",
                                  "\xc2\x9b"
                                  "31m",
                                  "\xe2\x80\xa8",
                                  "\xe2\x80\xa9",
                                  "a\xe2\x80\xa8"
                                  "b",
                                  "\xe2\x80\xae"
                                  "txt.exe",
                                  "\xe2\x80\xab",
                                  "\xe2\x81\xa6",
                                  "\xe2\x80\x8b",
                                  "\xef\xbb\xbf",
                                  "\xcc\x81",
                                  "e\xcc\x81",
                                  "\xc3\xa9",
                                  "\xe6\x97\xa5\xe6\x9c\xac",
                                  "\xf0\x9f\x92\xa9",
                                  "\xef\xbf\xbd",
                                  "\xef\xbf\xbe",
                                  "\x80",
                                  "\xbf",
                                  "\xc0",
                                  "\xc0\x80",
                                  "\xc1\xbf",
                                  "\xc3",
                                  "\xe2\x82",
                                  "\xe0\x80\xaf",
                                  "\xed\xa0\x80",
                                  "\xed\xbf\xbf",
                                  "\xf0\x82\x82\xac",
                                  "\xf4\x90\x80\x80",
                                  "\xf8\x88\x80\x80\x80",
                                  "\xfe",
                                  "\xff",
                                  "\xff\xfe",
                                  "ok\xff",
                                  "\xffok",
                                  "\xe2(\xa1",
                                  "\"",
                                  "\\",
                                  "\\n",
                                  "\"}",
                                  "\",\"level\":\"error",
                                  "{\"event\":\"session.end\"}",
                                  "}{",
                                  "[",
                                  "null",
                                  "true",
                                  "1",
                                  "-1e9",
                                  "NaN",
                                  "\\u0000",
                                  "\\ud800",
                                  "a=b",
                                  "=",
                                  "a b",
                                  " a",
                                  "a ",
                                  "key=\"v\"",
                                  "error session.fail party=server",
                                  "2025-06-07T08:09:10.011Z error session.fail",
                                  "%s%n%p",
                                  "{}",
                                  "{0}",
                                  "${jndi:ldap://x}",
                                  "<script>alert(1)</script>",
                                  "' OR 1=1 --",
                                  "../../etc/passwd",
                                  "$(id)",
                                  "`id`",
                                  "|id",
                                  ";id",
                                  "&",
                                  "-rf",
                                  std::string(1023, 'a'),
                                  std::string(1024, 'a'),
                                  std::string(1025, 'a'),
                                  std::string(5000, 'a'),
                                  std::string(100000, '\n'),
                                  std::string(5000, '"'),
                                  std::string(5000, '\x01'),
                                  std::string(1023, 'a') + "\xc3\xa9",
                                  std::string(1022, 'a') + "\xf0\x9f\x92\xa9",
                                  std::string(5000, '\xff'),
                                  std::string(5000, '\x80')};
  for (int octet = 0; octet < 256; octet += 2) out.push_back("x" + std::string(1, static_cast<char>(octet)) + "y");
  std::mt19937 random{4};
  while (out.size() < 300) {
    std::string text(std::uniform_int_distribution<std::size_t>{1, 200}(random), ' ');
    for (char& c : text) c = static_cast<char>(std::uniform_int_distribution<int>{0, 255}(random));
    out.push_back(text);
  }
  return out;
}

}  // namespace louver::observe::test

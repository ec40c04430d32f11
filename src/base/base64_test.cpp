#include "base/base64.h"

#include <gtest/gtest.h>

namespace louver {
namespace {

TEST(Base64, makes_the_vectors_of_rfc_4648_and_reads_them) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xef\xbe", "/+++"},
  };
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(base64_of(as_bytes(plain)), text);
    EXPECT_EQ(from_base64(text), to_buffer(as_bytes(plain))) << text;
  }
}

TEST(Base64, has_one_spelling_for_each_octet_string) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm-_"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace louver

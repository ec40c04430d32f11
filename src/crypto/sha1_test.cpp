#include "crypto/sha1.h"

#include <gtest/gtest.h>

namespace louver::crypto {
namespace {

TEST(Sha1, is_that_of_fips_180) {
  EXPECT_EQ(to_hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

}  // namespace
}  // namespace louver::crypto

#include <gtest/gtest.h>

#include <set>

#include "profile/http1/contexts.h"
#include "sim/path.h"

// What the wire shows of the credentials of http/1.

namespace louver::sim {
namespace {

/// The sizes of the frames on hop 0 that carry a credentials message of `octets`.
std::vector<std::size_t> sizes_on_the_wire(std::size_t octets, std::string_view grants) {
  PathSpec spec;
  spec.middleboxes = 1;
  spec.profile = &profile::http1::traits;
  spec.grants = grants_from(grants);
  Path path{spec};
  if (!path.establish()) return {};
  auto session = path.join();
  session->start();
  session->send(Side::client, "request-credentials", std::string(octets, 'c'));
  std::vector<std::size_t> out;
  for (const Buffer& frame : session->chain.seen(0, Direction::c2s)) {
    if (frame.front() == static_cast<std::byte>(wire::FrameType::data)) out.push_back(frame.size());
  }
  return out;
}

// RC-13: short passwords, long tokens and no credentials at all look alike, up to steps of 256 octets
TEST(Padding, hides_the_length_of_credentials_in_steps_of_256) {
  for (const std::string_view grants : {"", "M1: request-credentials=inspect", "M1: request-credentials=write"}) {
    std::set<std::vector<std::size_t>> seen;
    for (std::size_t octets = 0; octets <= 254; octets += 2) seen.insert(sizes_on_the_wire(octets, grants));
    EXPECT_EQ(seen.size(), 1U) << grants;
    EXPECT_EQ(seen.begin()->size(), 1U) << grants;
    EXPECT_NE(sizes_on_the_wire(255, grants), *seen.begin()) << "two octets say how much padding there is";
  }
}

}  // namespace
}  // namespace louver::sim

#include "rogue/record_check.h"

/// P12, RS-02: an association does not outlive the certificates that it was agreed on with, though nobody says so.
namespace louver::rogue::expiry {
namespace {

using session::AssociationRecord;
using namespace std::chrono_literals;

constexpr std::size_t parties = 4;  // with two middleboxes
constexpr auto lifetime = 24h;      // of the certificates in the test world

class Expiry : public testing::Test {
 protected:
  /// The hops are slow, so that each party sees the end by its own clock before it hears of the others.
  Expiry() : path({.middleboxes = 2, .profile = &single_traits, .client_certificate = true, .latency = 100ms}) {}

  /// The association is agreed on that long before the first certificate's end.
  void establish(Duration left) {
    path.clock.wall += lifetime - left;
    ASSERT_TRUE(path.establish());
    expires = path.record(0)->expires();
    left_ = std::chrono::duration_cast<Duration>(expires - path.clock.wall);
    ASSERT_GT(left_, 0s);
  }
  /// Until so long before (or after) the end.
  void pass_to(Duration after_the_end) {
    path.association().run_until(path.clock.mono + std::chrono::duration_cast<Duration>(expires - path.clock.wall) +
                                 after_the_end);
  }
  bool open(std::size_t party) { return path.record(party)->state() == AssociationRecord::State::open; }

  sim::Path path;
  WallTime expires;
  Duration left_{};
};

// RS-02
TEST_F(Expiry, RS_02_at_a_certificates_end_every_party_ends_the_association_with_revoked) {
  establish(70s);
  pass_to(-1s);
  for (std::size_t party = 0; party < parties; ++party) ASSERT_TRUE(open(party)) << "party " << party;
  pass_to(60s);
  for (std::size_t party = 0; party < parties; ++party) {
    EXPECT_EQ(path.record(party)->state(), AssociationRecord::State::ended) << "party " << party;
    EXPECT_EQ(path.record(party)->drain().reason, Alert::revoked) << "party " << party;
    EXPECT_TRUE(path.record(party)->secrets_erased()) << "party " << party;
  }
}

// RS-02: nobody has to say so, so nobody can withhold it
TEST_F(Expiry, RS_02_each_party_notices_by_itself_within_a_second) {
  establish(70s);
  pass_to(1s);
  for (std::size_t party = 0; party < parties; ++party) {
    EXPECT_EQ(path.record(party)->state(), AssociationRecord::State::ended) << "party " << party;
    ASSERT_TRUE(path.error(party)) << "party " << party;
    EXPECT_EQ(path.error(party)->fault, Fault::certificate_expired) << "party " << party;
  }
}

// RS-02: sessions go with it
TEST_F(Expiry, RS_02_a_running_session_ends_with_it_and_carries_nothing_more) {
  establish(70s);
  auto session = joined(path);
  session->send(Side::client, "a", "before", 0, false);
  EXPECT_EQ(session->got(Side::server, "a", 0), "before");
  pass_to(1s);
  session->send(Side::client, "a", "after", 0, false);
  EXPECT_EQ(session->got(Side::server, "a", 0), "before");
  EXPECT_TRUE(session->anyone_failed());
}

// RS-02
TEST_F(Expiry, RS_02_a_wall_clock_that_is_set_right_later_is_noticed_within_a_minute) {
  establish(12h);
  path.association().run_until(path.clock.mono + 5min);
  for (std::size_t party = 0; party < parties; ++party) ASSERT_TRUE(open(party)) << "party " << party;
  path.clock.wall += 12h;
  path.association().run_until(path.clock.mono + 31s);
  for (std::size_t party = 0; party < parties; ++party) {
    EXPECT_EQ(path.record(party)->state(), AssociationRecord::State::ended) << "party " << party;
  }
}

// RS-02: nor is one agreed on again
TEST_F(Expiry, RS_02_after_the_end_there_is_no_new_association_with_the_old_certificates) {
  path.clock.wall += lifetime + 1min;
  EXPECT_FALSE(path.establish());
  for (std::size_t party = 0; party < parties; ++party) {
    if (path.error(party) && path.error(party)->fault == Fault::certificate_invalid) return;
  }
  ADD_FAILURE() << "somebody must name the certificate";
}

}  // namespace
}  // namespace louver::rogue::expiry

#include "filter/needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/test_support.h"

namespace louver::filter {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Needs, on_listed_contexts_are_for_the_directions_that_they_have) {
  const TestSession http{};
  const TestSession stream{{}, profiles[1]};
  const std::vector<std::string> names = {"response-head", "stream"};
  EXPECT_THAT(needs_on(names, Grant::read, http.info()),
              ElementsAre(Need{"response-head", s2c, Grant::read}, Need{"stream", c2s, Grant::read}));
  EXPECT_THAT(needs_on(names, Grant::read, stream.info()),
              ElementsAre(Need{"response-head", c2s, Grant::read}, Need{"stream", c2s, Grant::read},
                          Need{"stream", s2c, Grant::read}));
}

TEST(Needs, that_go_by_what_is_granted_are_all_if_nothing_is) {
  const std::vector<Need> wishes = {{"request-head", c2s, Grant::write}, {"response-head", s2c, Grant::write}};
  const TestSession some{{"request-head", Grant::redact}, {"response-head", Grant::none, Grant::write}};
  EXPECT_THAT(granted_of(wishes, some.info()), ElementsAre(wishes[1]));
  EXPECT_EQ(granted_of(wishes, all_writable().info()), wishes);
  const TestSession none{{"request-head", Grant::redact}};
  EXPECT_EQ(granted_of(wishes, none.info()), wishes);
  EXPECT_EQ(missing_grants("edit", wishes, none.info()).size(), 2U);
}

TEST(Needs, are_missing_in_a_direction_that_a_context_does_not_have) {
  const std::vector<Need> needs = {{"request-head", s2c, Grant::read}};
  const auto missing = missing_grants("log", needs, all_writable().info());
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].has, std::nullopt);
}

TEST(Needs, complains_of_filters_that_can_never_act) {
  class Never final : public FilterFactory {
   public:
    explicit Never(std::vector<std::string> contexts) : contexts_(std::move(contexts)) {}
    std::string_view name() const override { return "never"; }
    bool can_act_in(const session::ProfileTraits& profile) const override { return has_contexts(profile, contexts_); }
    std::vector<Need> needs(const SessionInfo&) const override { return {}; }
    Result<std::unique_ptr<Filter>> make(const SessionInfo&) const override { return Fault::internal_error; }

   private:
    std::vector<std::string> contexts_;
  };
  const auto filter = [](std::vector<std::string> contexts) { return std::make_shared<Never>(std::move(contexts)); };
  EXPECT_THAT(filters_that_never_act({filter({"request-head"}), filter({"stream"}), filter({})}, profiles), IsEmpty());
  EXPECT_THAT(filters_that_never_act({filter({}), filter({"request-head", "stream"})}, profiles),
              ElementsAre("filter 2 (never) can never act: no profile has all the contexts that it is for"));
}

TEST(SessionId, is_short_and_the_same_for_every_party) {
  wire::AssociationId id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = std::byte{static_cast<std::uint8_t>(i * 17)};
  EXPECT_EQ(session_id_text(id, SessionNumber{7}), "0011223344556677/7");
}

}  // namespace
}  // namespace louver::filter

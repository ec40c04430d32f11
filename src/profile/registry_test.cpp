#include "profile/registry.h"

#include <gtest/gtest.h>

#include <set>

namespace louver::profile {
namespace {

TEST(Registry, finds_every_profile_by_its_name_and_no_other) {
  for (const session::ProfileTraits& traits : profiles()) EXPECT_EQ(find_profile(traits.name)->name, traits.name);
  for (const char* name : {"", "http", "http/1.1", "http/2", "HTTP/1", "stream/2"})
    EXPECT_EQ(find_profile(name), nullptr);
  EXPECT_EQ(profiles().front().name, "stream/1");
}

TEST(Registry, contexts_have_distinct_names_and_a_direction) {
  for (const session::ProfileTraits& traits : profiles()) {
    std::set<std::string_view> names;
    for (const session::ContextTraits& context : traits.contexts) {
      EXPECT_TRUE(names.insert(context.name).second);
      EXPECT_TRUE(context.directions == 1 || context.directions == 2);
    }
  }
}

TEST(Registry, http_has_numbered_exchanges_interim_responses_and_padded_credentials) {
  const session::ProfileTraits& http = *find_profile("http/1");
  EXPECT_TRUE(http.exchanges);
  EXPECT_FALSE(http.multiplexed);
  ASSERT_EQ(http.contexts.size(), 6U);
  for (const session::ContextTraits& context : http.contexts) {
    EXPECT_EQ(context.several_messages, context.name == "response-head");
    EXPECT_EQ(context.pad_to, context.name.ends_with("-credentials") ? 256 : 0);
    EXPECT_EQ(context.directions, context.name.starts_with("request-") ? 1 : 2);
  }
}

TEST(Registry, streams_have_no_exchanges) { EXPECT_FALSE(find_profile("stream/1")->exchanges); }

}  // namespace
}  // namespace louver::profile

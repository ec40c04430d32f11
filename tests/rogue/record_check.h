#pragma once

#include <gtest/gtest.h>

#include "rogue/record_rogue.h"

/// What attack tests on records share: small profiles, and how an attack must end.
namespace louver::rogue {

inline const session::ContextTraits plain_contexts[] = {{"a", 3}, {"b", 3}, {"c", 3}};
/// Exchange 0 only, three contexts that go both ways.
inline const session::ProfileTraits plain_traits{"plain/1", false, false, plain_contexts};
inline const session::ContextTraits single_contexts[] = {{"a", 3}};
inline const session::ProfileTraits single_traits{"single/1", false, false, single_contexts};

/// The grants of one context, the same both ways: "none, read" are M1's and M2's.
using GrantRow = std::vector<session::Grant>;
inline auto grants_on(std::string context, GrantRow row) {
  return [context = std::move(context), row = std::move(row)](std::size_t m, std::string_view name, Direction) {
    return name == context && m <= row.size() ? row[m - 1] : session::Grant::none;
  };
}

/// Of three middleboxes the one that data going that way meets as the `rank`th.
inline constexpr std::size_t three = 3;
inline std::size_t at_rank(std::size_t rank, Direction direction) {
  return raw(session::party_at(rank, direction, three));
}

inline std::string text_of(const sim::Notebook& notes) {
  std::string out;
  for (const sim::Seen& one : notes.seen)
    out += one.redacted ? "[" + std::to_string(one.redacted_bytes) + "]" : one.bytes;
  return out;
}

/// An association that stands, or a test that fails.
inline std::unique_ptr<sim::Path> established(sim::PathSpec spec) {
  auto path = std::make_unique<sim::Path>(std::move(spec));
  if (!path->establish()) {
    for (std::size_t i = 0; i < path->spec.middleboxes + 2; ++i) {
      if (path->error(i)) ADD_FAILURE() << "party " << i << ": " << describe(*path->error(i));
    }
    throw std::runtime_error("no association");
  }
  return path;
}

/// A session in which everybody has taken the JOIN.
inline std::unique_ptr<sim::Path::Session> joined(
    sim::Path& path, const sim::Path::Replace& replace = [](std::size_t) { return nullptr; }) {
  auto session = path.join(replace);
  session->start();
  session->run();
  return session;
}

/// The same with a rogue in place of one middlebox.
inline std::unique_ptr<sim::Path::Session> joined_with_rogue(sim::Path& path, std::size_t rogue,
                                                             RogueRelay::Script script) {
  return joined(path, [&](std::size_t party) -> std::unique_ptr<sim::Node> {
    if (party != rogue) return nullptr;
    return std::make_unique<RogueRelay>(path.table(rogue), script);
  });
}
inline RogueRelay& rogue_at(sim::Path::Session& session, std::size_t party) {
  return dynamic_cast<RogueRelay&>(session.chain.node(party));
}
/// What the rogue said outside of its turn goes out.
inline void let_speak(sim::Path::Session& session, std::size_t party) {
  session.chain.put(party, rogue_at(session, party).pending());
  session.run();
}

/// How a session must end (SECURITY.md, rule D): this party found it, said why, and both ends heard so. To whom no JOIN
/// came, nothing is said.
inline void expect_noticed(sim::Path::Session& session, std::size_t party, Fault fault, Alert alert) {
  ASSERT_TRUE(session.error(party)) << "party " << party << " did not notice; " << name_of(fault) << " was expected";
  EXPECT_EQ(name_of(session.error(party)->fault), name_of(fault))
      << "party " << party << ": " << describe(*session.error(party));
  EXPECT_EQ(name_of(alert_for(session.error(party)->fault)), name_of(alert));
  const std::size_t last = session.chain.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const bool end = i == 0 || i == last;
    if (i == party || (!end && !session.error(i))) continue;  // a rogue has no complaint
    if (i == last && session.server().engine == nullptr) continue;
    ASSERT_TRUE(session.error(i)) << "party " << i << " was not told";
    EXPECT_EQ(name_of(session.error(i)->fault), name_of(Fault::peer_alert))
        << "party " << i << ": " << describe(*session.error(i));
    if (!end) continue;
    const session::EndpointSession* engine = i == 0 ? session.client().engine.get() : session.server().engine.get();
    ASSERT_TRUE(engine->alert());
    EXPECT_EQ(name_of(static_cast<Alert>(engine->alert()->code)), name_of(alert));
    EXPECT_EQ(engine->alert()->party, fault == Fault::unknown_association ? std::size_t{wire::unknown_party} : party);
  }
}

inline void expect_peace(sim::Path::Session& session) {
  for (std::size_t i = 0; i < session.chain.size(); ++i)
    EXPECT_FALSE(session.error(i)) << "party " << i << ": " << describe(*session.error(i));
}

}  // namespace louver::rogue

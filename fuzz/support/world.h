#pragma once

#include <array>
#include <memory>
#include <vector>

#include "sim/path.h"
#include "support/script.h"

/// Paths of parties whose terms an input chooses; everything in them is repeatable.
namespace louver::fuzz {

/// An engine's random source that depends on nobody else: what was recorded of one run answers another one.
class CountingRandom final : public RandomSource {
 public:
  explicit CountingRandom(std::uint8_t party) : next_(static_cast<std::uint64_t>(party) << 32) {}
  void fill(MutableBytes out) override;

 private:
  std::uint64_t next_;
};

/// The choice that the first three octets of an input make.
struct Choice {
  std::uint8_t middleboxes = 0;  // 0..3
  bool exchanges = false;        // six contexts with exchanges, else one each way without
  std::uint8_t grants = 0;       // 0..4: this grant everywhere; to 15: mixed
  auto operator<=>(const Choice&) const = default;
};
Choice choose(Script& script);
void write(ScriptWriter& to, const Choice& choice);

/// A path of honest parties whose engines draw from CountingRandom.
class AssociationWorld {
 public:
  explicit AssociationWorld(const Choice& choice);
  sim::Path& path() { return *path_; }

 private:
  std::vector<std::unique_ptr<CountingRandom>> random_;  // by party
  std::unique_ptr<sim::Path> path_;
};

/// An agreed association and what each party holds of a session in it; made once for each choice.
struct SessionWorld {
  explicit SessionWorld(const Choice& choice);
  static SessionWorld& of(const Choice& choice);

  AssociationWorld association;
  std::unique_ptr<sim::Path::Session> session;
  std::vector<session::KeySource> keys;  // by party

  sim::Path& path() { return association.path(); }
  const session::ProfileTraits& profile() { return *path().spec.profile; }
};

}  // namespace louver::fuzz

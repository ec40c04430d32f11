#pragma once

#include <iosfwd>

#include "role/demo/attempts.h"
#include "role/demo/play.h"

namespace louver::role::demo {

/// What the demonstration tells in the end.
struct Outcome {
  Play play;
  std::vector<AttemptResult> attempts;  // empty if none were asked for
  std::string origin;                   // in words
  std::string directory;                // empty: taken away
  Duration took{};
  bool ok() const;
};

void write_text(const Outcome& outcome, bool colour, std::ostream& out);
/// One object: requests, parties, matrix, checks, cheats, ok.
void write_json(const Outcome& outcome, std::ostream& out);

}  // namespace louver::role::demo

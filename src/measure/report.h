#pragma once

#include <iosfwd>

#include "measure/figures.h"
#include "measure/machine.h"

namespace louver::measure {

/// What came of it.
struct Outcome {
  Machine machine;
  Figures figures;
};

void write_text(const Outcome& outcome, std::ostream& out);
/// One object, without a line end in it: `louver`, `library`, `processor`, `cores`, `load`, and `figures`, each with
/// `name`, `party`, `what`, `unit`, `median`, `least`, `greatest` and `rounds`.
void write_json(const Outcome& outcome, std::ostream& out);

/// A number as tables show it: three digits that mean something.
std::string digits(double value);

}  // namespace louver::measure

#pragma once

#include <iosfwd>

namespace louver::role::demo::pay {

/// The shop's worker behind its `exec` filter: fills in the number and the price of the order in each form, and leaves
/// the rest of it alone. docs/filters.md, "The protocol of a worker"
/// @return what the process ends with: 0 when there is nothing more to read, 1 for what is no question
int run_shop(std::istream& in, std::ostream& out);

}  // namespace louver::role::demo::pay

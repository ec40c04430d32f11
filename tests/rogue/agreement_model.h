#pragma once

#include <vector>

#include "wire/messages.h"

/// Who holds which secret, read off the table of docs/protocol.md §5 once more: independently of src/session, by asking
/// for each thinkable name whether its holders exist, instead of walking the path. Slow and plain on purpose.
namespace louver::rogue::model {

/// grants[direction][context][middlebox]: 0 none .. 4 write; middlebox 1 is at index 1, index 0 is unused.
struct Grants {
  int middleboxes = 0;
  int contexts = 0;
  std::vector<int> cells;  // by direction, context (from 0), middlebox (from 1)
  int at(int direction, int context, int middlebox) const {
    return cells[static_cast<std::size_t>((direction * contexts + context) * middleboxes + middlebox - 1)];
  }
};

/// Does this party hold the secret of that name? Also false for names that stand for no secret.
bool holds(const Grants& grants, int party, const wire::ItemName& name);

/// Every name that this party holds, ascending; all names that can be written down are tried.
std::vector<wire::ItemName> held_by(const Grants& grants, int party);

}  // namespace louver::rogue::model

#pragma once

#include <string>

#include "session/association_record.h"

namespace louver::role {

/// The parties of an association by their authenticated names, as origins are told them.
struct PartyNames {
  std::string client = "anonymous";
  std::string middleboxes;  // in the order of the path, ", " between them; empty: none
};

inline PartyNames party_names(const session::AssociationRecord& record) {
  PartyNames out;
  for (const session::PartyReport& party : record.parties()) {
    if (party.index == PartyIndex{0}) {
      if (!party.name.empty()) out.client = party.name;
    } else {
      out.middleboxes += (out.middleboxes.empty() ? "" : ", ") + party.name;
    }
  }
  return out;
}

}  // namespace louver::role

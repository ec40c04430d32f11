#pragma once

#include "role/policy/path.h"

namespace louver::role::policy {

/// Something that a policy gives, or that can never act, and that was probably not meant. docs/operations.md "Policies"
struct Finding {
  std::string_view name;  // stable: scripts go by it
  std::string place;      // "file:line:column" of the table that says so
  std::string path;       // the title of the path; empty: about a file by itself
  std::string party;      // empty: about nobody in particular
  std::string what;
  std::string remedy;
};

/// Grants of one path that give more than they seem to, or less than somebody relies on.
std::vector<Finding> grant_findings(const Path& path);

/// Filters of one path that do not act where they are thought to, and grants that no filter uses.
std::vector<Finding> filter_findings(const Path& path);

/// Names that do not fit between files, and names of contexts that no profile has.
std::vector<Finding> name_findings(const Files& files, const std::vector<Path>& paths);

/// Contexts that a gateway's file names and no session can have, whatever the other files say: for `--check`.
std::vector<Finding> unknown_contexts(const config::Gateway& gateway);

/// All of them, in the order of the paths.
std::vector<Finding> all_findings(const Files& files, const std::vector<Path>& paths);

/// Where the grants of that middlebox of the path are written: in the agent's file, else in the gateway's.
std::string place_of_grants(const Path& path, std::size_t middlebox);

}  // namespace louver::role::policy

#pragma once

#include "config/policy.h"
#include "observe/log.h"
#include "role/gateway_rules.h"
#include "role/middlebox_rules.h"
#include "role/policy/files.h"
#include "role/route_rules.h"

namespace louver::role::policy {

/// A party's rules that do not take what the others offer or answer: associations on this path are never agreed on.
struct Refusal {
  std::string party;  // who refuses: the agent's file, or a name
  std::string alert;  // that the others would read
  std::string what;
};

/// A [[filter]] that could not be made; it is left out of what is judged.
struct BadFilter {
  std::string party;
  std::string place;
  std::string what;
};

/// A middlebox with a file, on paper: its rules without the filters that cannot be made.
struct Box {
  std::shared_ptr<MiddleboxRules> rules;
  std::vector<BadFilter> bad;
};

/// What a set of files comes to in one place: a route of an agent, or, where no agent leads to it, what one file says
/// by itself.
struct Path {
  enum class Kind : std::uint8_t {
    route,      // what is agreed on; `granted` if the gateway's file is there and nobody refuses
    allowance,  // a gateway alone: the most that it grants
    needs,      // a middlebox alone: what its filters need in one profile
  };
  Kind kind = Kind::route;
  std::string title;  // unique among the paths of one set of files, printable
  std::string file;   // the agent's, or the only one
  std::string profile;
  std::string server;

  const config::Agent* agent = nullptr;
  std::shared_ptr<const RouteRules> route;  // with the middleboxes that announced themselves
  const config::Gateway* gateway = nullptr;
  std::vector<Box> boxes;               // by place on the path; rules null where there is no file
  std::vector<std::string> discovered;  // those that are on it because they announce themselves

  config::GrantMatrix offered;  // by the agent; else what `kind` says
  std::optional<config::GrantMatrix> granted;
  std::optional<wire::Hello> hello;
  std::optional<session::Terms> terms;  // agreed on, else as offered
  std::vector<Refusal> refusals;

  /// What counts: what is granted, or as much as is known.
  const config::GrantMatrix& matrix() const { return granted ? *granted : offered; }
};

/// Every path of the files, judged by the code that the roles themselves agree by.
/// @param files  outlive the paths
/// @param log    for filters; outlives the paths
/// @fault configuration  a route that no agent would start with
Result<std::vector<Path>> judge(const Files& files, observe::Log& log);

/// The terms under which every middlebox of the Hello could write everything.
Result<session::Terms> everything_granted(wire::Hello hello);

}  // namespace louver::role::policy

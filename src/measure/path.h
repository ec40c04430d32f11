#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "measure/conversation.h"
#include "measure/origin.h"
#include "measure/process_usage.h"
#include "role/demo/scene.h"
#include "session/grants.h"

namespace louver::measure {

/// The three places that a path has.
inline constexpr std::array<std::string_view, 3> parties = {"agent", "middlebox", "gateway"};
/// A value for each of them.
using ByParty = std::array<double, parties.size()>;

/// What is measured: real processes on loopback with certificates that only this run has, profile stream/1. One
/// middlebox and one gateway; one agent with a route (and so an association) for each grant, and one with a single
/// route, on which the middlebox reads, whose associations can be made anew.
class Path {
 public:
  /// @param program  path of this program, of which the processes are made
  /// @fault configuration: why it does not run; timeout; revoked: a signal asked to end
  static Result<std::unique_ptr<Path>> start(runtime::Loop& loop, std::string program);
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  /// The agents.
  enum class Agent : std::uint8_t { of_grants, single };

  /// The listener of the agent with routes for grants, and of the other one.
  std::uint16_t port_for(session::Grant grant) const { return grant_ports_[static_cast<std::size_t>(grant)]; }
  std::uint16_t port() const { return port_; }
  /// Has the certificates of all parties.
  std::string certificates() const { return scene_->directory() + "/pki"; }

  /// Does `work` as a client, on a thread of its own, while this one takes in what the processes say.
  /// @fault what `work` returns; revoked; configuration: a process ended, and its last words
  Result<> as_client(Duration within, const std::function<Result<>(const Patience&)>& work);
  /// Has the single agent make a new association in place of the one that it has, and waits for it.
  Result<> renew();
  /// Lets this time pass, in which nobody asks for anything.
  Result<> rest(Duration time);

  /// CPU nanoseconds that `work` takes at the agent, the middlebox and the gateway.
  /// @fault what `work` returns; as used_between()
  Result<ByParty> cpu_of(Agent agent, const std::function<Result<>()>& work) const;
  /// Resident memory now, in KiB.
  Result<ByParty> memory_of(Agent agent) const;

 private:
  explicit Path(runtime::Loop& loop) : loop_(loop) {}
  Result<> open_agents();
  std::array<const role::demo::PartyProcess*, parties.size()> processes(Agent agent) const;
  /// The same error, with the last words of a process that has ended.
  Error explained(Error error);

  runtime::Loop& loop_;
  std::unique_ptr<Origin> origin_;
  std::unique_ptr<role::demo::Scene> scene_;
  std::array<std::uint16_t, session::grant_names.size()> grant_ports_{};
  std::uint16_t port_ = 0;
};

}  // namespace louver::measure

#pragma once

#include <functional>

#include "base/time.h"
#include "role/demo/member.h"
#include "role/demo/party_process.h"
#include "role/demo/stage.h"

namespace louver::role::demo {

/// The processes of a path, with certificates that only this run has.
class Scene {
 public:
  /// Makes the directory and the certificates.
  /// @param path     the agent, the middleboxes, the gateway; outlives the scene
  /// @param program  path of this program, of which the processes are made
  /// @param name     what the directory's name begins with
  /// @fault configuration
  static Result<std::unique_ptr<Scene>> set_up(runtime::Loop& loop, std::string program, std::span<const Member> path,
                                               bool keep, std::string_view name = "louver-demo");
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  /// Starts a member with this file, and waits until it listens; an agent, until an association is open. Each file
  /// needs the port of the next member, so the last member comes first.
  /// @fault configuration: why it does not run; timeout; revoked
  Result<> start(std::size_t place, const std::string& configuration);

  /// Works until `done()` holds.
  /// @fault timeout: names `what`; revoked: a signal asked to end
  Result<> wait(const std::function<bool()>& done, std::string_view what, Duration within = std::chrono::seconds{15});
  /// Asks the processes of both ends to end, and waits for it: then their logs are whole.
  /// @fault timeout, revoked
  Result<> close_ends();

  const std::string& directory() const { return directory_->path(); }
  /// By its place in the path.
  const PartyProcess& party(std::size_t place) const { return *parties_[place]; }
  /// Where the agent's listener, or that of another member, is.
  std::uint16_t port_of(std::size_t place) const { return parties_[place]->port(); }
  /// Octets of a context that a middlebox had before it, by its own log.
  std::uint64_t seen_octets(std::size_t place, std::string_view context) const;

 private:
  Scene(runtime::Loop& loop, std::string program, std::span<const Member> path,
        std::unique_ptr<ScratchDirectory> directory)
      : loop_(loop),
        program_(std::move(program)),
        path_(path),
        directory_(std::move(directory)),
        parties_(path.size()) {}
  Result<> make_pki() const;

  runtime::Loop& loop_;
  std::string program_;
  std::span<const Member> path_;
  std::unique_ptr<ScratchDirectory> directory_;
  std::vector<std::unique_ptr<PartyProcess>> parties_;
  bool asked_to_end_ = false;
};

}  // namespace louver::role::demo

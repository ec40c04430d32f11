#pragma once

#include <functional>

#include "base/time.h"
#include "role/demo/cast.h"
#include "role/demo/origin.h"
#include "role/demo/party_process.h"
#include "runtime/loop.h"

namespace louver::role::demo {

/// A directory of our own, taken away with all that is in it, unless it is to be kept.
class ScratchDirectory {
 public:
  /// Mode 0700, in $TMPDIR or /tmp.
  /// @param name  what its name begins with
  /// @fault configuration
  static Result<std::unique_ptr<ScratchDirectory>> make(bool keep, std::string_view name = "louver-demo");
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();
  const std::string& path() const { return path_; }

 private:
  ScratchDirectory(std::string path, bool keep) : path_(std::move(path)), keep_(keep) {}
  std::string path_;
  bool keep_;
};

/// The two processes that each path has for itself; they are killed when it goes.
struct Path {
  std::unique_ptr<PartyProcess> scanner, agent;
  std::uint16_t proxy_port() const { return agent->port(); }
};

/// Every process of a path, on free loopback ports, with certificates that only this run trusts.
///
/// Gateway, editor and origin live as long as the stage and serve all its paths.
class Stage {
 public:
  struct Options {
    std::string program;         // path of this very program
    std::string default_origin;  // host:port; empty: the embedded one
    bool keep = false;
    TimePoint deadline;  // of everything
  };
  /// @fault configuration  a file or process that cannot be made; timeout; revoked: a signal asked to end
  static Result<std::unique_ptr<Stage>> set_up(runtime::Loop& loop, Options options);

  /// Starts a path for each name and returns when their associations are open: all at once, as starting takes most of
  /// the time.
  /// @param attempts  empty: an honest scanner; else an insider that makes this attempt
  Result<std::vector<Path>> open_paths(const std::vector<std::string>& attempts);

  /// Works until `done()` holds.
  /// @fault timeout (after `within`, or at the deadline of everything): names `what`; revoked: a signal asked to end
  Result<> wait(const std::function<bool()>& done, std::string_view what, Duration within = std::chrono::seconds{18});

  const std::string& directory() const { return directory_->path(); }
  Origin& origin() { return *origin_; }
  runtime::Loop& loop() { return loop_; }
  const PartyProcess& gateway() const { return *gateway_; }
  const PartyProcess& editor() const { return *editor_; }

 private:
  using Process = std::unique_ptr<PartyProcess>;
  Stage(runtime::Loop& loop, Options options, std::unique_ptr<ScratchDirectory> directory)
      : loop_(loop), options_(std::move(options)), directory_(std::move(directory)), place_{directory_->path()} {}
  Result<> make_pki() const;
  /// @param file_name  of its configuration
  Result<Process> start(const CastMember& member, const std::string& file_name, const std::string& configuration,
                        std::vector<std::string> subcommand);
  Result<> wait_for(const PartyProcess& party, std::string_view event);

  runtime::Loop& loop_;
  Options options_;
  std::unique_ptr<ScratchDirectory> directory_;
  Place place_;
  std::unique_ptr<Origin> origin_;
  Process gateway_, editor_;
  bool asked_to_end_ = false;
};

/// Writes a file that only its owner can read. Nothing in the scratch directory has to outlive a crash: so it does not
/// wait for the disk.
/// @fault configuration
Result<> write_scratch(const std::string& path, std::string_view content);

}  // namespace louver::role::demo

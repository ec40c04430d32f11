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
  /// @fault configuration
  static Result<std::unique_ptr<ScratchDirectory>> make(bool keep);
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();
  const std::string& path() const { return path_; }

 private:
  ScratchDirectory(std::string path, bool keep) : path_(std::move(path)), keep_(keep) {}
  std::string path_;
  bool keep_;
};

/// Every process of a path, on free loopback ports, with certificates that only this run trusts.
///
/// Gateway, editor and origin live as long as the stage; scanner and agent are started for each path.
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

  /// Starts scanner and agent and returns when their association is open.
  /// @param attempt  empty: an honest scanner; else an insider that makes this attempt
  Result<> start_path(const std::string& attempt = {});
  /// Ends both and waits for it.
  Result<> end_path();

  /// Works until `done()` holds.
  /// @fault timeout (after `within`, or at the deadline of everything): names `what`; revoked: a signal asked to end
  Result<> wait(const std::function<bool()>& done, std::string_view what, Duration within = std::chrono::seconds{8});

  const std::string& directory() const { return directory_->path(); }
  std::uint16_t proxy_port() const { return agent_->port(); }
  Origin& origin() { return *origin_; }
  runtime::Loop& loop() { return loop_; }
  const PartyProcess& gateway() const { return *gateway_; }
  const PartyProcess& editor() const { return *editor_; }
  const PartyProcess& scanner() const { return *scanner_; }
  const PartyProcess& agent() const { return *agent_; }
  /// In the order of the path.
  std::vector<const PartyProcess*> parties() const {
    return {agent_.get(), scanner_.get(), editor_.get(), gateway_.get()};
  }

 private:
  Stage(runtime::Loop& loop, Options options, std::unique_ptr<ScratchDirectory> directory)
      : loop_(loop), options_(std::move(options)), directory_(std::move(directory)), place_{directory_->path()} {}
  Result<> make_pki() const;
  Result<std::unique_ptr<PartyProcess>> start(const CastMember& member, const std::string& file,
                                              std::vector<std::string> subcommand);

  runtime::Loop& loop_;
  Options options_;
  std::unique_ptr<ScratchDirectory> directory_;
  Place place_;
  std::unique_ptr<Origin> origin_;
  std::unique_ptr<PartyProcess> gateway_, editor_, scanner_, agent_;
  bool asked_to_end_ = false;
};

}  // namespace louver::role::demo

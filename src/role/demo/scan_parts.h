#pragma once

#include "role/demo/party_process.h"
#include "role/demo/stage.h"
#include "role/demo/tap.h"

namespace louver::role::demo {

/// The names of the parties of `louver demo scan`.
inline constexpr std::string_view scan_client = "alice.example", scan_box = "scanner.example",
                                  scan_server = "files.example", scan_operator = "Example Security";
inline constexpr std::string_view scan_signature = "Louver.Eicar.Test";

/// The public test string that scanners take for a virus; made of pieces, so that this program is not taken for it.
std::string eicar();

/// Every process of the demonstration; they end with it.
class ScanParts {
 public:
  struct Options {
    std::string program;
    bool keep = false;
    bool without_signature = false;
    TimePoint deadline;
  };
  /// @fault configuration  a part is not installed or does not start; timeout; revoked: told to end
  static Result<std::unique_ptr<ScanParts>> start(runtime::Loop& loop, Options options);
  ScanParts(const ScanParts&) = delete;
  ScanParts& operator=(const ScanParts&) = delete;

  /// What curl prints for these arguments through the agent, and whether it was content.
  struct Fetched {
    bool whole = false;
    std::string printed;
  };
  Result<Fetched> curl(std::vector<std::string> arguments);

  const std::string& directory() const { return directory_->path(); }
  std::string www() const { return directory() + "/www"; }
  /// All that the ICAP server was told.
  std::string told_to_scanner() const { return tap_->heard(); }

 private:
  ScanParts(runtime::Loop& loop, Options options) : loop_(loop), options_(std::move(options)) {}
  Result<> make_pki() const;
  Result<> start_scanner();
  Result<> start_origin();
  Result<> start_path();
  Result<std::unique_ptr<PartyProcess>> run(std::string name, std::vector<std::string> argv) const;
  Result<std::unique_ptr<PartyProcess>> run_party(std::string_view role, std::string_view name,
                                                  const std::string& configuration);
  Result<> wait(const std::function<bool()>& done, const std::string& what);
  Result<> wait_for(const PartyProcess& process, const std::function<bool()>& ready);

  runtime::Loop& loop_;
  Options options_;
  std::unique_ptr<ScratchDirectory> directory_;  // outlives the processes
  bool asked_to_end_ = false;
  std::uint16_t icap_port_ = 0, origin_port_ = 0;
  std::unique_ptr<PartyProcess> clamd_, c_icap_, nginx_;
  std::unique_ptr<Tap> tap_;
  std::unique_ptr<PartyProcess> gateway_, box_, agent_;
};

}  // namespace louver::role::demo

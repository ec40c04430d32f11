#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "role/control_socket.h"
#include "role/household.h"
#include "role/station.h"
#include "runtime/listener.h"
#include "runtime/timer.h"

namespace louver::role {

/// What every serving process does the same way: loops, listeners, signals, draining.
class Process {
 public:
  Process(const config::Common& common, observe::Log& log);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  Station& station() { return station_; }
  Household& household(std::size_t loop) { return *households_[loop]; }
  Household& household_of(const runtime::Loop& loop);

  /// Accepts connections there and hands each to `on_socket` on the thread of the loop that it will live on.
  /// @param socket_mode  of the file, if it is a Unix socket; then the port that is returned is 0
  /// @fault configuration: the address cannot be listened on
  Result<std::uint16_t> listen(const config::Endpoint& where, std::string_view what,
                               std::function<void(Household&, runtime::Socket)> on_socket,
                               mode_t socket_mode = config::socket_mode_default);

  /// Serves until SIGTERM or SIGINT, then drains within the configured deadline. A second signal ends it at once.
  /// SIGHUP opens the log file anew and reads the configuration again.
  /// @param on_start  called on loop 0 once it runs
  /// @return 0, or 1 if something had to be cut off
  int run(const std::function<void()>& on_start = {});
  /// Lets `role` be looked at and changed while it runs, by SIGHUP and through the socket that the configuration names;
  /// opens the key log, if one is wanted. Before run().
  /// @fault configuration: the socket's path, or the key log, cannot be had
  Result<> manage(Manageable& role);
  /// On each household's own thread, soon.
  void on_every_loop(const std::function<void(Household&)>& task);

 private:
  void take_signals();
  Result<> open_key_log();
  void on_hangup();
  void begin_drain();
  void poll_drain();
  void stop();

  observe::Log& log_;
  runtime::LoopPool loops_;
  Station station_;
  std::vector<std::unique_ptr<Household>> households_;
  std::shared_ptr<runtime::ConnectionLimits> connection_limits_;
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
  std::unique_ptr<Manager> manager_;
  std::unique_ptr<ControlSocket> control_;
  std::optional<std::string> control_path_;
  std::optional<std::string> key_log_path_;
  std::unique_ptr<runtime::Timer> drain_timer_;
  TimePoint drain_until_{};
  bool cut_off_ = false;
};

}  // namespace louver::role

#pragma once

#include <cstdint>
#include <string_view>

namespace louver::observe {

/// Everything that is logged, by name. Names are stable: collectors and alarms are built on them, so one is never given
/// another meaning, and new ones come last.
enum class Event : std::uint8_t {
  process_start,
  process_ready,
  process_drain,
  process_stop,
  config_loaded,
  config_warning,
  config_error,
  certificate_loaded,
  keylog_on,
  listen,
  connection_refused,  // by a limit or a filter of addresses
  association_open,    // agreed on: Go from both ends
  association_fail,    // never came to that
  association_end,
  join_refused,
  session_start,
  session_end,
  session_fail,
  alert_sent,
  alert_received,
  filter_missing_grant,
  filter_blocked,
  message,  // the log filter's line
  origin_fail,
  request_refused,
  discovery_taken,     // a middlebox that announced itself is listed: a fresh start with it
  discovery_refused,   // one that is not, or not so
  filter_matched,      // a rule of the scan filter
  audit_lost,          // lines of the audit log could not be written
  filter_failed,       // a filter's engine gave no answer
  filter_worker,       // a worker process of a filter: started, failed, wrote a line
  connection_proxied,  // an application's connection came through a proxy that told its source
  filter_reader,       // a tool that reads what a mirror copies: began, was refused, ended
  log_suppressed,      // so many lines of one event were too many
  log_dropped,         // so many lines could not be written
};
inline constexpr std::size_t event_count = static_cast<std::size_t>(Event::log_dropped) + 1;

std::string_view name_of(Event event);

}  // namespace louver::observe

#include "observe/event.h"

#include <cstdlib>

namespace louver::observe {

std::string_view name_of(Event event) {
  switch (event) {  // no default: the compiler names the row that is missing
    case Event::process_start:
      return "process.start";
    case Event::process_ready:
      return "process.ready";
    case Event::process_drain:
      return "process.drain";
    case Event::process_stop:
      return "process.stop";
    case Event::config_loaded:
      return "config.loaded";
    case Event::config_warning:
      return "config.warning";
    case Event::config_error:
      return "config.error";
    case Event::certificate_loaded:
      return "certificate.loaded";
    case Event::keylog_on:
      return "keylog.on";
    case Event::listen:
      return "listen";
    case Event::connection_refused:
      return "connection.refused";
    case Event::association_open:
      return "association.open";
    case Event::association_fail:
      return "association.fail";
    case Event::association_end:
      return "association.end";
    case Event::join_refused:
      return "join.refused";
    case Event::session_start:
      return "session.start";
    case Event::session_end:
      return "session.end";
    case Event::session_fail:
      return "session.fail";
    case Event::alert_sent:
      return "alert.sent";
    case Event::alert_received:
      return "alert.received";
    case Event::filter_missing_grant:
      return "filter.missing_grant";
    case Event::filter_blocked:
      return "filter.blocked";
    case Event::discovery_taken:
      return "discovery.taken";
    case Event::discovery_refused:
      return "discovery.refused";
    case Event::filter_matched:
      return "filter.matched";
    case Event::filter_failed:
      return "filter.failed";
    case Event::filter_worker:
      return "filter.worker";
    case Event::audit_lost:
      return "audit.lost";
    case Event::message:
      return "message";
    case Event::origin_fail:
      return "origin.fail";
    case Event::request_refused:
      return "request.refused";
    case Event::connection_proxied:
      return "connection.proxied";
    case Event::filter_reader:
      return "filter.reader";
    case Event::log_suppressed:
      return "log.suppressed";
    case Event::log_dropped:
      return "log.dropped";
  }
  std::abort();  // only a value cast from an integer gets here
}

}  // namespace louver::observe

#include "observe/counters.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace louver::observe {
namespace {

using Json = nlohmann::ordered_json;

template <class Counts>
Json by_alert(const Counts& counts) {
  Json out = Json::object();
  for (std::size_t code = 0; code < counts.size(); ++code) {
    const std::uint64_t count = counts[code].load(std::memory_order_relaxed);
    if (count == 0) continue;
    out[std::string{code == 0 ? "unknown" : name_of(static_cast<Alert>(code))}] = count;
  }
  return out;
}

}  // namespace

std::string_view name_of(Counter counter) {
  switch (counter) {  // no default: the compiler names the row that is missing
    case Counter::connections_accepted:
      return "louver_connections_accepted_total";
    case Counter::connections_refused:
      return "louver_connections_refused_total";
    case Counter::associations_started:
      return "louver_associations_started_total";
    case Counter::associations_agreed:
      return "louver_associations_agreed_total";
    case Counter::associations_failed:
      return "louver_associations_failed_total";
    case Counter::associations_ended:
      return "louver_associations_ended_total";
    case Counter::joins_accepted:
      return "louver_joins_accepted_total";
    case Counter::joins_refused:
      return "louver_joins_refused_total";
    case Counter::sessions_started:
      return "louver_sessions_started_total";
    case Counter::sessions_ended:
      return "louver_sessions_ended_total";
    case Counter::sessions_failed:
      return "louver_sessions_failed_total";
    case Counter::requests_refused:
      return "louver_requests_refused_total";
    case Counter::messages_blocked:
      return "louver_messages_blocked_total";
  }
  std::abort();
}

std::string Counters::to_json() const {
  Json out;
  for (std::size_t i = 0; i < counter_count; ++i) {
    const auto counter = static_cast<Counter>(i);
    out[std::string{name_of(counter)}] = value(counter);
  }
  for (const Direction direction : both_directions)
    out["louver_bytes_total"][louver::name_of(direction)] = octets(direction);
  out["louver_joins_refused_by_alert_total"] = by_alert(joins_refused_);
  out["louver_alerts_sent_total"] = by_alert(alerts_sent_);
  out["louver_alerts_received_total"] = by_alert(alerts_received_);
  return out.dump();
}

}  // namespace louver::observe

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fault.h"
#include "base/strong.h"

namespace louver::observe {

/// What a process counts of itself. Each only grows; what runs now is the difference of two.
enum class Counter : std::uint8_t {
  connections_accepted,
  connections_refused,
  associations_started,
  associations_agreed,
  associations_failed,
  associations_ended,  // of those agreed
  joins_accepted,
  joins_refused,
  sessions_started,
  sessions_ended,   // in order
  sessions_failed,  // started, and ended otherwise
  requests_refused,
  messages_blocked,
};
inline constexpr std::size_t counter_count = static_cast<std::size_t>(Counter::messages_blocked) + 1;

/// With prefix and unit, as Prometheus has it: "louver_joins_accepted_total".
std::string_view name_of(Counter counter);

/// The counters of a process. Every member may be called by all threads at once; a reader sees each counter at some
/// moment, not all at the same.
class Counters {
 public:
  void add(Counter counter, std::uint64_t amount = 1) { add(counters_[static_cast<std::size_t>(counter)], amount); }
  /// Plaintext of an endpoint, or octets that a middlebox has passed on.
  void add_octets(Direction direction, std::uint64_t amount) { add(octets_[slot(direction)], amount); }
  void add_join_refused(Alert alert) {
    add(Counter::joins_refused);
    add(joins_refused_[static_cast<std::size_t>(alert)]);
  }
  void add_alert_sent(Alert alert) { add(alerts_sent_[static_cast<std::size_t>(alert)]); }
  /// @param code  as received: numbers that no alert has are counted together
  void add_alert_received(std::uint8_t code) { add(alerts_received_[is_alert(code) ? code : 0]); }

  std::uint64_t value(Counter counter) const {
    return counters_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
  }
  std::uint64_t octets(Direction direction) const { return octets_[slot(direction)].load(std::memory_order_relaxed); }
  std::uint64_t alerts_sent(Alert alert) const {
    return alerts_sent_[static_cast<std::size_t>(alert)].load(std::memory_order_relaxed);
  }
  /// @param code  0: all that are no alert
  std::uint64_t alerts_received(std::uint8_t code) const {
    return alerts_received_[is_alert(code) ? code : 0].load(std::memory_order_relaxed);
  }

  /// One JSON object on one line: a number for each counter, for octets one by direction, for alerts one by name where
  /// not 0.
  std::string to_json() const;

 private:
  using Count = std::atomic<std::uint64_t>;
  using AlertCounts =
      std::array<Count, static_cast<std::size_t>(Alert::internal_error) + 1>;  // by code; 0: unknown ones
  static void add(Count& count, std::uint64_t amount = 1) { count.fetch_add(amount, std::memory_order_relaxed); }

  std::array<Count, counter_count> counters_{};
  std::array<Count, 2> octets_{};
  AlertCounts joins_refused_{};
  AlertCounts alerts_sent_{};
  AlertCounts alerts_received_{};
};

}  // namespace louver::observe

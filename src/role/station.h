#pragma once

#include <algorithm>
#include <atomic>
#include <memory>

#include "config/config.h"
#include "crypto/system_random.h"
#include "observe/audit_log.h"
#include "observe/counters.h"
#include "observe/key_log.h"
#include "observe/log.h"
#include "role/household.h"
#include "role/report.h"
#include "runtime/clock.h"
#include "runtime/connection_limits.h"
#include "runtime/connector.h"
#include "runtime/link.h"
#include "runtime/loop_pool.h"
#include "runtime/resolver.h"
#include "session/association_record.h"

namespace louver::role {

/// Counts something for as long as it lives, up to a limit; from any thread.
class Quota {
 public:
  explicit Quota(std::size_t most) : count_(std::make_shared<std::atomic<std::size_t>>(0)), most_(most) {}
  /// Null when the limit is reached.
  std::shared_ptr<void> take() {
    if (count_->fetch_add(1) >= most_) {
      count_->fetch_sub(1);
      return nullptr;
    }
    return {static_cast<void*>(count_.get()), [count = count_](void*) { count->fetch_sub(1); }};
  }
  std::size_t used() const { return count_->load(); }

 private:
  std::shared_ptr<std::atomic<std::size_t>> count_;
  std::size_t most_;
};

/// What every resident of a process shares, whatever its role. Outlives them all.
struct Station {
  Station(const config::Common& common, observe::Log& log_, runtime::LoopPool& loops_)
      : limits(common.limits),
        log(log_),
        loops(loops_),
        associations(common.limits.associations),
        association_sources(common.limits.associations, common.limits.associations_per_source),
        handshakes(common.limits.handshakes, common.limits.handshakes_per_source),
        sessions(common.limits.sessions),
        unproved(connections(), unproved_of_a_source()) {
    link_options.high_water_bytes = limits.buffer;
    link_options.low_water_bytes = limits.buffer / 4;
  }

  config::Limits limits;
  observe::Log& log;
  observe::Counters counters{};
  std::unique_ptr<observe::KeyLog> key_log;  // null, unless the operator wants it
  runtime::LoopPool& loops;
  runtime::Resolver resolver;
  crypto::SystemRandom random;  // without state: from any thread
  session::AssociationTable associations;
  runtime::ConnectionLimits association_sources;  // associations by the address that they come from
  runtime::ConnectionLimits handshakes;           // associations in progress, likewise
  Quota sessions;
  runtime::ConnectionLimits unproved;  // connections that have neither begun an association nor shown a good JOIN
  runtime::LinkOptions link_options;
  std::atomic<bool> draining{false};

  std::unique_ptr<observe::AuditLog> audit_log;          // where this process is an end that audits
  std::unique_ptr<observe::AuditSecrets> audit_secrets;  // where its operator wants them
  std::atomic<std::size_t> audits{0};                    // associations of which an audit is not yet closed

  /// @fault configuration
  Result<> open_audit(const config::Audit& audit);

  /// How many there may be on all listeners together.
  std::size_t connections() const { return std::size_t{limits.associations} + limits.sessions; }
  /// Never all, unless they are few.
  std::size_t unproved_of_a_source() const {
    return std::clamp(connections() / 2, std::size_t{64}, limits::unproved_of_a_source);
  }
};

inline Result<> Station::open_audit(const config::Audit& audit) {
  if (!audit.log) return {};
  const auto on_full =
      audit.on_full == config::Audit::OnFull::stop ? observe::AuditLog::OnFull::stop : observe::AuditLog::OnFull::count;
  LOUVER_ASSIGN(audit_log, observe::AuditLog::open(*audit.log, on_full, audit.sync, runtime::wall_now(), log));
  if (audit.secrets) {
    LOUVER_ASSIGN(audit_secrets, observe::AuditSecrets::open(*audit.secrets));
  }
  return {};
}

/// An association's secrets are made: for the key log, if there is one.
inline void log_keys(Station& station, const session::AssociationRecord& record) {
  if (station.key_log == nullptr || station.key_log->write(record)) return;
  station.log.write(observe::Level::warn, observe::Event::keylog_on, {{"what", "the key log could not be written"}});
}

/// What an association holds for as long as it lives, and what it holds until it is agreed on.
struct AssociationSeat {
  std::shared_ptr<void> source;
  std::shared_ptr<void> handshake;

  /// @fault limit_exceeded, revoked: why there is none. docs/protocol.md §11
  static Result<AssociationSeat> take(Station& station, const runtime::IpAddress& from) {
    if (station.draining) return Error{Fault::revoked, "the process ends"};
    AssociationSeat seat;
    LOUVER_ASSIGN(seat.source, station.association_sources.admit(from));
    auto handshake = station.handshakes.admit(from);
    if (!handshake) return Error{Fault::limit_exceeded, "agreements under way: " + handshake.error().detail};
    seat.handshake = *std::move(handshake);
    return seat;
  }
};

/// A place for one more session, in the process and in its association.
/// @fault limit_exceeded
inline Result<std::shared_ptr<void>> session_seat(Station& station, const session::AssociationRecord& record) {
  if (record.watched() >= station.limits.sessions_per_association)
    return Error{Fault::limit_exceeded, "too many sessions in this association"};
  auto seat = station.sessions.take();
  if (seat == nullptr) return Error{Fault::limit_exceeded, "too many sessions"};
  return seat;
}

/// Within the derivation of a session's keys: what `louver audit disclose` will need, if it is to be kept.
/// @fault limit_exceeded: it cannot be written
inline Result<> keep_audit_secrets(Station& station, const session::KeySource& keys,
                                   const session::AssociationRecord& record) {
  if (station.audit_secrets == nullptr || !record.terms().audits()) return {};
  if (station.audit_secrets->write(keys, to_hex(record.manifest_hash()))) return {};
  return Error{Fault::limit_exceeded, "the audit secrets cannot be written"};
}

inline Now engine_now() { return {runtime::now(), runtime::wall_now()}; }

/// How long a broken connection may take to hear our last words.
inline constexpr std::chrono::seconds last_words{2};

}  // namespace louver::role

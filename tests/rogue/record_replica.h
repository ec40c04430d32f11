#pragma once

#include "rogue/record_check.h"

namespace louver::rogue {

/// One party of a session that was recorded, begun anew with the keys of then: it gets what its neighbours said, or
/// something else, as often as a test likes.
class Replica {
 public:
  Replica(const session::KeySource& keys, const session::ProfileTraits& profile, sim::TestHandler::Act act = {}) {
    handler.act = std::move(act);
    const bool end = keys.terms().is_endpoint(keys.self());
    if (end) {
      end_ = value_of(session::EndpointSession::make(keys, profile, limits::idle_deadline));
    } else {
      relay_ = value_of(session::RelaySession::make(keys, profile, limits::idle_deadline));
    }
  }

  /// Takes octets from that side; false after a fault, which `error` keeps.
  bool feed(Side from, Bytes bytes) {
    if (error) return false;
    append(arrived_[slot(from)], bytes);
    session::Outbound out;
    const auto consumed = relay_ ? relay_->receive(from, arrived_[slot(from)], handler, now, out)
                                 : end_->receive(arrived_[slot(from)], handler.notes, now);
    append(said[slot(opposite(from))], out.flatten());
    if (!consumed) {
      error = consumed.error();
      return false;
    }
    arrived_[slot(from)].erase(arrived_[slot(from)].begin(),
                               arrived_[slot(from)].begin() + static_cast<std::ptrdiff_t>(*consumed));
    return true;
  }
  bool feed(Side from, const std::vector<Buffer>& frames) {
    for (const Buffer& frame : frames) {
      if (!feed(from, frame)) return false;
    }
    return true;
  }
  session::EndpointSession& end() { return *end_; }
  session::RelaySession& relay() { return *relay_; }

  std::array<Buffer, 2> said;  // to that side
  sim::TestHandler handler;    // at an end its notes are the application's
  std::optional<Error> error;
  TimePoint now{std::chrono::hours{1}};

 private:
  template <class T>
  static T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(describe(result.error()));
    return *std::move(result);
  }
  std::unique_ptr<session::EndpointSession> end_;
  std::unique_ptr<session::RelaySession> relay_;
  std::array<Buffer, 2> arrived_;
};

/// The keys of every party of a session, by index.
inline std::vector<session::KeySource> all_keys(sim::Path::Session& session) {
  std::vector<session::KeySource> out{*session.client().keys};
  for (std::size_t i = 1; i + 1 < session.chain.size(); ++i) out.push_back(*session.relay(i).keys);
  out.push_back(*session.server().keys);
  return out;
}

}  // namespace louver::rogue

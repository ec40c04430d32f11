#pragma once

#include "session/endpoint_session.h"
#include "session/relay_session.h"
#include "sim/chain.h"

namespace louver::sim {

/// A part as somebody saw it, with octets of its own.
struct Seen {
  ContextId context;
  Direction direction;
  Exchange exchange;
  std::string bytes;
  bool end = false;
  bool redacted = false;
  std::uint32_t redacted_bytes = 0;
};

/// Notes every part: what an application was given, or a filter shown.
class Notebook final : public session::PartSink {
 public:
  Result<> on_part(const session::Part& part) override {
    seen.push_back({part.context, part.direction, part.exchange, std::string{as_text(part.bytes)}, part.end,
                    part.redacted, part.redacted_bytes});
    return {};
  }
  /// Everything of one context, direction and exchange in a row.
  std::string text(ContextId context, Direction direction, Exchange exchange) const {
    std::string out;
    for (const Seen& one : seen) {
      if (one.context == context && one.direction == direction && one.exchange == exchange) out += one.bytes;
    }
    return out;
  }
  std::size_t octets() const {
    std::size_t sum = 0;
    for (const Seen& one : seen) sum += one.bytes.size();
    return sum;
  }
  bool empty() const { return seen.empty(); }
  std::vector<Seen> seen;
};

/// A middlebox's filters in tests: notes what it is shown, and does what the test says (by default nothing).
class TestHandler final : public session::RelayHandler {
 public:
  using Act =
      std::function<Result<session::Verdict>(const session::Part& part, session::Grant grant, session::PartSink* emit)>;
  Result<session::Verdict> on_part(const session::Part& part, session::Grant grant, session::PartSink* emit) override {
    if (const auto noted = notes.on_part(part); !noted) return noted.error();
    return act ? act(part, grant, emit) : session::Verdict::pass;
  }
  Result<session::Verdict> on_answer(const session::Part& part, session::Grant grant,
                                     session::PartSink* emit) override {
    return answer(part, grant, emit);
  }
  Notebook notes;
  Act act;
  Act answer;  // to what `act` said `later` to
};

/// A session ends with its association, or when a Close's drain time is over.
inline Result<> check_drain(const session::AssociationRecord* record, TimePoint now) {
  if (record == nullptr || record->drain().until > now) return {};
  return Error{Fault::revoked, "the association ended: " + std::string{name_of(record->drain().reason)}};
}
template <class Engine>
TimePoint earlier_deadline(const session::AssociationRecord* record, const Engine* engine) {
  if (engine == nullptr) return TimePoint::max();
  return std::min(engine->deadline(), record->drain().until);
}

class SessionClientNode final : public Node {
 public:
  /// Makes the JOIN at once; it is in `first_flight`.
  SessionClientNode(std::shared_ptr<session::AssociationRecord> record, const session::ProfileTraits& profile, Now now,
                    Duration idle = limits::idle_deadline, session::CounterLimits counters = {});
  Result<std::size_t> receive(Side, MutableBytes input, Now now, Outputs&) override {
    LOUVER_TRY(check_drain(record.get(), now.mono));
    return engine->receive(input, notes, now.mono);
  }
  Result<> on_end(Side) override { return engine->on_connection_end(); }
  TimePoint deadline() const override { return earlier_deadline(record.get(), engine.get()); }
  Result<> on_deadline(Now now, Outputs&) override {
    LOUVER_TRY(check_drain(record.get(), now.mono));
    return engine->on_deadline(now.mono);
  }
  void fail(const Error& why, Outputs& out) override;

  std::shared_ptr<session::AssociationRecord> record;
  std::optional<session::KeySource> keys;  // what it holds: an attacker that plays this party uses them
  std::unique_ptr<session::EndpointSession> engine;
  SessionNumber number{};
  Buffer join;
  Notebook notes;
};

class SessionServerNode final : public Node {
 public:
  SessionServerNode(session::AssociationTable& table, const session::ProfileTraits& profile,
                    Duration idle = limits::idle_deadline, session::CounterLimits counters = {})
      : table_(table), profile_(profile), idle_(idle), counters_(counters) {}
  Result<std::size_t> receive(Side, MutableBytes input, Now now, Outputs& out) override;
  Result<> on_end(Side) override { return engine ? engine->on_connection_end() : Result<>{}; }
  TimePoint deadline() const override { return earlier_deadline(record.get(), engine.get()); }
  Result<> on_deadline(Now now, Outputs&) override {
    LOUVER_TRY(check_drain(record.get(), now.mono));
    return engine->on_deadline(now.mono);
  }
  void fail(const Error& why, Outputs& out) override;

  std::shared_ptr<session::AssociationRecord> record;  // these three are null before a good JOIN
  std::optional<session::KeySource> keys;
  std::unique_ptr<session::EndpointSession> engine;
  Notebook notes;

 private:
  session::AssociationTable& table_;
  const session::ProfileTraits& profile_;
  Duration idle_;
  session::CounterLimits counters_;
};

class RelayNode final : public Node {
 public:
  Result<> wake(Now now, Outputs& out) override {
    for (const Side from : {Side::client, Side::server})
      LOUVER_TRY(engine->resume(from, handler, now.mono, out.to(opposite(from))));
    return {};
  }
  RelayNode(session::AssociationTable& table, const session::ProfileTraits& profile,
            Duration idle = limits::idle_deadline, session::CounterLimits counters = {})
      : table_(table), profile_(profile), idle_(idle), counters_(counters) {}
  Result<std::size_t> receive(Side from, MutableBytes input, Now now, Outputs& out) override;
  Result<> on_end(Side from) override { return engine ? engine->on_connection_end(from) : Result<>{}; }
  TimePoint deadline() const override { return earlier_deadline(record.get(), engine.get()); }
  Result<> on_deadline(Now now, Outputs&) override {
    LOUVER_TRY(check_drain(record.get(), now.mono));
    return engine->on_deadline(now.mono);
  }
  void fail(const Error& why, Outputs& out) override;

  std::shared_ptr<session::AssociationRecord> record;
  std::optional<session::KeySource> keys;
  std::unique_ptr<session::RelaySession> engine;
  TestHandler handler;

 private:
  session::AssociationTable& table_;
  const session::ProfileTraits& profile_;
  Duration idle_;
  session::CounterLimits counters_;
  PartyIndex self_{wire::unknown_party};
};

}  // namespace louver::sim

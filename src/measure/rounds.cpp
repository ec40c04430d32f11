#include "measure/rounds.h"

#include <algorithm>

#include "measure/spread.h"

namespace louver::measure {
namespace {

constexpr std::uint64_t megabyte = 1'000'000;
constexpr std::chrono::seconds patience_for_little{20};
constexpr std::chrono::milliseconds until_quiet{600};  // a session gives back what it can after half a second
constexpr std::size_t trip_octets = 100;

/// Longer than even a build with sanitizers takes on a busy machine.
Duration patience_for(std::uint64_t octets) {
  return patience_for_little + std::chrono::milliseconds{500} * static_cast<std::int64_t>(octets / megabyte);
}

class Rounds {
 public:
  Rounds(Path& path, const Handshakes& handshakes, const Sizes& sizes)
      : path_(path), handshakes_(handshakes), sizes_(sizes) {}

  Result<Figures> run() {
    LOUVER_ASSIGN(const std::vector<ByParty> grown, grow_idle());
    for (std::size_t round = 0; round <= sizes_.rounds; ++round) {
      counts_ = round > 0;
      LOUVER_TRY(measure_bulk());
      LOUVER_TRY(measure_joins());
      LOUVER_TRY(measure_associations());
      LOUVER_TRY(measure_trips());
      LOUVER_TRY(measure_machine());
    }
    for (const ByParty& one : grown)
      tell_parties("idle", "resident memory of a further idle session", "KiB", one,
                   static_cast<double>(sizes_.idle_sessions));
    return std::move(figures_);
  }

 private:
  void tell(std::string_view name, std::string_view party, std::string_view what, std::string_view unit, double value) {
    if (counts_) figures_.add(name, party, what, unit, value);
  }
  /// @param divisor  of each value
  void tell_parties(std::string_view name, std::string_view what, std::string_view unit, const ByParty& values,
                    double divisor) {
    for (std::size_t i = 0; i < parties.size(); ++i) tell(name, parties[i], what, unit, values[i] / divisor);
  }

  Result<> send_bulk(session::Grant grant) {
    return path_.as_client(patience_for(sizes_.bulk_octets), [&](const Patience& patience) {
      return measure::send_bulk(path_.port_for(grant), sizes_.bulk_octets, patience);
    });
  }

  Result<> measure_bulk() {
    for (std::size_t i = 0; i < session::grant_names.size(); ++i) {
      const auto grant = static_cast<session::Grant>(i);
      LOUVER_ASSIGN(const ByParty used, path_.cpu_of(Path::Agent::of_grants, [&] { return send_bulk(grant); }));
      const std::string name{session::name_of(grant)};
      // Nanoseconds for an octet are seconds for 10^9.
      tell_parties("bulk." + name, "CPU for 10^9 octets, " + name, "s", used, static_cast<double>(sizes_.bulk_octets));
    }
    return {};
  }

  Result<> one_session_each(std::size_t count) {
    return path_.as_client(patience_for_little,
                           [&](const Patience& patience) { return hold_conversations(path_.port(), count, patience); });
  }

  Result<> measure_joins() {
    LOUVER_ASSIGN(const ByParty used,
                  path_.cpu_of(Path::Agent::single, [&] { return one_session_each(sizes_.joins); }));
    tell_parties("join", "CPU for a joined session", "ms", used, static_cast<double>(sizes_.joins) * 1e6);
    return {};
  }

  Result<> renew_and_join() {
    for (std::size_t i = 0; i < sizes_.renewals; ++i) {
      LOUVER_TRY(path_.renew());
      LOUVER_TRY(one_session_each(1));
    }
    return {};
  }

  Result<> measure_associations() {
    LOUVER_ASSIGN(const ByParty used, path_.cpu_of(Path::Agent::single, [&] { return renew_and_join(); }));
    tell_parties("association", "CPU for a new association and a session", "ms", used,
                 static_cast<double>(sizes_.renewals) * 1e6);
    return {};
  }

  Result<> measure_trips() {
    std::vector<double> times;
    LOUVER_TRY(path_.as_client(patience_for_little, [&](const Patience& patience) -> Result<> {
      LOUVER_ASSIGN(times, time_round_trips(path_.port(), trip_octets, sizes_.trips, patience));
      return {};
    }));
    tell("trip.p50", "path", "round trip of 100 octets, p50", "us", percentile(times, 50));
    tell("trip.p99", "path", "round trip of 100 octets, p99", "us", percentile(times, 99));
    return {};
  }

  Result<> measure_machine() {
    tell("cipher", "machine", "the cipher alone: CPU for 10^9 octets", "s", cipher_seconds());
    LOUVER_ASSIGN(const double took, handshakes_.milliseconds());
    tell("handshake", "machine", "a full TLS 1.3 handshake: CPU of both ends", "ms", took);
    return {};
  }

  Result<> open_idle(std::vector<Conversation>& open, std::size_t count) {
    LOUVER_TRY(path_.as_client(
        patience_for_little, [&](const Patience& patience) { return open_more(open, path_.port(), count, patience); }));
    return path_.rest(until_quiet);
  }

  Result<> end_idle(std::vector<Conversation>& open) {
    LOUVER_TRY(path_.as_client(patience_for_little, [&](const Patience& patience) { return end_all(open, patience); }));
    return path_.rest(until_quiet);
  }

  /// Opens sessions until every process has grown for them twice running: with the first ones it takes what it takes
  /// once, then they take memory that is free, and nothing would be seen of them.
  Result<> use_up_free_memory(std::vector<Conversation>& open) {
    std::size_t grown = 0;
    for (std::size_t batch = 0; batch < idle_batches_before && grown < 2; ++batch) {
      LOUVER_ASSIGN(const ByParty before, path_.memory_of(Path::Agent::single));
      LOUVER_TRY(open_idle(open, sizes_.idle_sessions));
      LOUVER_ASSIGN(const ByParty after, path_.memory_of(Path::Agent::single));
      grown = std::ranges::equal(before, after, std::ranges::less{}) ? grown + 1 : 0;
    }
    return {};
  }

  /// What each process grows by in each round. To be measured before all else, which would give memory back.
  Result<std::vector<ByParty>> grow_idle() {
    std::vector<ByParty> out;
    std::vector<Conversation> open;
    LOUVER_TRY(use_up_free_memory(open));
    LOUVER_ASSIGN(ByParty before, path_.memory_of(Path::Agent::single));
    for (std::size_t round = 0; round < sizes_.rounds; ++round) {
      LOUVER_TRY(open_idle(open, sizes_.idle_sessions));
      LOUVER_ASSIGN(const ByParty after, path_.memory_of(Path::Agent::single));
      ByParty& grown = out.emplace_back();
      for (std::size_t i = 0; i < grown.size(); ++i) grown[i] = after[i] - before[i];
      before = after;
    }
    LOUVER_TRY(end_idle(open));
    return out;
  }

  Path& path_;
  const Handshakes& handshakes_;
  const Sizes& sizes_;
  Figures figures_;
  bool counts_ = false;
};

}  // namespace

Sizes sizes_for(bool quick) {
  if (quick)
    return {.rounds = 3, .bulk_octets = 8 * megabyte, .joins = 50, .renewals = 5, .trips = 300, .idle_sessions = 50};
  return {.rounds = 5, .bulk_octets = 50 * megabyte, .joins = 200, .renewals = 20, .trips = 2000, .idle_sessions = 60};
}

Result<Figures> measure_rounds(Path& path, const Handshakes& handshakes, const Sizes& sizes) {
  return Rounds{path, handshakes, sizes}.run();
}

}  // namespace louver::measure

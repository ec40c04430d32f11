#include "rogue/record_check.h"

/// What honest parties send arrives exactly, with what granted parties did to it; who reads sees what it was granted
/// and nothing else. Paths, grants, sizes and cuts are drawn from a seed, which every failure names.
namespace louver::rogue {
namespace {

using session::Grant;
using session::Part;
using session::Verdict;
using sim::Seen;

/// Everything of one context and direction at one party: what it was shown, and what it did.
struct Log {
  std::vector<Seen> shown;
  std::vector<bool> redacted;                  // of what was shown
  std::map<std::uint32_t, std::string> wrote;  // by exchange, if it is a writer
};
using LogKey = std::tuple<std::size_t, std::uint8_t, Direction>;  // party, context, direction

Seen seen_of(const Part& part) {
  return {part.context, part.direction, part.exchange,      std::string{as_text(part.bytes)},
          part.end,     part.redacted,  part.redacted_bytes};
}

/// What filters may do to a message. All but `hold` work piece by piece, whatever the pieces are.
enum class Filter { pass, turn, drop, hold };

/// A middlebox's filters: one for each context and direction, drawn once.
class RandomFilters {
 public:
  RandomFilters(std::size_t party, sim::SeededRandom& random, bool may_hold, std::map<LogKey, Log>& logs)
      : party_(party), random_(random), may_hold_(may_hold), logs_(logs) {}

  Result<Verdict> operator()(const Part& part, Grant grant, session::PartSink* emit) {
    Log& log = logs_[{party_, raw(part.context), part.direction}];
    log.shown.push_back(seen_of(part));
    log.redacted.push_back(false);
    if (grant == Grant::redact && !part.redacted && !part.bytes.empty() && random_.chance(30)) {
      log.redacted.back() = true;
      return Verdict::redact;
    }
    return grant == Grant::write ? write(part, log, *emit) : Result<Verdict>{Verdict::pass};
  }

 private:
  Result<Verdict> write(const Part& part, Log& log, session::PartSink& emit) {
    const auto [filter, fresh] =
        filters_.try_emplace({raw(part.context), part.direction}, static_cast<Filter>(random_.upto(may_hold_ ? 3 : 2)));
    std::string& wrote = log.wrote[raw(part.exchange)];
    std::string& kept = kept_[{raw(part.context), part.direction}];
    switch (filter->second) {
      case Filter::pass:
        wrote += part.redacted ? std::string(part.redacted_bytes, 'x') : std::string{as_text(part.bytes)};
        return Verdict::pass;
      case Filter::turn:
        return put(part, part.redacted ? "[gone]" : turned(as_text(part.bytes)), wrote, emit);
      case Filter::drop:
        return put(part, part.end ? "dropped by M" + std::to_string(party_) : "", wrote, emit);
      case Filter::hold:
        kept += part.redacted ? "[gone]" : std::string{as_text(part.bytes)};
        if (!part.end) return Verdict::hold;
        return put(part, std::exchange(kept, {}) + "!", wrote, emit);
    }
    return Fault::internal_error;
  }
  std::string turned(std::string_view text) const {
    std::string out{text};
    for (char& c : out) c = static_cast<char>(static_cast<unsigned char>(c) + party_);
    return out;
  }
  static Result<Verdict> put(const Part& part, const std::string& text, std::string& wrote, session::PartSink& emit) {
    wrote += text;
    Part out = part;
    out.redacted = false;
    out.bytes = as_bytes(text);
    LOUVER_TRY(emit.on_part(out));
    return Verdict::replaced;
  }

  std::size_t party_;
  sim::SeededRandom& random_;
  bool may_hold_;
  std::map<LogKey, Log>& logs_;
  std::map<std::pair<std::uint8_t, Direction>, Filter> filters_;
  std::map<std::pair<std::uint8_t, Direction>, std::string> kept_;
};

/// A profile with contexts of its own.
struct RandomProfile {
  std::vector<std::string> names;
  std::vector<session::ContextTraits> contexts;
  session::ProfileTraits traits;

  explicit RandomProfile(sim::SeededRandom& random) {
    const std::size_t count = 1 + random.upto(7);
    for (std::size_t i = 0; i < count; ++i) names.push_back("context-" + std::to_string(i));
    for (std::size_t i = 0; i < count; ++i) {
      const auto directions = static_cast<std::uint8_t>(i == 0 ? 3 : 1 + random.upto(2));
      const auto pad_to = static_cast<std::uint16_t>(random.chance(20) ? 16 << random.upto(4) : 0);
      contexts.push_back({names[i], directions, false, pad_to});
    }
    traits = {"random/1", random.chance(50), false, contexts};
  }
};

Grant random_grant(sim::SeededRandom& random) {
  return random.chance(40) ? Grant::none : static_cast<Grant>(1 + random.upto(3));
}

class RandomPath {
 public:
  explicit RandomPath(std::uint64_t seed) : random_(seed), profile_(random_) {
    sim::PathSpec spec;
    spec.middleboxes = random_.upto(8);
    spec.profile = &profile_.traits;
    spec.grants = [this](std::size_t, std::string_view, Direction) { return random_grant(random_); };
    spec.suite = static_cast<std::uint16_t>(0x1301 + random_.upto(2));
    spec.max_record = random_.chance(50) ? 1U << (10 + random_.upto(6))
                                         : static_cast<std::uint32_t>(1024 + random_.upto(65536 - 1024));
    spec.seed = seed;
    spec.latency = std::chrono::milliseconds{random_.upto(3)};
    path_ = established(std::move(spec));
  }

  void one_session() {
    const bool small = random_.chance(50);
    logs_.clear();
    sent_.clear();
    session_ = joined(*path_);
    for (std::size_t i = 1; i <= middleboxes(); ++i)
      session_->relay(i).handler.act = RandomFilters{i, random_, small, logs_};
    const std::uint32_t exchanges = static_cast<std::uint32_t>(1 + random_.upto(2));
    send_messages(Side::client, exchanges, small);
    send_messages(Side::server, exchanges, small);
    for (const Side side : {Side::client, Side::server}) session_->finish(side);
    expect_peace(*session_);
    for (const Direction direction : both_directions) {
      for (const session::ContextInfo& context : terms().contexts()) check_context(context, direction);
    }
    check_ends();
  }

 private:
  const session::Terms& terms() const { return session_->client().keys->terms(); }
  std::size_t middleboxes() const { return path_->spec.middleboxes; }

  std::size_t random_size(bool small) {
    if (random_.chance(15)) return 0;
    const std::size_t most = small ? 2048 : std::size_t{1} << (4 + random_.upto(14));
    return random_.upto(std::min<std::size_t>(most, 200 * 1024));
  }
  std::string random_text(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 7 + size);
    if (size > 4) random_.fill(std::as_writable_bytes(std::span{out.data(), 4}));
    return out;
  }

  /// One message in every context for every exchange, their pieces mixed as an application may mix them.
  void send_messages(Side side, std::uint32_t exchanges, bool small) {
    struct Pending {
      std::string_view context;
      std::uint8_t id;
      std::vector<std::pair<std::uint32_t, std::string>> messages;
      std::size_t next = 0, offset = 0;
    };
    std::vector<Pending> pending;
    for (const session::ContextInfo& context : terms().contexts()) {
      if (!context.has[slot(direction_from(side))]) continue;
      Pending one{context.name, raw(context.id), {}};
      for (std::uint32_t n = 1; n <= exchanges; ++n)
        one.messages.emplace_back(profile_.traits.exchanges ? n : 0, random_text(random_size(small)));
      pending.push_back(std::move(one));
    }
    while (!pending.empty()) {
      const std::size_t which = random_.upto(pending.size() - 1);
      Pending& one = pending[which];
      const auto& [exchange, text] = one.messages[one.next];
      const std::size_t left = text.size() - one.offset;
      const std::size_t piece = random_.chance(60) ? left : random_.upto(left);
      const bool end = piece == left;
      session_->send(side, one.context, std::string_view{text}.substr(one.offset, piece), exchange, end,
                     random_.chance(30));
      if (random_.chance(30)) somebody_rests();
      sent_[{one.id, direction_from(side)}][exchange] += text.substr(one.offset, piece);
      one.offset += piece;
      if (!end) continue;
      one.offset = 0;
      if (++one.next == one.messages.size()) pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(which));
    }
    session_->run();
  }

  /// As after a pause, at any moment: it must make no difference.
  void somebody_rests() {
    const std::size_t party = random_.upto(middleboxes() + 1);
    if (party == 0) {
      session_->client().engine->rest();
    } else if (party > middleboxes()) {
      if (session_->server().engine != nullptr) session_->server().engine->rest();
    } else if (session_->relay(party).engine != nullptr) {
      session_->relay(party).engine->rest();
    }
  }

  static std::map<std::uint32_t, std::string> texts(const std::vector<Seen>& shown) {
    std::map<std::uint32_t, std::string> out;
    for (const Seen& one : shown) out[raw(one.exchange)] += one.bytes;
    return out;
  }

  /// Walks the path with the data: each reader of a segment is shown the records that its author made, as those before
  /// it left them.
  void check_context(const session::ContextInfo& context, Direction direction) {
    if (!context.has[slot(direction)]) return;
    SCOPED_TRACE(context.name + " " + name_of(direction));
    std::map<std::uint32_t, std::string> authored = sent_[{raw(context.id), direction}];
    std::optional<std::vector<Seen>> records;  // of this segment, as they left the last party that looked
    for (std::size_t rank = 1; rank <= middleboxes() + 1; ++rank) {
      const std::size_t party = raw(session::party_at(rank, direction, middleboxes()));
      const bool end = rank == middleboxes() + 1;
      const Grant grant =
          end ? Grant::write : terms().grant(PartyIndex{static_cast<std::uint8_t>(party)}, context.id, direction);
      const Log& log = end ? end_log(context.id, direction) : logs_[{party, raw(context.id), direction}];
      if (grant == Grant::none) {
        EXPECT_TRUE(log.shown.empty()) << "M" << party << " has no grant";
        continue;
      }
      if (!records) {
        EXPECT_EQ(texts(log.shown), authored) << "party " << party;
      } else {
        expect_same(log.shown, *records, party);
      }
      records = log.shown;
      for (std::size_t i = 0; i < log.redacted.size(); ++i) {
        if (log.redacted[i])
          (*records)[i] = {context.id,
                           direction,
                           (*records)[i].exchange,
                           "",
                           false,
                           true,
                           static_cast<std::uint32_t>((*records)[i].bytes.size())};
      }
      if (grant == Grant::write && !end) {
        authored = log.wrote;
        records.reset();
      }
    }
  }
  static void expect_same(const std::vector<Seen>& shown, const std::vector<Seen>& expected, std::size_t party) {
    ASSERT_EQ(shown.size(), expected.size()) << "party " << party;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      EXPECT_EQ(shown[i].bytes, expected[i].bytes) << "party " << party << ", record " << i;
      EXPECT_EQ(raw(shown[i].exchange), raw(expected[i].exchange)) << "party " << party << ", record " << i;
      EXPECT_EQ(shown[i].end, expected[i].end) << "party " << party << ", record " << i;
      EXPECT_EQ(shown[i].redacted, expected[i].redacted) << "party " << party << ", record " << i;
      EXPECT_EQ(shown[i].redacted_bytes, expected[i].redacted_bytes) << "party " << party << ", record " << i;
    }
  }
  Log end_log(ContextId context, Direction direction) {
    Log out;
    const sim::Notebook& notes = direction == Direction::c2s ? session_->server().notes : session_->client().notes;
    for (const Seen& one : notes.seen) {
      if (one.context == context) out.shown.push_back(one);
    }
    return out;
  }

  void check_ends() {
    const session::EndpointSession* const engines[] = {session_->client().engine.get(),
                                                       session_->server().engine.get()};
    for (const session::EndpointSession* engine : engines) {
      EXPECT_TRUE(engine->received_end());
      EXPECT_FALSE(engine->ended_within_message());
      EXPECT_TRUE(engine->on_connection_end());
    }
    for (std::size_t i = 1; i <= middleboxes(); ++i) {
      for (const Side side : {Side::client, Side::server})
        EXPECT_TRUE(session_->relay(i).engine->on_connection_end(side));
    }
  }

  sim::SeededRandom random_;
  RandomProfile profile_;
  std::unique_ptr<sim::Path> path_;
  std::unique_ptr<sim::Path::Session> session_;
  std::map<LogKey, Log> logs_;
  std::map<std::pair<std::uint8_t, Direction>, std::map<std::uint32_t, std::string>> sent_;
};

constexpr std::uint64_t paths = 110;
constexpr int sessions_each = 3;
constexpr std::uint64_t shares = 5;

class RandomPaths : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomPaths, carry_exactly_what_was_sent_and_show_exactly_what_was_granted) {
  for (std::uint64_t seed = GetParam(); seed < paths; seed += shares) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomPath path{seed};
    for (int i = 0; i < sessions_each; ++i) {
      path.one_session();
      ASSERT_FALSE(HasFailure()) << "session " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPaths, testing::Range(std::uint64_t{0}, shares));

}  // namespace
}  // namespace louver::rogue

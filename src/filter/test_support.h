#pragma once

// For tests only: a session's terms, filters made of functions, and a stand-in for the engine that a chain sits in.

#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <tuple>

#include "filter/chain.h"
#include "wire/hello.h"

namespace louver::filter::test {

inline constexpr Direction c2s = Direction::c2s;
inline constexpr Direction s2c = Direction::s2c;
inline constexpr std::string_view plain_request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n";

inline constexpr std::array<session::ContextTraits, 6> http_contexts = {
    {{.name = "request-head", .directions = 1},
     {.name = "request-credentials", .directions = 1},
     {.name = "request-body", .directions = 1},
     {.name = "response-head", .directions = 2, .several_messages = true},
     {.name = "response-credentials", .directions = 2},
     {.name = "response-body", .directions = 2}}};
inline constexpr std::array<session::ContextTraits, 1> stream_contexts = {{{.name = "stream", .directions = 3}}};
inline constexpr std::array<session::ProfileTraits, 2> profiles = {
    {{.name = "http/1", .exchanges = true, .multiplexed = false, .contexts = http_contexts},
     {.name = "stream/1", .exchanges = false, .multiplexed = false, .contexts = stream_contexts}}};

struct Granted {
  std::string_view context;
  Grant c2s = Grant::none;
  Grant s2c = Grant::none;
};

/// A session of one middlebox, with the contexts of `profile` numbered from 1.
class TestSession {
 public:
  explicit TestSession(std::initializer_list<Granted> grants, const session::ProfileTraits& profile = profiles[0])
      : terms_(make_terms(grants, profile)) {}

  SessionInfo info() const {
    return {.id = "0011223344556677/5", .self = PartyIndex{1}, .terms = &terms_, .recall = {}};
  }
  ContextId id(std::string_view context) const { return terms_.find_context(context)->id; }

 private:
  static session::Terms make_terms(std::initializer_list<Granted> grants, const session::ProfileTraits& profile) {
    wire::Hello hello;
    hello.versions.items = {wire::version_1};
    for (const std::string_view name : {"m1.example", "server.example"}) {
      hello.route.items.push_back({.name = wire::Opaque<1, 255>{name}, .port = 4433});
    }
    for (const session::ContextTraits& context : profile.contexts) {
      const auto id = static_cast<std::uint8_t>(hello.contexts.items.size() + 1);
      hello.contexts.items.push_back(
          {.id = id, .directions = context.directions, .name = wire::Opaque<1, 255>{context.name}});
      unsigned both = 0;
      for (const Granted& one : grants) {
        if (one.context == context.name) both = static_cast<unsigned>(one.c2s) | static_cast<unsigned>(one.s2c) << 4;
      }
      hello.grants.bytes.push_back(std::byte{static_cast<std::uint8_t>(both)});
    }
    hello.suites.items = {0x1301};
    hello.extensions = wire::write_extensions({.audit = {}, .max_record = {}, .profile = std::string{profile.name}});
    auto terms = session::offered_terms(hello);
    if (!terms) std::abort();
    return *std::move(terms);
  }

  session::Terms terms_;
};

/// The middlebox may write everything.
inline TestSession all_writable() {
  return TestSession{{"request-head", Grant::write},
                     {"request-credentials", Grant::write},
                     {"request-body", Grant::write},
                     {"response-head", Grant::none, Grant::write},
                     {"response-credentials", Grant::none, Grant::write},
                     {"response-body", Grant::none, Grant::write}};
}

/// A filter that is a function; each session gets a copy.
using Act = std::function<Result<Verdict>(const FilterPart&, Emitter&)>;
class ActFactory final : public FilterFactory {
 public:
  ActFactory(std::vector<Need> needs, Act act, std::function<void()> on_end = {})
      : needs_(std::move(needs)), act_(std::move(act)), on_end_(std::move(on_end)) {}
  std::string_view name() const override { return "test"; }
  bool can_act_in(const session::ProfileTraits&) const override { return true; }
  std::vector<Need> needs(const SessionInfo&) const override { return needs_; }
  Result<std::unique_ptr<Filter>> make(const SessionInfo&) const override {
    return std::unique_ptr<Filter>{std::make_unique<ActFilter>(act_, on_end_)};
  }

 private:
  struct ActFilter final : Filter {
    ActFilter(Act a, std::function<void()> e) : act(std::move(a)), on_end(std::move(e)) {}
    Result<Verdict> on_part(const FilterPart& part, Emitter& out) override { return act(part, out); }
    void on_session_end() override {
      if (on_end) on_end();
    }
    Act act;
    std::function<void()> on_end;
  };
  std::vector<Need> needs_;
  Act act_;
  std::function<void()> on_end_;
};

inline std::shared_ptr<const FilterFactory> act(std::vector<Need> needs, Act act, std::function<void()> on_end = {}) {
  return std::make_shared<ActFactory>(std::move(needs), std::move(act), std::move(on_end));
}

/// Notes what engines want to deliver, until the test lets it through.
class TestRecall final : public Recall {
 public:
  void recall(Direction direction, std::function<void()> deliver) override {
    waiting.emplace_back(direction, std::move(deliver));
  }
  std::deque<std::pair<Direction, std::function<void()>>> waiting;
};

/// A filter that is a function, and answers each part at once or later, as it happens.
class TardyFactory final : public FilterFactory {
 public:
  /// @param random  outlives the sessions
  TardyFactory(std::vector<Need> needs, Act act, std::mt19937& random)
      : needs_(std::move(needs)), act_(std::move(act)), random_(random) {}
  std::string_view name() const override { return "tardy"; }
  bool can_act_in(const session::ProfileTraits&) const override { return true; }
  std::vector<Need> needs(const SessionInfo&) const override { return needs_; }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    return std::unique_ptr<Filter>{std::make_unique<Tardy>(act_, session.recall, random_)};
  }

 private:
  struct Tardy final : Filter {
    Tardy(Act a, std::shared_ptr<Recall> back, std::mt19937& r)
        : act(std::move(a)), recall(std::move(back)), random(r) {}
    Result<Verdict> on_part(const FilterPart& part, Emitter& out) override {
      if (random() % 2 == 0) return act(part, out);
      const std::size_t way = slot(part.direction);
      *answered[way] = false;
      recall->recall(part.direction, [flag = answered[way]] { *flag = true; });
      return Verdict::later;
    }
    Result<Verdict> on_answer(const FilterPart& part, Emitter& out) override {
      return *answered[slot(part.direction)] ? act(part, out) : Verdict::later;
    }
    Act act;
    std::shared_ptr<Recall> recall;
    std::mt19937& random;
    std::array<std::shared_ptr<bool>, 2> answered{std::make_shared<bool>(), std::make_shared<bool>()};
  };
  std::vector<Need> needs_;
  Act act_;
  std::mt19937& random_;
};

/// A part that owns its octets.
struct OwnedPart {
  ContextId context{};
  Direction direction{};
  Exchange exchange{1};
  std::string bytes;
  bool end = false;
  bool redacted = false;
  std::uint32_t redacted_bytes = 0;
  session::Part view() const { return {context, direction, exchange, as_bytes(bytes), end, redacted, redacted_bytes}; }
};

/// What a RelaySession does with a chain, without records and keys: keeps its rules, notes what goes on.
class TestRelay {
 public:
  explicit TestRelay(const TestSession& session, const Factories& factories, std::size_t held_most = limits::held_bytes)
      : session_(session) {
    SessionInfo info = session.info();
    info.recall = recalls_;
    auto made = Chain::make(factories, std::move(info), held_most);
    if (!made) std::abort();
    chain_ = *std::move(made);
  }

  Chain& chain() { return *chain_; }
  ContextId id(std::string_view context) const { return session_.id(context); }

  /// Behind a part that has no verdict yet, the next ones of its direction wait.
  Result<> feed(const OwnedPart& part) {
    Way& way = ways_[slot(part.direction)];
    if (!way.asked) return show(part, &Chain::on_part);
    way.behind.push_back(part);
    return {};
  }

  /// Lets what some engine wants to deliver through: the first by default.
  Result<> deliver(std::size_t which = 0) {
    auto [direction, deliver] = std::move(recalls_->waiting[which]);
    recalls_->waiting.erase(recalls_->waiting.begin() + static_cast<std::ptrdiff_t>(which));
    deliver();
    return ask_again(direction);
  }
  Result<> ask_again(Direction direction) {
    Way& way = ways_[slot(direction)];
    if (!way.asked) return {};
    LOUVER_TRY(show(OwnedPart{*std::exchange(way.asked, std::nullopt)}, &Chain::on_answer));
    while (!way.asked && !way.behind.empty()) {
      const OwnedPart next = std::move(way.behind.front());
      way.behind.pop_front();
      LOUVER_TRY(show(next, &Chain::on_part));
    }
    return {};
  }
  std::size_t to_deliver() const { return recalls_->waiting.size(); }
  TestRecall& recalls() { return *recalls_; }
  bool stalled(Direction direction) const { return ways_[slot(direction)].asked.has_value(); }

 private:
  Result<> show(const OwnedPart& part,
                Result<Verdict> (Chain::*question)(const session::Part&, Grant, session::PartSink*)) {
    const session::Part view = part.view();
    const Grant grant = session_.info().grant(part.context, part.direction);
    if (grant == Grant::none) return note(view);
    Sink sink{*this};
    LOUVER_ASSIGN(const Verdict verdict, ((*chain_).*question)(view, grant, grant == Grant::write ? &sink : nullptr));
    last_verdict = verdict;
    switch (verdict) {
      case Verdict::later:
        ways_[slot(part.direction)].asked = part;
        return {};
      case Verdict::pass:
        return pass(view, grant);
      case Verdict::replaced:
        return grant == Grant::write ? Result<>{} : Error{Fault::filter_failed, "engine: no writer"};
      case Verdict::hold:
        return grant == Grant::write && !part.end ? Result<>{} : Error{Fault::filter_failed, "engine: hold"};
      case Verdict::redact:
        if (grant != Grant::redact || view.bytes.empty()) return Error{Fault::filter_failed, "engine: redact"};
        return note({view.context,
                     view.direction,
                     view.exchange,
                     {},
                     view.end,
                     true,
                     static_cast<std::uint32_t>(view.bytes.size())});
    }
    return Fault::internal_error;
  }

 public:
  /// A message of one context, cut at the given places (ascending, each at most its size).
  Result<> feed(std::string_view context, Direction direction, std::string_view message,
                std::span<const std::size_t> cuts = {}, std::uint32_t exchange = 1) {
    std::size_t begin = 0;
    for (const std::size_t cut : cuts) {
      LOUVER_TRY(
          feed({session_.id(context), direction, Exchange{exchange}, std::string{message.substr(begin, cut - begin)}}));
      begin = cut;
    }
    return feed({session_.id(context), direction, Exchange{exchange}, std::string{message.substr(begin)}, true});
  }

  /// What went on in one context, direction and exchange.
  std::string text(std::string_view context, Direction direction, std::uint32_t exchange = 1) const {
    const auto found = out_.find({session_.id(context), direction, Exchange{exchange}});
    return found == out_.end() ? std::string{} : found->second.bytes;
  }
  /// How many messages ended there.
  std::size_t ends(std::string_view context, Direction direction, std::uint32_t exchange = 1) const {
    const auto found = out_.find({session_.id(context), direction, Exchange{exchange}});
    return found == out_.end() ? 0 : found->second.ends;
  }

  std::optional<Verdict> last_verdict;
  std::uint64_t redacted_octets = 0;  // in tombstones that went on

 private:
  struct Sink final : session::PartSink {
    explicit Sink(TestRelay& r) : relay(r) {}
    Result<> on_part(const session::Part& part) override { return relay.note(part); }
    TestRelay& relay;
  };
  struct Message {
    std::string bytes;
    std::size_t ends = 0;
  };
  struct Way {
    std::optional<OwnedPart> asked;
    std::deque<OwnedPart> behind;
  };

  Result<> pass(const session::Part& part, Grant grant) {
    if (!part.redacted || grant != Grant::write) return note(part);
    const Buffer filler(part.redacted_bytes, std::byte{'x'});
    return note({part.context, part.direction, part.exchange, filler, part.end});
  }
  Result<> note(const session::Part& part) {
    Message& message = out_[{part.context, part.direction, part.exchange}];
    message.bytes += as_text(part.bytes);
    message.ends += part.end ? 1 : 0;
    redacted_octets += part.redacted_bytes;
    return {};
  }

  const TestSession& session_;
  std::shared_ptr<TestRecall> recalls_ = std::make_shared<TestRecall>();
  std::array<Way, 2> ways_;
  std::unique_ptr<Chain> chain_;
  std::map<std::tuple<ContextId, Direction, Exchange>, Message> out_;
};

/// Up to `most` places to cut a message of `size` octets at, ascending, with repetitions (empty parts).
inline std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t size, std::size_t most) {
  std::vector<std::size_t> out(std::uniform_int_distribution<std::size_t>{0, most}(random));
  for (std::size_t& cut : out) cut = std::uniform_int_distribution<std::size_t>{0, size}(random);
  std::ranges::sort(out);
  return out;
}

inline std::string explain(const Result<>& result) { return result ? "success" : describe(result.error()); }

}  // namespace louver::filter::test

#include <gtest/gtest.h>

#include <map>

#include "profile/http1/random_exchanges.h"
#include "profile/http1/test_support.h"

// An application, an agent, a path that cuts and reorders parts as it may, a gateway and an origin, in one loop: every
// answer must belong to its request, octet by octet, whatever the sizes of the pieces (HT-05, HT-06, OR-06).

namespace louver::profile::http1::test {
namespace {

/// Keeps the order within each context and no other.
class Path final : public session::PartSink {
 public:
  explicit Path(Random& random) : random_(random) {}

  Result<> on_part(const session::Part& part) override {
    std::string rest{as_text(part.bytes)};
    do {
      OwnedPart piece{part.context, part.direction, part.exchange, random_.cut(rest), false};
      piece.end = part.end && rest.empty();
      flows_[part.context].push_back(std::move(piece));
    } while (!rest.empty());
    return {};
  }
  bool empty() const {
    return std::ranges::all_of(flows_, [](const auto& flow) { return flow.second.empty(); });
  }
  OwnedPart take() {
    std::vector<std::deque<OwnedPart>*> ready;
    for (auto& [context, flow] : flows_) {
      if (!flow.empty()) ready.push_back(&flow);
    }
    std::deque<OwnedPart>& flow = *ready[random_.below(ready.size())];
    OwnedPart out = std::move(flow.front());
    flow.pop_front();
    return out;
  }

 private:
  Random& random_;
  std::map<ContextId, std::deque<OwnedPart>> flows_;
};

class Loop final : public AgentEvents {
 public:
  explicit Loop(unsigned seed, bool trailers)
      : random_(seed),
        up_(random_),
        down_(random_),
        trailers_(trailers),
        gateway_({.plan = plan(), .limits = {}}, ids, origin_side_, down_) {
    EXPECT_OK(agent_.start_session(plan()));
    for (std::size_t i = 0; i < 25; ++i) {
      plans_.push_back(make_plan(random_));
      if (trailers) add_trailers(plans_.back(), random_);
      to_agent_ += request_bytes(plans_.back(), i, random_);
    }
  }

  void run() {
    // the last answer may be whole for the application before the end of its body message has come
    for (int step = 0; step < 400'000 && (answered_ < plans_.size() || !down_.empty()); ++step) {
      ASSERT_NO_FATAL_FAILURE(do_something());
    }
    EXPECT_EQ(answered_, plans_.size());
    EXPECT_EQ(arrived_, plans_.size());
    EXPECT_EQ(agent_.open_exchanges(), 0U);
    EXPECT_EQ(gateway_.open_exchanges(), 0U);
    EXPECT_TRUE(from_agent_.empty());
    EXPECT_TRUE(up_.empty());
    EXPECT_TRUE(down_.empty());
    EXPECT_OK(agent_.application_closed());
    EXPECT_TRUE(agent_.wants_close());
    EXPECT_OK(gateway_.on_session_end(true));
    EXPECT_EQ(agent_.on_session_end(true), FailureAnswer::nothing_open);
  }

 private:
  SessionPlan plan() const {
    SessionPlan out;
    if (trailers_) out.trailers = trailer_ids;
    return out;
  }

  AgentDecision on_request(const RequestTarget&) override {
    return random_.chance(20) ? AgentDecision::wait() : AgentDecision::accept();
  }
  struct OriginSide final : GatewayEvents {
    explicit OriginSide(Loop& owner) : loop(owner) {}
    GatewayDecision on_request(const RequestTarget&) override { return loop.choose_origin(); }
    void on_origin_done(bool reusable) override { loop.origin_done(reusable); }
    Loop& loop;
  };

  GatewayDecision choose_origin() {
    if (random_.chance(20)) return GatewayDecision::wait();
    GatewayDecision out;
    out.reused_connection = gateway_.origin_reusable() && random_.chance(80);
    if (!out.reused_connection) {
      to_origin_.clear();
      from_origin_.clear();
    }
    return out;
  }
  void origin_done(bool reusable) {
    const Plan& plan = plans_[arrived_ - 1];
    EXPECT_EQ(reusable, !plan.origin_closes);
    closing_ = false;
  }

  void do_something() {
    switch (random_.below(7)) {
      case 0:
        return application_sends();
      case 1:
        return application_reads();
      case 2:
        if (!up_.empty() && gateway_.wants_parts()) ASSERT_OK(gateway_.from_path(up_.take().view()));
        return;
      case 3:
        if (!down_.empty() && agent_.wants_parts()) ASSERT_OK(agent_.from_path(down_.take().view()));
        return;
      case 4:
        return origin_reads();
      case 5:
        return origin_sends();
      default:
        ASSERT_OK(gateway_.resume());
    }
  }

  void application_sends() {
    if (agent_buffer_.size() < 70'000) agent_buffer_ += random_.cut(to_agent_);
    const auto used = agent_.from_application(as_bytes(agent_buffer_));
    ASSERT_OK(used);
    agent_buffer_.erase(0, *used);
  }

  void application_reads() {
    const std::size_t size = agent_.output().size();
    const std::size_t taken = size == 0 ? 0 : 1 + random_.below(size);
    from_agent_ += as_text(agent_.output().first(taken));
    agent_.output_taken(taken);
    while (answered_ < plans_.size()) {
      const Plan& plan = plans_[answered_];
      const bool interim = from_agent_.starts_with("HTTP/1.1 1");
      const auto message = reader_.next(from_agent_, true, interim || plan.no_content(), false);
      if (!message) return;
      if (interim) {
        ++interim_;
        continue;
      }
      EXPECT_EQ(message->start_line, "HTTP/1.1 " + std::to_string(plan.status) + " Status");
      ASSERT_EQ(message->field("x-id"), std::to_string(answered_));
      EXPECT_EQ(message->field("set-cookie"), plan.set_cookie);
      EXPECT_EQ(message->field("connection"), "");
      EXPECT_EQ(message->body, plan.response_body);
      const bool come = plan.takes_trailers && plan.response_ending == Ending::chunked && !plan.no_content();
      EXPECT_EQ(message->trailers, come ? *plan.response_trailers : "");
      EXPECT_EQ(interim_, plan.interim);
      interim_ = 0;
      ++answered_;
    }
  }

  void origin_reads() {
    const std::size_t size = gateway_.output().size();
    const std::size_t taken = size == 0 ? 0 : 1 + random_.below(size);
    to_origin_ += as_text(gateway_.output().first(taken));
    gateway_.output_taken(taken);
    if (taken == 0 || arrived_ == plans_.size()) return;
    const Plan& plan = plans_[arrived_];
    const auto message = reader_.next(to_origin_, false, false, false);
    if (!message) return;
    ASSERT_EQ(message->start_line, plan.method + " /" + std::to_string(arrived_) + " HTTP/1.1");
    EXPECT_EQ(message->field("host"), "a.example");
    EXPECT_EQ(message->field("cookie"), plan.cookie);
    EXPECT_EQ(message->field("expect"), plan.expect ? "100-continue" : "");
    ASSERT_EQ(message->body, plan.request_body);
    EXPECT_EQ(message->field("te"), trailers_ ? "trailers" : "");
    const bool come = trailers_ && message->field("transfer-encoding") == "chunked";
    EXPECT_EQ(message->trailers, come ? *plan.request_trailers : "");
    EXPECT_TRUE(to_origin_.empty()) << "one exchange at a time";
    from_origin_ = response_bytes(plan, arrived_, random_);
    closing_ = plan.origin_closes;
    ++arrived_;
  }

  void origin_sends() {
    if (!from_origin_.empty()) {
      gateway_buffer_ += random_.cut(from_origin_);
      const auto used = gateway_.from_origin(as_bytes(gateway_buffer_));
      ASSERT_OK(used);
      gateway_buffer_.erase(0, *used);
    } else if (closing_) {
      closing_ = false;
      gateway_buffer_.clear();
      ASSERT_OK(gateway_.origin_closed(true));
    }
  }

  Random random_;
  Path up_;
  Path down_;
  const bool trailers_;
  OriginSide origin_side_{*this};
  AgentCodec agent_{AgentOptions{}, ids, *this, up_};
  GatewayCodec gateway_;
  SimpleReader reader_;
  std::vector<Plan> plans_;
  std::string to_agent_;      // not yet sent by the application
  std::string agent_buffer_;  // sent, not yet consumed
  std::string from_agent_;
  std::string to_origin_;
  std::string from_origin_;
  std::string gateway_buffer_;
  std::size_t answered_ = 0;
  std::size_t arrived_ = 0;
  int interim_ = 0;
  bool closing_ = false;
};

TEST(Loop, pairs_and_carries_random_exchanges_octet_by_octet) {
  for (unsigned seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Loop{seed, false}.run();
  }
}

TEST(Loop, carries_trailers_behind_bodies_and_nowhere_else) {  // HT-07
  for (unsigned seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Loop{seed, true}.run();
  }
}

/// What came of a byte sequence: everything that went on and everything that was answered.
std::string fate(std::string_view input, std::size_t piece) {
  Agent agent;
  Result<> result;
  for (std::size_t at = 0; at < input.size() && result; at += piece) result = agent.send(input.substr(at, piece));
  std::string out = agent.take_output() + "|" + (result ? "" : describe(result.error())) + "|";
  std::map<std::pair<std::uint32_t, ContextId>, std::string> messages;
  for (const OwnedPart& part : agent.sink.parts) {
    // a body that turns out to be bad goes a little further when it comes in small pieces
    if (!result && part.context == ids.request_body && !part.end) continue;
    std::string& text = messages[{raw(part.exchange), part.context}];
    text += part.bytes;
    if (part.end) text += "<end>";
  }
  for (const auto& [key, text] : messages) out += std::to_string(key.first) + ":" + text + "\n";
  return out;
}

TEST(Agent, understands_damaged_input_the_same_however_it_is_cut) {
  Random random{99};
  for (int round = 0; round < 3000; ++round) {
    Plan plan = make_plan(random);
    plan.request_body.resize(std::min<std::size_t>(plan.request_body.size(), 60));
    std::string input = request_bytes(plan, 0, random) + "GET /next HTTP/1.1\r\nHost: b\r\n\r\n";
    static constexpr std::string_view alphabet = "\r\n \t:;,0aA%/\\\x00\x80";
    for (std::size_t changes = random.below(4); changes > 0; --changes) {
      const std::size_t at = random.below(input.size());
      switch (random.below(3)) {
        case 0:
          input[at] = alphabet[random.below(alphabet.size())];
          break;
        case 1:
          input.erase(at, 1 + random.below(3));
          break;
        default:
          input.insert(at, 1, alphabet[random.below(alphabet.size())]);
      }
    }
    ASSERT_EQ(fate(input, input.size()), fate(input, 1)) << printable(input, 400);
    ASSERT_EQ(fate(input, input.size()), fate(input, 1 + random.below(20))) << printable(input, 400);
  }
}

}  // namespace
}  // namespace louver::profile::http1::test

#include <benchmark/benchmark.h>

#include "sim/path.h"

// What one record of 16 KiB costs at a middlebox, by its grant, beside what the cipher alone costs for the same octets;
// and what a join costs at a middlebox.

namespace louver::sim {
namespace {

constexpr std::size_t record_octets = 16 * 1024;
constexpr std::size_t records_in_flight = 8;

class PassHandler final : public session::RelayHandler {
  Result<session::Verdict> on_part(const session::Part& part, session::Grant, session::PartSink*) override {
    benchmark::DoNotOptimize(part.bytes.data());
    return session::Verdict::pass;
  }
};

/// A path of one middlebox with that grant on the upstream context, and a session on it.
struct Bench {
  explicit Bench(const char* grant)
      : path({.middleboxes = 1, .profile = &stream_traits, .grants = grants_from(std::string{"M1: up="} + grant)}) {
    if (!path.establish()) std::abort();
    client = std::make_unique<SessionClientNode>(path.record(0), stream_traits, path.clock.now());
    const auto taken = path.record(1)->take_join(
        client->join, path.clock.mono, path.clock.wall, [&](const session::KeySource& keys) -> Result<> {
          LOUVER_ASSIGN(relay, session::RelaySession::make(keys, stream_traits, limits::idle_deadline));
          return {};
        });
    if (!taken) std::abort();
  }
  Path path;
  std::unique_ptr<SessionClientNode> client;
  std::unique_ptr<session::RelaySession> relay;
};

void relay_record(benchmark::State& state, const char* grant) {
  Bench bench{grant};
  PassHandler handler;
  const Buffer content(record_octets);
  session::Outbound wire;
  session::Outbound onward;
  for (auto _ : state) {
    state.PauseTiming();
    wire.clear();
    for (std::size_t i = 0; i < records_in_flight; ++i) {
      const auto sent = bench.client->engine->send({ContextId{1}, Direction::c2s, Exchange{0}, content, true}, wire,
                                                   bench.path.clock.mono);
      if (!sent) std::abort();
    }
    Buffer input = wire.flatten();
    onward.clear();
    state.ResumeTiming();
    const auto consumed = bench.relay->receive(Side::client, input, handler, bench.path.clock.mono, onward);
    if (!consumed || *consumed != input.size()) std::abort();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * records_in_flight * record_octets));
}
BENCHMARK_CAPTURE(relay_record, none, "none");
BENCHMARK_CAPTURE(relay_record, read, "read");
BENCHMARK_CAPTURE(relay_record, inspect, "inspect");
BENCHMARK_CAPTURE(relay_record, redact, "redact");
BENCHMARK_CAPTURE(relay_record, write, "write");

void cipher_alone(benchmark::State& state) {
  const Buffer secret(32);
  const crypto::Aead key{*crypto::find_suite(0x1301), crypto::Aead::Use::seal, secret};
  Buffer data(record_octets);
  crypto::Tag tag;
  std::uint64_t seq = 0;
  for (auto _ : state) key.seal(crypto::Sequence{seq++}, {}, data, data, tag);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * record_octets));
}
BENCHMARK(cipher_alone);

/// Six contexts, as http/1 has, of which the middlebox reads one.
void join_at_a_middlebox(benchmark::State& state) {
  Path path{{.middleboxes = 1, .grants = grants_from("M1: head=read")}};
  if (!path.establish()) std::abort();
  for (auto _ : state) {
    state.PauseTiming();
    SessionClientNode client{path.record(0), exchange_traits, path.clock.now()};
    state.ResumeTiming();
    std::unique_ptr<session::RelaySession> relay;
    const auto taken = path.record(1)->take_join(
        client.join, path.clock.mono, path.clock.wall, [&](const session::KeySource& keys) -> Result<> {
          LOUVER_ASSIGN(relay, session::RelaySession::make(keys, exchange_traits, limits::idle_deadline));
          return {};
        });
    if (!taken) std::abort();
    state.PauseTiming();
    relay.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(join_at_a_middlebox);

}  // namespace
}  // namespace louver::sim

#include <benchmark/benchmark.h>

#include "sim/path.h"
#include "tls/channel.h"

// What an association costs in all its parties together, without a network, beside its handshakes of TLS alone.

namespace louver::sim {
namespace {

void association(benchmark::State& state) {
  for (auto _ : state) {
    Path path{{.middleboxes = static_cast<std::size_t>(state.range(0)), .grants = grants_from("M1: head=read")}};
    if (!path.establish()) std::abort();
  }
}
BENCHMARK(association)->Arg(1)->Arg(2)->Arg(4)->Unit(benchmark::kMicrosecond);

/// A middlebox and the server: both show certificates.
void channel_handshake(benchmark::State& state) {
  const TestPki& pki = TestPki::shared();
  const auto middlebox = TestPki::shared().identity("m1.example", tls::Role::middlebox);
  const auto server = TestPki::shared().identity("server.example", tls::Role::server);
  const auto client_side = pki.context(false, tls::ChannelKind::server_side, middlebox);
  const auto server_side = pki.context(true, tls::ChannelKind::server_side, server);
  const WallTime now = std::chrono::system_clock::now();
  for (auto _ : state) {
    tls::Channel a{client_side, "server.example"};
    tls::Channel b{server_side, "m1.example"};
    if (!a.start()) std::abort();
    while (!a.established() || !b.established()) {
      if (!b.receive(a.take_output(), now) || !a.receive(b.take_output(), now)) std::abort();
    }
  }
}
BENCHMARK(channel_handshake)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace louver::sim

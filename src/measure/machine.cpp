#include "measure/machine.h"

#include <time.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "crypto/aead.h"
#include "crypto/library.h"
#include "runtime/clock.h"

namespace louver::measure {
namespace {

constexpr std::size_t sealed_octets = std::size_t{16} * 1024;
constexpr std::uint64_t seals = 4096;
constexpr int handshakes_timed = 20;
constexpr int turns_most = 8;  // of one handshake

/// CPU time of this thread, in nanoseconds.
double thread_time() {
  timespec at{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

std::string processor_model() {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";  // not every architecture says
}

}  // namespace

Machine look_at_machine() {
  Machine out{.processor = processor_model(),
              .library = std::string{crypto::library_version()},
              .cores = std::thread::hardware_concurrency()};
  if (getloadavg(&out.load, 1) != 1) out.load = 0;
  return out;
}

double cipher_seconds() {
  const crypto::Suite& suite = *crypto::find_suite(static_cast<std::uint16_t>(crypto::SuiteId::aes_128_gcm_sha256));
  const crypto::Aead key{suite, crypto::Aead::Use::seal, Buffer(suite.hash_octets)};
  Buffer data(sealed_octets);
  crypto::Tag tag;
  key.seal(crypto::Sequence{0}, {}, data, data, tag);  // makes the library's context
  const double began = thread_time();
  for (std::uint64_t i = 1; i <= seals; ++i) key.seal(crypto::Sequence{i}, {}, data, data, tag);
  return (thread_time() - began) / static_cast<double>(seals * sealed_octets);  // ns for one = s for 10^9
}

Result<Handshakes> Handshakes::prepare(const std::string& folder, const std::string& client,
                                       const std::string& server) {
  const auto identity = [&](const std::string& name) {
    return tls::Identity::load(folder + "/" + name + ".pem", folder + "/" + name + ".key");
  };
  LOUVER_ASSIGN(const auto trust, tls::Trust::load({{folder + "/ca.pem", {}}}));
  LOUVER_ASSIGN(auto one, identity(client));
  LOUVER_ASSIGN(auto other, identity(server));
  using tls::ChannelContext;
  constexpr auto kind = tls::ChannelKind::end_to_end;
  LOUVER_ASSIGN(auto begins, ChannelContext::for_tls_client(kind, std::move(one), trust, {}));
  LOUVER_ASSIGN(auto answers,
                ChannelContext::for_tls_server(kind, std::move(other), trust, {.require_client_certificate = true}));
  return Handshakes{std::move(begins), std::move(answers), server};
}

Result<> Handshakes::make_one() const {
  tls::Channel client{client_, server_name_}, server{server_, {}};
  const WallTime now = runtime::wall_now();
  LOUVER_TRY(client.start());
  LOUVER_TRY(server.start());
  for (int turn = 0; turn < turns_most; ++turn) {
    LOUVER_TRY(server.receive(client.take_output(), now));
    LOUVER_TRY(client.receive(server.take_output(), now));
    if (client.established() && server.established()) return {};
  }
  return Error{Fault::tls_failed, "a handshake with ourselves does not end"};
}

Result<double> Handshakes::milliseconds() const {
  const double began = thread_time();
  for (int i = 0; i < handshakes_timed; ++i) LOUVER_TRY(make_one());
  return (thread_time() - began) / handshakes_timed / 1e6;
}

}  // namespace louver::measure

#pragma once

#include "sim/path.h"
#include "vectors/capture.h"

namespace louver::capture {

/// Passes randomness on and remembers what it was.
class NotedRandom final : public RandomSource {
 public:
  explicit NotedRandom(std::uint64_t seed) : from_(seed) {}
  void fill(MutableBytes out) override {
    from_.fill(out);
    drawn_.push_back(to_buffer(out));
  }
  /// An endpoint draws its seed last.
  const Buffer& last() const { return drawn_.back(); }

 private:
  sim::SeededRandom from_;
  std::vector<Buffer> drawn_;
};

/// One association and one session over it, in the deterministic world, with what its two ends log: every frame of
/// both, the secrets of every TLS connection, both seeds.
class Recorder {
 public:
  /// @param spec       client and server engine are replaced by the same ones with their own noted randomness
  /// @param tls_suite  the only one that the client takes in its channels; null: what is agreed on
  explicit Recorder(sim::PathSpec spec, const char* tls_suite = nullptr);

  sim::Path& path() { return *path_; }
  /// The frames so far, and the logs.
  vectors::Capture capture(sim::Path::Session& session);

 private:
  vectors::TlsSecrets secrets_of(Bytes client_hello_record) const;

  NotedRandom client_random_{0x11}, server_random_{0x22};
  std::unique_ptr<sim::Path> path_;
};

}  // namespace louver::capture

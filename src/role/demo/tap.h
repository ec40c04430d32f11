#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace louver::role::demo {

/// Stands between a client and a server on loopback, passes everything on and keeps what the client says: the proof of
/// what somebody was told. Works on a thread of its own.
class Tap {
 public:
  /// @fault configuration
  static Result<std::unique_ptr<Tap>> start(std::uint16_t to_port);
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;
  ~Tap();

  std::uint16_t port() const;
  /// What clients have said so far, at most 16 MiB.
  std::string heard() const;

 private:
  struct State;
  explicit Tap(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A loopback port that nobody listens on now.
/// @fault configuration
Result<std::uint16_t> find_free_port();
/// Whether somebody listens there.
bool is_answered(std::uint16_t port);
bool is_answered(const std::string& socket_path);

}  // namespace louver::role::demo

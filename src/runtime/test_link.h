#pragma once

/// What the tests of links share.

#include <gtest/gtest.h>

#include "runtime/link.h"
#include "runtime/test_support.h"

namespace louver::runtime::testing {

inline constexpr std::size_t chunk_bytes = 64 * 1024;

/// A link and the other end of its connection as a plain socket.
class LinkTest : public ::testing::Test {
 protected:
  LinkTest() { connect({}); }

  void connect(const LinkOptions& options) {
    TcpPair pair = tcp_pair();
    far = std::move(pair.far);
    link = std::make_unique<Link>(loop, std::move(pair.near), handler, options);
  }
  bool until(const std::function<bool()>& done) { return run_until(loop, done); }
  /// Writes until the peer's window and our buffers are full and more than the high-water mark waits.
  std::size_t fill() {
    std::size_t written = 0;
    while (!link->above_high_water()) {
      link->write(pattern(written, 64 * 1024));
      written += 64 * 1024;
      run_ready(loop);
    }
    return written;
  }

  Loop loop{chunk_bytes};
  Recorder handler;
  Descriptor far;
  std::unique_ptr<Link> link;
};

/// Reads everything; the error that it ended with, 0 for an orderly end.
inline int error_at_the_end(int fd) {
  Buffer part(4096);
  while (true) {
    const ssize_t got = ::recv(fd, part.data(), part.size(), 0);
    if (got <= 0) return got < 0 ? errno : 0;
  }
}

}  // namespace louver::runtime::testing

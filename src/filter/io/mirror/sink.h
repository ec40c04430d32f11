#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/bytes.h"

namespace louver::filter::mirror {

/// Octets that go to several places.
using SharedBlock = std::shared_ptr<const Buffer>;

/// Some packets of one copied session, as blocks of pcapng.
struct Copied {
  std::uint64_t stream = 0;  // the session's number among those of this process
  SharedBlock block = {};
  std::size_t packets = 1;  // in `block`
  /// The handshake that the session goes on from here with, for whoever has seen nothing of it; null where nobody can
  /// begin to read.
  SharedBlock entry = {};
  bool first = false;  // nothing of the session came before
  bool last = false;   // nothing of it follows
};

/// Where the packets of all sessions go. From any thread; never waits.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Whether anybody gets what is offered.
  virtual bool wants() const = 0;
  /// How often somebody has come who has not seen the beginnings of sessions that are open: each is given an `entry`
  /// once more.
  virtual std::uint64_t arrivals() const = 0;
  /// Takes it, or counts it as lost where too much waits already.
  virtual void offer(Copied copied) = 0;

 protected:
  Sink() = default;
  Sink(const Sink&) = default;
  Sink& operator=(const Sink&) = default;
};

/// Is told in words what became of packets that could not be kept: at most every ten seconds, from any thread.
using Tell = std::function<void(std::string_view what)>;

}  // namespace louver::filter::mirror

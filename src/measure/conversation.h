#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/descriptor.h"

namespace louver::measure {

/// How long a client waits at most.
struct Patience {
  std::stop_token stop;
  TimePoint until;
};

/// A connection of a local application to an agent, which ends at an Origin. Blocks its thread, within its patience.
class Conversation {
 public:
  /// @param port  on 127.0.0.1
  /// @fault connection_lost, timeout, revoked (stopped)
  static Result<Conversation> open(std::uint16_t port, const Patience& patience);

  /// Says one message, and waits for all of its answer.
  /// @param octets  of the message with its head, at least MessageHead::octets; written 64 KiB at a time
  /// @param answer  octets, MessageHead::answer_octets_most at most
  /// @fault as open()
  Result<> exchange(std::uint64_t octets, std::uint64_t answer, const Patience& patience);

  /// Ends it in order, and waits until the origin has ended it too.
  /// @fault as open()
  Result<> end(const Patience& patience);

 private:
  explicit Conversation(runtime::Descriptor socket) : socket_(std::move(socket)) {}
  runtime::Descriptor socket_;
};

/// One conversation with so many octets to the origin.
Result<> send_bulk(std::uint16_t port, std::uint64_t octets, const Patience& patience);

/// Opens a conversation, exchanges once 100 octets each way, and ends it: a whole session. As often as that.
Result<> hold_conversations(std::uint16_t port, std::size_t count, const Patience& patience);

/// The time of each of so many round trips of `octets` on one connection, in microseconds. Some go before that do not
/// count.
Result<std::vector<double>> time_round_trips(std::uint16_t port, std::size_t octets, std::size_t count,
                                             const Patience& patience);

/// Ends all of them in order.
Result<> end_all(std::vector<Conversation>& open, const Patience& patience);

/// So many more, each with 100 octets each way behind it, that stay open.
Result<> open_more(std::vector<Conversation>& open, std::uint16_t port, std::size_t count, const Patience& patience);

}  // namespace louver::measure

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "session/output.h"
#include "sim/clock.h"
#include "wire/frame.h"

namespace louver::sim {

/// One party on a chain of connections, wrapped around its engine.
class Node {
 public:
  struct Outputs {
    session::Outbound to_client, to_server;
    session::Outbound& to(Side side) { return side == Side::client ? to_client : to_server; }
  };
  virtual ~Node() = default;
  virtual Result<std::size_t> receive(Side from, MutableBytes input, Now now, Outputs& out) = 0;
  /// The neighbour's connection is at its end.
  virtual Result<> on_end(Side) { return {}; }
  virtual TimePoint deadline() const { return TimePoint::max(); }
  virtual Result<> on_deadline(Now, Outputs&) { return {}; }
  /// Somebody it waited for has answered.
  virtual Result<> wake(Now, Outputs&) { return {}; }
  /// What the party says when it gives up.
  virtual void fail(const Error&, Outputs&) {}
  /// It has nothing more to say or hear: its connections close in order.
  virtual bool finished() const { return false; }

  std::optional<Error> error;  // why it gave up
};

/// What the network (or an insider who is only network) does to a frame: whatever it puts into `out` goes on.
using Tamper = std::function<void(Buffer frame, std::vector<Buffer>& out)>;

/// Parties in a row with a link between neighbours: bytes take `latency`, arrive in pieces cut by the seed, in order.
class Chain {
 public:
  Chain(Clock& clock, SeededRandom& random, std::vector<std::unique_ptr<Node>> nodes, Duration latency = {});

  Node& node(std::size_t index) { return *nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }
  /// Every frame on the hop between parties `hop` and `hop`+1, that way, goes through `tamper`.
  void tamper(std::size_t hop, Direction direction, Tamper tamper) { tampers_[{hop, direction}] = std::move(tamper); }
  /// What an engine said outside receive(): the client's first flight, an application's parts.
  void put(std::size_t node, Node::Outputs& out);
  /// Puts raw bytes on a hop, past every tamper: the attacker's own.
  void inject(std::size_t hop, Direction direction, Bytes bytes);
  /// Ends the connection of a hop as an attacker would.
  void cut(std::size_t hop);
  /// Wakes a party, and shows it again what it has left of its input. Nothing moves yet on the other links.
  void wake(std::size_t node);
  /// An application's mistake or the caller's wish: the party gives up with this error.
  void fail(std::size_t node, const Error& error);
  /// Moves on until nothing is under way; deadlines are not reached.
  void run();
  /// The same, deadlines included, until `until`.
  void run_until(TimePoint until);
  /// Every frame that ever crossed the hop, after tampering.
  const std::vector<Buffer>& seen(std::size_t hop, Direction direction) { return seen_[{hop, direction}]; }
  /// When the last byte arrived anywhere.
  TimePoint last_arrival() const { return last_arrival_; }
  void split_randomly(bool on) { split_ = on; }

 private:
  struct Link {
    std::multimap<TimePoint, Buffer> flying;  // equal times keep their order
    Buffer arrived;                           // not yet consumed
    bool ending = false;                      // ends when all has arrived
    bool ended = false;                       // and the receiver knows
  };
  Link& link(std::size_t hop, Direction direction) { return links_[{hop, direction}]; }
  void send(std::size_t hop, Direction direction, const session::Outbound& out);
  bool step(TimePoint until);
  void deliver(std::size_t hop, Direction direction, Buffer bytes);
  bool offer(std::size_t hop, Direction direction);
  void handle(std::size_t node, Node::Outputs& out);
  void give_up(std::size_t node, const Error& error);
  void end_links(std::size_t node);
  void tell_ends();

  Clock& clock_;
  SeededRandom& random_;
  std::vector<std::unique_ptr<Node>> nodes_;
  Duration latency_;
  bool split_ = true;
  std::map<std::pair<std::size_t, Direction>, Link> links_;
  std::map<std::pair<std::size_t, Direction>, Tamper> tampers_;
  std::map<std::pair<std::size_t, Direction>, std::vector<Buffer>> seen_;
  TimePoint last_arrival_{};
};

}  // namespace louver::sim

#include "sim/chain.h"

namespace louver::sim {
namespace {

/// Frames of what an engine put out. Bytes that are no frames (an attacker's) stay in one piece.
std::vector<Buffer> split_frames(Buffer bytes) {
  std::vector<Buffer> out;
  MutableBytes rest{bytes};
  while (!rest.empty()) {
    const auto frame = wire::next_frame(rest, wire::frame_length_most);
    if (!frame || !*frame) {
      out.push_back(to_buffer(rest));
      break;
    }
    out.push_back(to_buffer((*frame)->whole));
    rest = rest.subspan((*frame)->whole.size());
  }
  return out;
}

}  // namespace

Chain::Chain(Clock& clock, SeededRandom& random, std::vector<std::unique_ptr<Node>> nodes, Duration latency)
    : clock_(clock), random_(random), nodes_(std::move(nodes)), latency_(latency) {
  for (std::size_t hop = 0; hop + 1 < nodes_.size(); ++hop) {
    for (Direction d : both_directions) links_[{hop, d}];
  }
}

void Chain::send(std::size_t hop, Direction direction, const session::Outbound& out) {
  if (out.empty() || link(hop, direction).ending) return;
  for (Buffer& frame : split_frames(out.flatten())) {
    std::vector<Buffer> on;
    const auto found = tampers_.find({hop, direction});
    if (found == tampers_.end()) {
      on.push_back(std::move(frame));
    } else {
      found->second(std::move(frame), on);
    }
    for (Buffer& one : on) {
      seen_[{hop, direction}].push_back(one);
      link(hop, direction).flying.emplace(clock_.mono + latency_, std::move(one));
    }
  }
}

void Chain::put(std::size_t node, Node::Outputs& out) {
  if (node > 0) send(node - 1, Direction::s2c, out.to_client);
  if (node + 1 < nodes_.size()) send(node, Direction::c2s, out.to_server);
  out.to_client.clear();
  out.to_server.clear();
}

void Chain::inject(std::size_t hop, Direction direction, Bytes bytes) {
  link(hop, direction).flying.emplace(clock_.mono + latency_, to_buffer(bytes));
}

void Chain::cut(std::size_t hop) {
  for (Direction d : both_directions) link(hop, d).ending = true;
}

void Chain::fail(std::size_t node, const Error& error) { give_up(node, error); }

void Chain::end_links(std::size_t node) {
  if (node > 0) link(node - 1, Direction::s2c).ending = true;
  if (node + 1 < nodes_.size()) link(node, Direction::c2s).ending = true;
}

void Chain::give_up(std::size_t node, const Error& error) {
  if (nodes_[node]->error) return;
  Node::Outputs out;
  nodes_[node]->fail(error, out);
  nodes_[node]->error = error;
  put(node, out);
  end_links(node);
}

void Chain::handle(std::size_t node, Node::Outputs& out) {
  put(node, out);
  if (nodes_[node]->finished()) end_links(node);
}

void Chain::deliver(std::size_t hop, Direction direction, Buffer bytes) {
  const std::size_t to = direction == Direction::c2s ? hop + 1 : hop;
  Node& node = *nodes_[to];
  Link& at = link(hop, direction);
  last_arrival_ = clock_.mono;
  Bytes rest{bytes};
  while (!rest.empty() && !node.error) {
    const std::size_t size =
        split_ && random_.chance(50) ? 1 + random_.upto(std::min<std::size_t>(rest.size(), 400) - 1) : rest.size();
    append(at.arrived, rest.first(size));
    rest = rest.subspan(size);
    if (!offer(hop, direction)) return;
  }
}

/// What has arrived there and was not consumed. False if the party gave up.
bool Chain::offer(std::size_t hop, Direction direction) {
  const std::size_t to = direction == Direction::c2s ? hop + 1 : hop;
  Link& at = link(hop, direction);
  Node::Outputs out;
  const auto consumed = nodes_[to]->receive(side_from(direction), at.arrived, clock_.now(), out);
  if (!consumed) {
    put(to, out);
    give_up(to, consumed.error());
    return false;
  }
  handle(to, out);
  at.arrived.erase(at.arrived.begin(), at.arrived.begin() + static_cast<std::ptrdiff_t>(*consumed));
  return true;
}

void Chain::wake(std::size_t node) {
  if (nodes_[node]->error) return;
  Node::Outputs out;
  const auto fine = nodes_[node]->wake(clock_.now(), out);
  handle(node, out);
  if (!fine) return give_up(node, fine.error());
  if (node > 0 && !link(node - 1, Direction::c2s).arrived.empty() && !offer(node - 1, Direction::c2s)) return;
  if (node + 1 < nodes_.size() && !link(node, Direction::s2c).arrived.empty()) offer(node, Direction::s2c);
}

void Chain::tell_ends() {
  for (auto& [where, one] : links_) {
    if (!one.ending || one.ended || !one.flying.empty()) continue;
    one.ended = true;
    const std::size_t to = where.second == Direction::c2s ? where.first + 1 : where.first;
    if (nodes_[to]->error) continue;
    const auto fine = nodes_[to]->on_end(side_from(where.second));
    if (!fine) give_up(to, fine.error());
  }
}

bool Chain::step(TimePoint until) {
  tell_ends();
  std::optional<std::pair<std::size_t, Direction>> next;
  TimePoint when = TimePoint::max();
  for (auto& [where, one] : links_) {
    if (!one.flying.empty() && one.flying.begin()->first < when) {
      when = one.flying.begin()->first;
      next = where;
    }
  }
  if (!next || when > until) return false;
  if (when > clock_.mono) clock_.advance(when - clock_.mono);
  Link& from = links_[*next];
  Buffer bytes = std::move(from.flying.begin()->second);
  from.flying.erase(from.flying.begin());
  deliver(next->first, next->second, std::move(bytes));
  return true;
}

void Chain::run() {
  while (step(TimePoint::max())) {
  }
  tell_ends();
  while (step(TimePoint::max())) {
  }
}

void Chain::run_until(TimePoint until) {
  while (true) {
    TimePoint due = TimePoint::max();
    std::size_t whose = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i]->error || nodes_[i]->deadline() >= due) continue;
      due = nodes_[i]->deadline();
      whose = i;
    }
    if (step(std::min(due, until))) continue;
    if (due > until) break;
    if (due > clock_.mono) clock_.advance(due - clock_.mono);
    Node::Outputs out;
    const auto fine = nodes_[whose]->on_deadline(clock_.now(), out);
    handle(whose, out);
    if (!fine) give_up(whose, fine.error());
    if (!nodes_[whose]->error && nodes_[whose]->deadline() <= clock_.mono && fine) {
      // An engine that does not move its deadline would spin: that is a fault of the engine, not of the test.
      give_up(whose, Error{Fault::internal_error, "a deadline that does not move"});
    }
  }
  if (until > clock_.mono) clock_.advance(until - clock_.mono);
}

}  // namespace louver::sim

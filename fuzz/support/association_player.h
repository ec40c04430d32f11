#pragma once

#include "support/require.h"
#include "support/world.h"

namespace louver::fuzz {

/// Plays a script to one party of an association, alone: nobody else is there but the script.
///
/// An order is an octet. Bits 0..2: 0..4 octets arrive (a string follows), 5 time passes, 6 Close, 7 the connection
/// ends. Bit 3: from the server's side.
class AssociationPlayer {
 public:
  explicit AssociationPlayer(sim::Node& node) : node_(node) {}

  void play(Script& script) {
    while (!script.done() && !node_.error) {
      const std::uint8_t order = script.octet();
      const Side from = (order & 8) != 0 ? Side::server : Side::client;
      switch (order & 7) {
        case 5:
          pass_time(script.octet());
          break;
        case 6:
          close(script.octet());
          break;
        case 7:
          note(node_.on_end(from));
          break;
        default:
          arrive(from, script.string());
      }
    }
  }
  /// Asks the party to end its association.
  std::function<Result<>(std::uint8_t code, Now now, sim::Node::Outputs& out)> closer;

 private:
  void arrive(Side from, Bytes bytes) {
    Buffer& input = input_[slot(from)];
    append(input, bytes);
    sim::Node::Outputs out;
    const auto consumed = node_.receive(from, input, clock_.now(), out);
    if (consumed) {
      require(*consumed <= input.size(), "an engine consumes no more than there is");
      check(out);
      input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(*consumed));
      require(input.size() < wire::header_octets + limits::hello_bytes + 1, "a partial frame is bounded");
    } else {
      note(consumed.error());
    }
  }
  void pass_time(std::uint8_t seconds) {
    clock_.advance(std::chrono::seconds{seconds});
    for (int turn = 0; !node_.error && node_.deadline() <= clock_.mono; ++turn) {
      require(turn < 100, "a deadline moves when it has been served");
      sim::Node::Outputs out;
      note(node_.on_deadline(clock_.now(), out));
      check(out);
    }
  }
  void close(std::uint8_t code) {
    if (!closer) return;
    sim::Node::Outputs out;
    note(closer(code, clock_.now(), out));
    check(out);
  }
  /// A fault is the end: the party says why, in frames, and hears no more.
  void note(const Result<>& result) {
    if (result || node_.error) return;
    node_.error = result.error();
    sim::Node::Outputs out;
    node_.fail(result.error(), out);
    check(out);
  }
  void check(const sim::Node::Outputs& out) const {
    for (const session::Outbound* one : {&out.to_client, &out.to_server}) {
      Buffer bytes = one->flatten();
      MutableBytes rest{bytes};
      while (!rest.empty()) {
        const auto frame = wire::next_frame(rest, limits::hello_bytes);
        require(frame && *frame, "an engine puts out whole frames");
        rest = rest.subspan((*frame)->whole.size());
      }
    }
  }

  sim::Node& node_;
  sim::Clock clock_;
  std::array<Buffer, 2> input_;
};

}  // namespace louver::fuzz

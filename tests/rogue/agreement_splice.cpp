#include "rogue/agreement_splice.h"

namespace louver::rogue {
namespace {

/// Frames that wait to be put into the other association.
struct Mailbox {
  Stage* to;
  Direction direction;
  std::vector<Buffer> frames;
};

sim::Tamper divert(Mailbox& mailbox, ChannelName channel) {
  return [&mailbox, channel](Buffer frame, std::vector<Buffer>& out) {
    if (channel_of(frame) == channel) {
      mailbox.frames.push_back(std::move(frame));
    } else {
      out.push_back(std::move(frame));
    }
  };
}

}  // namespace

void cross(Stage& a, Stage& b, const Splice& splice) {
  std::vector<std::unique_ptr<Mailbox>> mailboxes;
  for (const auto& [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    for (Direction d : both_directions) {
      auto& box = *mailboxes.emplace_back(std::make_unique<Mailbox>(Mailbox{to, d, {}}));
      from->chain().tamper(splice.hop, d, divert(box, splice.channel));
    }
  }
  a.start();
  b.start();
  bool moved = true;
  while (moved) {
    a.chain().run();
    b.chain().run();
    moved = false;
    for (const auto& box : mailboxes) {
      for (Buffer& frame : std::exchange(box->frames, {})) {
        box->to->chain().inject(splice.hop, box->direction, frame);
        moved = true;
      }
    }
  }
}

void exchange_channels(Stage& stage, std::size_t hop, ChannelName one, ChannelName other) {
  for (Direction d : both_directions) {
    stage.chain().tamper(hop, d, [one, other](Buffer frame, std::vector<Buffer>& out) {
      const auto is = channel_of(frame);
      if (is == one || is == other) {
        const ChannelName becomes = is == one ? other : one;
        frame[1] = std::byte{becomes.id};
        frame[2] = std::byte{becomes.flags};
      }
      out.push_back(std::move(frame));
    });
  }
}

}  // namespace louver::rogue

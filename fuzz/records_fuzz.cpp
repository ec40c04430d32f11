#include "session/opener.h"
#include "session/sealer.h"
#include "support/require.h"
#include "support/world.h"

using namespace louver;
using fuzz::require;

namespace {

/// What was opened is sealed into the same record again: layout, flags, padding.
void seal_again(const session::KeySource& author, const session::Segment& segment, const session::DataView& record,
                Bytes content) {
  auto sealer = session::Sealer::make(author, segment);
  require(sealer.has_value(), "an author has its keys");
  const std::size_t padding = record.ciphertext.size() - content.size();
  Buffer again(record.whole.size());
  const auto flags = static_cast<std::uint8_t>(record.header.flags & ~wire::flag::pad);
  const session::DataView made = sealer->seal(flags, record.exchange, 0, content, padding, again);
  require(made.header == record.header && equal(made.ciphertext, record.ciphertext),
          "a record is sealed as it was opened");
}

void open_data(fuzz::SessionWorld& world, const session::KeySource& self, const session::Segment& segment,
               const wire::FrameView& frame) {
  const auto record = session::view_data(frame, segment, self.terms().max_record());
  if (!record) return;
  require(record->ciphertext.size() <= self.terms().max_record(), "plaintext is bounded");
  require(record->whole.size() == session::data_frame_octets(segment, record->ciphertext.size()),
          "a record has its length");
  auto opener = session::Opener::make(self, segment);
  require(opener.has_value(), "a sink has its keys");
  Buffer plaintext(record->ciphertext.size());
  const auto opened = opener->open(*record, 0, plaintext);
  if (!opened) return;
  require(opened->content.size() <= plaintext.size(), "content lies in the plaintext");
  require(!segment.apart_ends || !record->eom() || opened->content.empty(),
          "an end that must stand apart has no content");
  seal_again(world.keys[raw(segment.author)], segment, *record, opened->content);
}

void open_redacted(const session::KeySource& self, const session::Segment& segment, const wire::FrameView& frame) {
  const auto record = session::view_redacted(frame, segment, self.self(), self.plan().middleboxes());
  if (!record) return;
  require(record->redactor != self.self(), "nobody gets a tombstone of its own");
  const auto opener = session::Opener::make(self, segment);
  require(opener.has_value(), "a sink has its keys");
  const auto octets = opener->open(*record, 0);
  if (octets) require(*octets >= 1 && *octets <= self.terms().max_record(), "a tombstone stands for a record");
}

}  // namespace

/// One record at the sink of its segment, on the hop that the fourth octet names.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  fuzz::SessionWorld& world = fuzz::SessionWorld::of(fuzz::choose(script));
  const std::uint8_t place = script.octet();
  const Direction direction = static_cast<Direction>(place & 1);
  const std::size_t hop = (place >> 1) % (world.path().spec.middleboxes + 1);
  Buffer input = to_buffer(script.rest());
  const session::PathPlan& plan = world.keys.front().plan();
  const auto frame = wire::next_frame(input, plan.longest_record());
  if (!frame || !*frame) return 0;
  const wire::FrameView& view = **frame;
  const session::Segment* segment = plan.segment_on_hop(ContextId{view.header.id}, direction, hop);
  if (segment == nullptr) return 0;
  const session::KeySource& sink = world.keys[raw(segment->sink)];
  if (view.header.type == wire::FrameType::data) open_data(world, sink, *segment, view);
  if (view.header.type == wire::FrameType::redacted) open_redacted(sink, *segment, view);
  return 0;
}

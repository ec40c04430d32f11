#pragma once

#include "session/record.h"
#include "session/session_keys.h"

namespace louver::session {

/// The author's keys of one segment: makes DATA frames. docs/protocol.md §6
class Sealer {
 public:
  static Result<Sealer> make(const KeySource& keys, const Segment& segment);

  /// Seals one record into `frame`, which has exactly data_frame_octets(segment, content + padding) octets.
  ///
  /// @param flags    EOM, FIN; PAD is added if `padding` is not 0
  /// @param padding  octets behind the content: 0, or at least 2
  /// @param seq      the flow's next sequence, never used before
  /// Witness slots are zero; the hop tag's place is left to the hop.
  DataView seal(std::uint8_t flags, Exchange exchange, std::uint64_t seq, Bytes content, std::size_t padding,
                MutableBytes frame);
  const Segment& segment() const { return *segment_; }
  void rest();

 private:
  Sealer(const Segment& segment, EpochKey read, std::vector<crypto::Aead> verify, std::uint32_t max_record)
      : segment_(&segment), read_(std::move(read)), verify_(std::move(verify)), max_record_(max_record) {}
  const Segment* segment_;
  EpochKey read_;
  std::vector<crypto::Aead> verify_;  // in the order of the slots
  std::uint32_t max_record_;
};

/// A redactor's keys of one segment: makes tombstones. docs/protocol.md §6 "Redact"
class Redactor {
 public:
  static Result<Redactor> make(const KeySource& keys, const Segment& segment);
  /// Builds the tombstone that stands for `record` into `frame`, which has exactly redacted_frame_octets(..) octets.
  RedactedView redact(const DataView& record, std::uint64_t seq, MutableBytes frame) const;
  std::size_t frame_octets() const;
  void rest();

 private:
  Redactor(const Segment& segment, PartyIndex self, std::size_t middleboxes, std::vector<crypto::Aead> keys)
      : segment_(&segment), self_(self), middleboxes_(middleboxes), keys_(std::move(keys)) {}
  const Segment* segment_;
  PartyIndex self_;
  std::size_t middleboxes_;
  std::vector<crypto::Aead> keys_;
};

}  // namespace louver::session

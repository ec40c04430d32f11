#pragma once

#include "session/record.h"
#include "session/session_keys.h"

namespace louver::session {

/// What a verified record says. `content` lies in the buffer that the caller gave.
struct Opened {
  Bytes content;              // without padding
  bool padding_only = false;  // neither content nor EOM nor FIN
};

/// A reader's or sink's keys of one segment: checks its own tags and opens. docs/protocol.md §6
///
/// Nothing is handed out before every check that is this party's has passed.
class Opener {
 public:
  static Result<Opener> make(const KeySource& keys, const Segment& segment);

  /// Checks this party's verify tag, at the sink every witness slot, then the AEAD's tag, and decrypts into `plaintext`
  /// (ciphertext.size() octets; may be the ciphertext's own place).
  /// @fault verify_tag, witness_tag, aead_tag, record_padding, record_order (content where an end must stand apart)
  Result<Opened> open(const DataView& record, std::uint64_t seq, MutableBytes plaintext);

  /// Checks a tombstone: this party's redact tag, at the sink the witness slots behind the redactor.
  /// @return octets of plaintext that the redactor states were there
  /// @fault redact_tag, witness_tag, record_length
  Result<std::uint32_t> open(const RedactedView& record, std::uint64_t seq) const;

  /// Fills this party's own witness slot, if it has one: it lets the record pass.
  void bear_witness(const DataView& record, std::uint64_t seq) const;
  void bear_witness(const RedactedView& record, std::uint64_t seq) const;

  /// Nothing has moved for a while: see crypto::Aead::rest.
  void rest();

 private:
  struct Witness {
    PartyIndex party;
    crypto::Aead key;
  };
  struct RedactKey {
    PartyIndex redactor;
    std::size_t slot;  // of this party among the redact tags of that redactor
    crypto::Aead key;
  };
  Opener(const Segment& segment, PartyIndex self, std::size_t middleboxes, std::uint32_t max_record, EpochKey read)
      : segment_(&segment), self_(self), middleboxes_(middleboxes), max_record_(max_record), read_(std::move(read)) {}
  Result<> load_tags(const KeySource& keys);
  Result<> check_witnesses(const std::vector<PartyIndex>& order, MutableBytes slots, std::uint64_t seq,
                           Bytes covered) const;
  bool is_sink() const { return segment_->sink == self_; }

  const Segment* segment_;
  PartyIndex self_;
  std::size_t middleboxes_;
  std::uint32_t max_record_;
  EpochKey read_;
  std::optional<crypto::Aead> verify_;
  std::size_t verify_slot_ = 0;
  std::vector<Witness> witnesses_;  // at a witness its own only, at the sink all of them in order
  std::vector<RedactKey> redact_;
};

}  // namespace louver::session

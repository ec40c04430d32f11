#pragma once

#include <optional>

#include "session/path_plan.h"
#include "wire/frame.h"

namespace louver::session {

/// The parts of a DATA frame where they lie. docs/protocol.md §6
///
///     header 6 | exchange 4 | ciphertext | its tag 16 | verify tags | witness slots | hop tag 16
struct DataView {
  wire::FrameHeader header;
  Exchange exchange{};
  MutableBytes whole;
  MutableBytes aad;  // header and exchange
  MutableBytes ciphertext;
  MutableBytes tag;
  MutableBytes sealed;   // aad, ciphertext and tag in one: what verify tags and witnesses cover
  MutableBytes verify;   // 16 octets for each verifier
  MutableBytes witness;  // 16 octets for each witness
  MutableBytes trailer;  // tag, verify tags and witness slots in one: what the hop tag covers besides `aad`
  MutableBytes hop;

  bool eom() const { return (header.flags & wire::flag::eom) != 0; }
  bool fin() const { return (header.flags & wire::flag::fin) != 0; }
  bool pad() const { return (header.flags & wire::flag::pad) != 0; }
};

/// The parts of a REDACTED frame.
///
///     header 6 | exchange 4 | redactor 1 | original length 3 | redact tags | witness slots behind | hop tag 16
struct RedactedView {
  wire::FrameHeader header;
  Exchange exchange{};
  MutableBytes whole;
  PartyIndex redactor{};
  std::uint32_t original_length = 0;
  MutableBytes stated;   // header, exchange, redactor, original length: what redact tags and witnesses cover
  MutableBytes redact;   // 16 octets for each later reader and the sink
  MutableBytes witness;  // 16 octets for each witness behind the redactor
  MutableBytes covered;  // all but the hop tag
  MutableBytes hop;
};

/// Splits a DATA frame of this segment by its length alone.
/// @fault record_length: tags missing, more than `max_record` octets of plaintext, or no plaintext and no EOM, FIN or
/// PAD
Result<DataView> view_data(const wire::FrameView& frame, const Segment& segment, std::uint32_t max_record);

/// Splits a REDACTED frame that arrives at `receiver`.
/// @fault record_length; record_redactor: the redactor is not one of this segment with a redact grant and before the
/// receiver
Result<RedactedView> view_redacted(const wire::FrameView& frame, const Segment& segment, PartyIndex receiver,
                                   std::size_t middleboxes);

/// Octets of a whole DATA frame with that much plaintext, padding included.
std::size_t data_frame_octets(const Segment& segment, std::size_t plaintext);
/// Octets of a whole REDACTED frame by that redactor.
std::size_t redacted_frame_octets(const Segment& segment, PartyIndex redactor, std::size_t middleboxes);

inline MutableBytes tag_slot(MutableBytes slots, std::size_t index) {
  return slots.subspan(index * crypto::tag_octets, crypto::tag_octets);
}

}  // namespace louver::session

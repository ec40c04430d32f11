#include "session/record.h"

namespace louver::session {
namespace {

constexpr std::size_t stated_octets = wire::record_header_octets + 4;

Error length_error(const wire::FrameHeader& header, std::string_view why) {
  return {Fault::record_length, std::string{wire::name_of(header.type)} + " of " + std::to_string(header.length) +
                                    " octets on context " + std::to_string(header.id) + ": " + std::string{why}};
}

}  // namespace

Result<DataView> view_data(const wire::FrameView& frame, const Segment& segment, std::uint32_t max_record) {
  const std::size_t overhead = segment.data_overhead();
  if (frame.header.length < overhead) return length_error(frame.header, "its tags are missing");
  const std::size_t plaintext = frame.header.length - overhead;
  if (plaintext > max_record) return length_error(frame.header, "above max_record");
  if (plaintext == 0 && (frame.header.flags & (wire::flag::eom | wire::flag::fin)) == 0)
    return length_error(frame.header, "it says nothing");
  if (plaintext < 2 && (frame.header.flags & wire::flag::pad) != 0)
    return length_error(frame.header, "no room for its padding");

  DataView view;
  view.header = frame.header;
  view.whole = frame.whole;
  view.aad = frame.whole.first(wire::record_header_octets);
  view.exchange = wire::read_exchange(view.aad.subspan(wire::header_octets));
  const MutableBytes rest = frame.whole.subspan(wire::record_header_octets);
  view.ciphertext = rest.first(plaintext);
  view.sealed = frame.whole.first(wire::record_header_octets + plaintext + crypto::tag_octets);
  view.trailer = rest.subspan(plaintext, rest.size() - plaintext - crypto::tag_octets);
  view.tag = view.trailer.first(crypto::tag_octets);
  view.verify = view.trailer.subspan(crypto::tag_octets, segment.verify_tags() * crypto::tag_octets);
  view.witness = view.trailer.last(segment.witnesses.size() * crypto::tag_octets);
  view.hop = rest.last(crypto::tag_octets);
  return view;
}

Result<RedactedView> view_redacted(const wire::FrameView& frame, const Segment& segment, PartyIndex receiver,
                                   std::size_t middleboxes) {
  if (frame.whole.size() < stated_octets + crypto::tag_octets) return length_error(frame.header, "too short");
  RedactedView view;
  view.header = frame.header;
  view.whole = frame.whole;
  view.stated = frame.whole.first(stated_octets);
  view.exchange = wire::read_exchange(view.stated.subspan(wire::header_octets));
  view.redactor = PartyIndex{std::to_integer<std::uint8_t>(view.stated[wire::record_header_octets])};
  view.original_length = wire::read_u24(view.stated.last(3));
  const bool allowed =
      std::ranges::find(segment.redactors, view.redactor) != segment.redactors.end() &&
      rank_of(view.redactor, segment.direction, middleboxes) < rank_of(receiver, segment.direction, middleboxes);
  if (!allowed) {
    return Error{Fault::record_redactor, "party " + std::to_string(raw(view.redactor)) + " may not redact context " +
                                             std::to_string(frame.header.id) + " here"};
  }
  if (frame.whole.size() != redacted_frame_octets(segment, view.redactor, middleboxes))
    return length_error(frame.header, "not what its tags need");
  const MutableBytes rest = frame.whole.subspan(stated_octets);
  view.redact = rest.first(segment.redact_verifiers(view.redactor, middleboxes).size() * crypto::tag_octets);
  view.hop = rest.last(crypto::tag_octets);
  view.witness = rest.subspan(view.redact.size(), rest.size() - view.redact.size() - crypto::tag_octets);
  view.covered = frame.whole.first(frame.whole.size() - crypto::tag_octets);
  return view;
}

std::size_t data_frame_octets(const Segment& segment, std::size_t plaintext) {
  return wire::header_octets + segment.data_overhead() + plaintext;
}

std::size_t redacted_frame_octets(const Segment& segment, PartyIndex redactor, std::size_t middleboxes) {
  const std::size_t tags = segment.redact_verifiers(redactor, middleboxes).size() +
                           segment.witnesses_behind(redactor, middleboxes).size() + 1;
  return stated_octets + tags * crypto::tag_octets;
}

}  // namespace louver::session

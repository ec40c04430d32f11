#pragma once

#include "wire/codec.h"
#include "wire/frame.h"

namespace louver::wire {

using AssociationId = std::array<std::byte, 16>;
using Tag32 = std::array<std::byte, 32>;

/// The body of a JOIN frame. docs/protocol.md §7
struct Join {
  AssociationId association{};
  std::uint64_t session = 0;
  std::uint32_t alive = 0;
  Tag32 end_tag{};
  Tag32 hop_tag{};
  static constexpr auto fields =
      std::tuple{field("association", &Join::association), field("session", &Join::session),
                 field("alive", &Join::alive), field("end_tag", &Join::end_tag), field("hop_tag", &Join::hop_tag)};
  bool operator==(const Join&) const = default;
};
inline constexpr std::size_t join_body_octets = 16 + 8 + 4 + 32 + 32;
/// What each tag covers, counted from the frame header's first octet.
inline constexpr std::size_t join_end_tag_at = header_octets + 16 + 8 + 4;
inline constexpr std::size_t join_hop_tag_at = join_end_tag_at + 32;

/// The body of an ALERT frame: unauthenticated. `text` is the rest.
struct AlertBody {
  std::uint8_t code = 0;
  std::string text;
};
/// @fault bad_value for a code that no alert has, input_too_short
Result<AlertBody> decode_alert(Bytes body);
Buffer make_alert_frame(std::uint8_t party, Alert alert);
inline constexpr std::uint8_t unknown_party = 255;

}  // namespace louver::wire

#pragma once

#include "session/session_keys.h"
#include "wire/join.h"

/// The two tags of a JOIN. docs/protocol.md §7
namespace louver::session::join_tags {

inline constexpr std::size_t frame_octets = wire::header_octets + wire::join_body_octets;

/// Writes the endpoints' tag over everything before it.
Result<> write_end(const KeySource& keys, MutableBytes frame);
/// @fault join_end_tag
Result<> check_end(const KeySource& keys, Bytes frame);
/// Writes the tag of the hop behind this party over everything before it.
Result<> write_hop(const KeySource& keys, MutableBytes frame);
/// Checks the tag of the hop before this party. @fault join_hop_tag
Result<> check_hop(const KeySource& keys, Bytes frame);

}  // namespace louver::session::join_tags

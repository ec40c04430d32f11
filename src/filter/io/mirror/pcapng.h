#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

/// Blocks of the pcapng format (draft-ietf-opsawg-pcapng), as few as a stream of packets needs: in little-endian order,
/// one interface of raw IP packets, times in microseconds.
namespace louver::filter::mirror {

inline constexpr std::uint32_t packet_most = 65535;  // octets of one packet

/// A section header and the description of interface 0. What follows may be appended to any such stream.
Buffer pcapng_begin(std::string_view application);

/// An enhanced packet block of interface 0.
/// @param packet   an IP packet of at most `packet_most` octets
/// @param comment  UTF-8 text for people; empty: none
Buffer pcapng_packet(WallTime time, Bytes packet, std::string_view comment);

}  // namespace louver::filter::mirror

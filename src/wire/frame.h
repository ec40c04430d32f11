#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong.h"

namespace louver::wire {

/// docs/protocol.md §2
enum class FrameType : std::uint8_t {
  hello = 0x01,
  channel = 0x02,
  alert = 0x03,
  announce = 0x04,
  join = 0x05,
  data = 0x10,
  redacted = 0x11,
};

inline constexpr std::size_t header_octets = 6;
inline constexpr std::size_t exchange_octets = 4;
/// "header" in the sense of §6: the frame header and the exchange.
inline constexpr std::size_t record_header_octets = header_octets + exchange_octets;
inline constexpr std::size_t frame_length_most = (std::size_t{1} << 24) - 1;

namespace flag {
inline constexpr std::uint8_t server_channel = 1;  // CHANNEL: the server's channel with that middlebox
inline constexpr std::uint8_t eom = 1;             // DATA: end of the message of this context and exchange
inline constexpr std::uint8_t fin = 2;             // DATA: last record of the flow
inline constexpr std::uint8_t pad = 8;             // DATA: the plaintext ends with n zeros and n as u16
}  // namespace flag

/// type u8 | id u8 | flags u8 | length u24
struct FrameHeader {
  FrameType type{};
  std::uint8_t id = 0;
  std::uint8_t flags = 0;
  std::uint32_t length = 0;  // octets behind the header
  bool operator==(const FrameHeader&) const = default;
};

/// A whole frame where it lies: the six octets and the body. Lives as long as the buffer under it.
struct FrameView {
  FrameHeader header;
  MutableBytes whole;
  MutableBytes body() const { return whole.subspan(header_octets); }
};

/// Reads the six octets; refuses an unknown type, reserved flags, a wrong id for its type (all bad_frame),
/// and a first octet that shows TLS, SSH or HTTP (not_louver; `detail` says in words what the peer speaks).
Result<FrameHeader> read_header(Bytes six);
void write_header(MutableBytes six, const FrameHeader& header);
Buffer make_frame(const FrameHeader& header, Bytes body);

/// The first frame of `input`, or nothing while it is not whole. `length_most` bounds the body: limit_exceeded from the
/// header alone.
Result<std::optional<FrameView>> next_frame(MutableBytes input, std::size_t length_most);

/// What a peer that speaks another protocol is told, in plain words, before the connection is closed (§2). At most 200
/// octets.
std::string_view wrong_protocol_answer();

Exchange read_exchange(Bytes four);
void write_exchange(MutableBytes four, Exchange exchange);
std::uint32_t read_u24(Bytes three);
void write_u24(MutableBytes three, std::uint32_t value);

std::string_view name_of(FrameType type);

}  // namespace louver::wire

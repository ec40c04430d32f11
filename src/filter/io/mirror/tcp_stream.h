#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"

namespace louver::filter::mirror {

inline constexpr std::size_t handshake_packets = 3;

/// A made-up end of a made-up connection.
struct TcpAddress {
  std::array<std::uint8_t, 4> ip{};
  std::uint16_t port = 0;
  bool operator==(const TcpAddress&) const = default;
};

/// IPv4 packets of one TCP connection that never was: with right checksums, sequence numbers and acknowledgements, from
/// SYN to FIN or RST, so that tools put its two streams together again (RFC 791, RFC 9293).
class TcpStream {
 public:
  /// @param packet  is given each packet; its octets live until the call returns
  using OnPacket = std::function<void(Bytes packet, std::string_view comment)>;
  TcpStream(TcpAddress client, TcpAddress server, OnPacket on_packet);

  /// The packets of a handshake after which the connection goes on as it does from here: at its beginning, or, for
  /// whoever has seen nothing of it, later. `comment` belongs to the first.
  void handshake(std::string_view comment);
  void send(Direction direction, Bytes octets);
  /// So many octets were sent that nobody sees.
  void skip(Direction direction, std::size_t octets);
  /// FIN of both ends if `in_order`, else a reset by each.
  void close(bool in_order);

 private:
  struct End {
    TcpAddress address;
    std::uint32_t next = 0;  // sequence number
  };
  struct Numbers {
    std::uint32_t sequence, acknowledged;
  };
  End& from(Direction direction) { return ends_[slot(direction)]; }
  void packet(Direction direction, std::uint8_t flags, Bytes octets);
  void write(Direction direction, std::uint8_t flags, Numbers numbers, Bytes octets, std::string_view comment = {});

  std::array<End, 2> ends_;
  OnPacket on_packet_;
  std::uint16_t identification_ = 1;
};

}  // namespace louver::filter::mirror

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"

namespace louver::filter::mirror {

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

  /// The three packets of the handshake; `comment` belongs to the first.
  void open(std::string_view comment);
  void send(Direction direction, Bytes octets);
  /// FIN of both ends if `in_order`, else a reset by each.
  void close(bool in_order);

 private:
  struct End {
    TcpAddress address;
    std::uint32_t next = 0;  // sequence number
  };
  End& from(Direction direction) { return ends_[slot(direction)]; }
  void packet(Direction direction, std::uint8_t flags, Bytes octets, std::string_view comment = {});

  std::array<End, 2> ends_;
  OnPacket on_packet_;
  std::uint16_t identification_ = 1;
};

}  // namespace louver::filter::mirror

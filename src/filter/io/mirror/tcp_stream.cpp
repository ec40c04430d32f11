#include "filter/io/mirror/tcp_stream.h"

#include <algorithm>

namespace louver::filter::mirror {
namespace {

constexpr std::uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16;
constexpr std::size_t ip_header = 20, tcp_header = 20;
constexpr std::size_t segment_most = 8192;
constexpr std::uint32_t first_octet[] = {1001, 5001};  // of client and server: nobody attacks this connection

void big(Buffer& out, std::uint32_t value, unsigned octets) {
  for (unsigned i = octets; i > 0; --i) out.push_back(static_cast<std::byte>(value >> (8 * (i - 1))));
}

void set16(Buffer& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<std::byte>(value >> 8);
  out[at + 1] = static_cast<std::byte>(value);
}

/// Sum of 16-bit words in one's complement, not yet folded. RFC 1071
std::uint32_t sum_of(Bytes octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    sum += std::to_integer<std::uint32_t>(octets[i]) << 8;
    if (i + 1 < octets.size()) sum += std::to_integer<std::uint32_t>(octets[i + 1]);
  }
  return sum;
}

std::uint16_t checksum(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xFFFF);
}

void add_ip(Buffer& out, const TcpAddress& from, const TcpAddress& to, std::uint16_t identification,
            std::size_t payload) {
  constexpr std::uint16_t version_and_length = 0x4500, dont_fragment = 0x4000, ttl_and_tcp = 0x4006;
  big(out, version_and_length, 2);
  big(out, static_cast<std::uint32_t>(ip_header + tcp_header + payload), 2);
  big(out, identification, 2);
  big(out, dont_fragment, 2);
  big(out, ttl_and_tcp, 2);
  big(out, 0, 2);
  append(out, std::as_bytes(std::span{from.ip}));
  append(out, std::as_bytes(std::span{to.ip}));
  set16(out, 10, checksum(sum_of(out)));
}

}  // namespace

TcpStream::TcpStream(TcpAddress client, TcpAddress server, OnPacket on_packet)
    : ends_{End{client, first_octet[0]}, End{server, first_octet[1]}}, on_packet_(std::move(on_packet)) {}

void TcpStream::handshake(std::string_view comment) {
  const std::uint32_t client = from(Direction::c2s).next, server = from(Direction::s2c).next;
  write(Direction::c2s, syn, {client - 1, 0}, {}, comment);
  write(Direction::s2c, syn | ack, {server - 1, client}, {});
  write(Direction::c2s, ack, {client, server}, {});
}

void TcpStream::send(Direction direction, Bytes octets) {
  while (!octets.empty()) {
    const std::size_t size = std::min(octets.size(), segment_most);
    packet(direction, psh | ack, octets.first(size));
    octets = octets.subspan(size);
  }
}

void TcpStream::skip(Direction direction, std::size_t octets) {
  from(direction).next += static_cast<std::uint32_t>(octets);
}

void TcpStream::close(bool in_order) {
  const auto flags = static_cast<std::uint8_t>((in_order ? fin : rst) | ack);
  packet(Direction::c2s, flags, {});
  packet(Direction::s2c, flags, {});
  if (in_order) packet(Direction::c2s, ack, {});
}

void TcpStream::packet(Direction direction, std::uint8_t flags, Bytes octets) {
  End& source = from(direction);
  write(direction, flags, {source.next, from(opposite(direction)).next}, octets);
  source.next += static_cast<std::uint32_t>(octets.size()) + ((flags & fin) != 0 ? 1U : 0U);
}

void TcpStream::write(Direction direction, std::uint8_t flags, Numbers numbers, Bytes octets,
                      std::string_view comment) {
  const TcpAddress& source = from(direction).address;
  const TcpAddress& target = from(opposite(direction)).address;
  Buffer out;
  out.reserve(ip_header + tcp_header + octets.size());
  add_ip(out, source, target, identification_++, octets.size());
  big(out, source.port, 2);
  big(out, target.port, 2);
  big(out, numbers.sequence, 4);
  big(out, numbers.acknowledged, 4);
  big(out, 0x5000U | flags, 2);
  big(out, 0xFFFF, 2);  // window
  big(out, 0, 4);       // checksum, urgent pointer
  append(out, octets);
  const std::uint32_t pseudo =
      sum_of(Bytes{out}.subspan(12, 8)) + 6 + static_cast<std::uint32_t>(tcp_header + octets.size());
  set16(out, ip_header + 16, checksum(pseudo + sum_of(Bytes{out}.subspan(ip_header))));
  on_packet_(out, comment);
}

}  // namespace louver::filter::mirror

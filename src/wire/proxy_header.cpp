#include "wire/proxy_header.h"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace louver::wire {
namespace {

constexpr std::string_view v1_begin = "PROXY ";
constexpr std::array<std::uint8_t, 12> v2_signature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr std::size_t v2_fixed = 16;  // signature, version and command, family, length
constexpr std::size_t v4_block = 12, v6_block = 36, local_block = 216;
constexpr std::uint8_t type_crc32c = 0x03;
constexpr std::size_t tlv_fixed = 3;

std::uint16_t number(Bytes from, std::size_t index) {
  return static_cast<std::uint16_t>(octet(from, index) << 8 | octet(from, index + 1));
}

Error bad(std::string_view why) { return {Fault::bad_value, "PROXY header: " + std::string{why}}; }

bool begins_like(Bytes front, Bytes begin) {
  const std::size_t common = std::min(front.size(), begin.size());
  return equal(front.first(common), begin.first(common));
}

// --- version 1

/// Takes the text up to the next blank off the front.
std::string_view next_word(std::string_view& text) {
  const std::size_t blank = text.find(' ');
  const std::string_view word = text.substr(0, blank);
  text = blank == std::string_view::npos ? std::string_view{} : text.substr(blank + 1);
  return word;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc{} || end != text.data() + text.size() || leading_zero) return std::nullopt;
  return port;
}

bool read_ip(std::string_view text, bool v4, ProxyAddress& out) {
  const std::string terminated{text};
  out.is_v4 = v4;
  return terminated.find('\0') == std::string::npos &&
         inet_pton(v4 ? AF_INET : AF_INET6, terminated.c_str(), out.octets.data()) == 1;
}

Result<ProxyHeader> parse_line(std::string_view line) {
  ProxyHeader out;
  const auto printable_only = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (!std::ranges::all_of(line, printable_only)) return bad("an octet that is no printable character");
  line.remove_prefix(v1_begin.size());
  const std::string_view family = next_word(line);
  if (family == "UNKNOWN") return out;  // "the receiver must ignore anything presented before the CRLF"
  if (family != "TCP4" && family != "TCP6") return bad("neither TCP4 nor TCP6 nor UNKNOWN");
  const bool v4 = family == "TCP4";
  out.kind = ProxyHeader::Kind::addresses;
  if (!read_ip(next_word(line), v4, out.source) || !read_ip(next_word(line), v4, out.destination))
    return bad("an address that is none of its family");
  const auto from = port_of(next_word(line));
  const auto to = port_of(line);  // to the end: nothing may follow
  if (!from || !to) return bad("a port that is none, or something behind it");
  out.source.port = *from;
  out.destination.port = *to;
  return out;
}

Result<std::optional<ProxyHeader>> read_v1(Bytes front) {
  const std::string_view text = as_text(front.first(std::min(front.size(), proxy_v1_most)));
  const std::size_t end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) {
    if (front.size() >= proxy_v1_most)
      return Error{Fault::length_out_of_bounds, "PROXY header: a line longer than the protocol allows"};
    return std::optional<ProxyHeader>{};
  }
  if (text[end] == '\n') return bad("a line that ends without carriage return");
  if (end + 1 == text.size()) {
    if (front.size() >= proxy_v1_most)
      return Error{Fault::length_out_of_bounds, "PROXY header: a line longer than the protocol allows"};
    return std::optional<ProxyHeader>{};
  }
  if (text[end + 1] != '\n') return bad("a carriage return within the line");
  LOUVER_ASSIGN(ProxyHeader out, parse_line(text.substr(0, end)));
  out.octets = end + 2;
  return std::optional{out};
}

// --- version 2

/// CRC-32C (Castagnoli), bit by bit: a header has a few dozen octets.
std::uint32_t crc32c(Bytes bytes, std::size_t zero_from) {
  std::uint32_t crc = 0xffff'ffff;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool within = i >= zero_from && i < zero_from + 4;  // the checksum's own place counts as zeros
    crc ^= within ? 0 : octet(bytes, i);
    for (int k = 0; k < 8; ++k) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f6'3b78U : 0U);
  }
  return ~crc;
}

/// @param header  the whole one
/// @param from    where its TLVs begin
Result<> check_tlvs(Bytes header, std::size_t from) {
  bool checked = false;
  while (from < header.size()) {
    if (header.size() - from < tlv_fixed) return bad("a TLV that is cut off");
    const std::size_t length = number(header, from + 1);
    if (header.size() - from - tlv_fixed < length) return bad("a TLV longer than the header");
    if (octet(header, from) == type_crc32c) {
      if (length != 4 || std::exchange(checked, true)) return bad("a checksum of a wrong size, or two");
      const std::size_t at = from + tlv_fixed;
      const std::uint32_t told = std::uint32_t{number(header, at)} << 16 | number(header, at + 2);
      if (crc32c(header, at) != told) return bad("a checksum that does not fit");
    }
    from += tlv_fixed + length;
  }
  return {};
}

ProxyAddress address_at(Bytes header, std::size_t at, std::size_t port_at, bool v4) {
  ProxyAddress out;
  out.is_v4 = v4;
  for (std::size_t i = 0; i < (v4 ? 4U : 16U); ++i) out.octets[i] = octet(header, at + i);
  out.port = number(header, port_at);
  return out;
}

Result<ProxyHeader> parse_block(Bytes header) {
  ProxyHeader out;
  out.octets = header.size();
  const std::uint8_t command = octet(header, 12) & 0x0f;
  if (command == 0) {  // "must discard the protocol block including the family"
    out.kind = ProxyHeader::Kind::local;
    return out;
  }
  if (command != 1) return bad("an unknown command");
  std::size_t addresses = 0;
  switch (octet(header, 13)) {
    case 0x00:
      return out;
    case 0x11:
      addresses = v4_block;
      break;
    case 0x21:
      addresses = v6_block;
      break;
    case 0x31:
      addresses = local_block;
      break;
    default:
      return bad("a family or transport that is not of streams");
  }
  if (header.size() < v2_fixed + addresses) return bad("addresses that are cut off");
  LOUVER_TRY(check_tlvs(header, v2_fixed + addresses));
  if (addresses == local_block) return out;  // a Unix socket of another machine tells us nothing
  const bool v4 = addresses == v4_block;
  const std::size_t size = v4 ? 4 : 16;
  out.kind = ProxyHeader::Kind::addresses;
  out.source = address_at(header, v2_fixed, v2_fixed + 2 * size, v4);
  out.destination = address_at(header, v2_fixed + size, v2_fixed + 2 * size + 2, v4);
  return out;
}

Result<std::optional<ProxyHeader>> read_v2(Bytes front) {
  if (front.size() > 12 && octet(front, 12) >> 4 != 2) return bad("a version that is neither 1 nor 2");
  if (front.size() < v2_fixed) return std::optional<ProxyHeader>{};
  const std::size_t length = number(front, 14);
  if (length > proxy_v2_body_most)
    return Error{Fault::length_out_of_bounds, "PROXY header: " + std::to_string(length) + " octets, and " +
                                                  std::to_string(proxy_v2_body_most) + " are taken"};
  if (front.size() < v2_fixed + length) return std::optional<ProxyHeader>{};
  LOUVER_ASSIGN(const ProxyHeader out, parse_block(front.first(v2_fixed + length)));
  return std::optional{out};
}

std::string text_of(const ProxyAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.is_v4 ? AF_INET : AF_INET6, address.octets.data(), text.data(), text.size());
  return text.data();
}

void put_number(Buffer& out, std::size_t value) {
  out.push_back(static_cast<std::byte>(value >> 8 & 0xff));
  out.push_back(static_cast<std::byte>(value & 0xff));
}

}  // namespace

Result<std::optional<ProxyHeader>> read_proxy_header(Bytes front) {
  if (begins_like(front, as_bytes(v1_begin))) {
    if (front.size() < v1_begin.size()) return std::optional<ProxyHeader>{};
    return read_v1(front);
  }
  if (!begins_like(front, std::as_bytes(std::span{v2_signature}))) return bad("there is none in front");
  return read_v2(front);
}

Buffer write_proxy_v1(const ProxyHeader& header) {
  if (header.kind != ProxyHeader::Kind::addresses) return to_buffer("PROXY UNKNOWN\r\n");
  return to_buffer("PROXY " + std::string{header.source.is_v4 ? "TCP4 " : "TCP6 "} + text_of(header.source) + " " +
                   text_of(header.destination) + " " + std::to_string(header.source.port) + " " +
                   std::to_string(header.destination.port) + "\r\n");
}

Buffer write_proxy_v2(const ProxyHeader& header, std::span<const ProxyTlv> tlvs) {
  Buffer body;
  std::uint8_t family = 0x00;
  if (header.kind == ProxyHeader::Kind::addresses) {
    const std::size_t size = header.source.is_v4 ? 4 : 16;
    family = header.source.is_v4 ? 0x11 : 0x21;
    for (const ProxyAddress* one : {&header.source, &header.destination})
      append(body, std::as_bytes(std::span{one->octets}).first(size));
    put_number(body, header.source.port);
    put_number(body, header.destination.port);
    for (const ProxyTlv& tlv : tlvs) {
      body.push_back(static_cast<std::byte>(tlv.type));
      put_number(body, tlv.value.size());
      append(body, tlv.value);
    }
  }
  Buffer out = to_buffer(std::as_bytes(std::span{v2_signature}));
  out.push_back(static_cast<std::byte>(header.kind == ProxyHeader::Kind::local ? 0x20 : 0x21));
  out.push_back(static_cast<std::byte>(family));
  put_number(out, body.size());
  append(out, body);
  return out;
}

}  // namespace louver::wire

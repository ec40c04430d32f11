#include "wire/frame.h"

#include "wire/codec.h"

namespace louver::wire {
namespace {

struct FrameRule {
  FrameType type;
  std::uint8_t flags;  // those that may be set
  bool any_id;         // else the id is 0
  const char* name;
};
constexpr FrameRule rules[] = {
    {FrameType::hello, 0, false, "HELLO"},      {FrameType::channel, flag::server_channel, true, "CHANNEL"},
    {FrameType::alert, 0, true, "ALERT"},       {FrameType::announce, 0, false, "ANNOUNCE"},
    {FrameType::join, 0, false, "JOIN"},        {FrameType::data, flag::eom | flag::fin | flag::pad, true, "DATA"},
    {FrameType::redacted, 0, true, "REDACTED"},
};
const FrameRule* rule_for(std::uint8_t type) {
  for (const FrameRule& rule : rules) {
    if (static_cast<std::uint8_t>(rule.type) == type) return &rule;
  }
  return nullptr;
}

/// What a wrong first octet gives away about the peer.
const char* other_protocol(std::uint8_t first) {
  if (first == 0x16 || first == 0x15 || first == 0x80) return "the peer speaks TLS; this port speaks Louver";
  if (first == 'S') return "the peer seems to speak SSH; this port speaks Louver";
  if ((first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z')) {
    return "the peer seems to speak HTTP or another text protocol; this port speaks Louver";
  }
  return nullptr;
}

}  // namespace

Result<FrameHeader> read_header(Bytes six) {
  const FrameRule* rule = rule_for(octet(six, 0));
  if (rule == nullptr) {
    if (const char* other = other_protocol(octet(six, 0))) return Error{Fault::not_louver, other};
    return Error{Fault::unknown_frame_type, "type " + std::to_string(octet(six, 0))};
  }
  FrameHeader header{rule->type, octet(six, 1), octet(six, 2), read_u24(six.subspan(3, 3))};
  if ((header.flags & ~rule->flags) != 0) {
    return Error{Fault::reserved_flags, std::string{rule->name} + " with flags " + std::to_string(header.flags)};
  }
  if (!rule->any_id && header.id != 0) {
    return Error{Fault::bad_value, std::string{rule->name} + " with id " + std::to_string(header.id)};
  }
  const bool record = header.type == FrameType::data || header.type == FrameType::redacted;
  if (record && (header.id == 0 || header.id == 255))
    return Error{Fault::bad_value, "a record of context " + std::to_string(header.id)};
  return header;
}

void write_header(MutableBytes six, const FrameHeader& header) {
  six[0] = static_cast<std::byte>(header.type);
  six[1] = static_cast<std::byte>(header.id);
  six[2] = static_cast<std::byte>(header.flags);
  write_u24(six.subspan(3, 3), header.length);
}

Buffer make_frame(const FrameHeader& header, Bytes body) {
  Buffer out(header_octets);
  FrameHeader exact = header;
  exact.length = static_cast<std::uint32_t>(body.size());
  write_header(out, exact);
  append(out, body);
  return out;
}

Result<std::optional<FrameView>> next_frame(MutableBytes input, std::size_t length_most) {
  if (input.empty()) return std::optional<FrameView>{};
  if (rule_for(octet(input, 0)) == nullptr) {  // said at once: a wrong peer may be waiting for us
    std::array<std::byte, header_octets> six{};
    six[0] = input[0];
    return read_header(six).error();
  }
  if (input.size() < header_octets) return std::optional<FrameView>{};
  LOUVER_ASSIGN(const FrameHeader header, read_header(input.first(header_octets)));
  if (header.length > length_most) {
    return Error{Fault::limit_exceeded, std::string{name_of(header.type)} + " of " + std::to_string(header.length) +
                                            " octets; at most " + std::to_string(length_most) + " here"};
  }
  if (input.size() < header_octets + header.length) return std::optional<FrameView>{};
  return std::optional{FrameView{header, input.first(header_octets + header.length)}};
}

std::string_view wrong_protocol_answer() {
  return "This port speaks Louver, not TLS, HTTP or SSH. Point your client at the local louver agent instead.\r\n";
}

Exchange read_exchange(Bytes four) {
  std::uint32_t value = 0;
  for (std::byte b : four.first(4)) value = value << 8 | std::to_integer<std::uint32_t>(b);
  return Exchange{value};
}

void write_exchange(MutableBytes four, Exchange exchange) {
  for (std::size_t i = 0; i < 4; ++i) four[i] = static_cast<std::byte>(raw(exchange) >> (24 - 8 * i));
}

std::uint32_t read_u24(Bytes three) {
  std::uint32_t value = 0;
  for (std::byte b : three.first(3)) value = value << 8 | std::to_integer<std::uint32_t>(b);
  return value;
}

void write_u24(MutableBytes three, std::uint32_t value) {
  for (std::size_t i = 0; i < 3; ++i) three[i] = static_cast<std::byte>(value >> (16 - 8 * i));
}

std::string_view name_of(FrameType type) {
  const FrameRule* rule = rule_for(static_cast<std::uint8_t>(type));
  return rule == nullptr ? "unknown" : rule->name;
}

}  // namespace louver::wire

#include "runtime/endpoint.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace louver::runtime {

namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035 section 2.3.4, as text
constexpr std::size_t longest_label = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > longest_label || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

/// What inet_aton might take for a number: decimal, octal, or hexadecimal after 0x.
bool looks_numeric(std::string_view label) {
  if (label.starts_with("0x") || label.starts_with("0X")) return std::ranges::all_of(label.substr(2), is_hex_digit);
  return std::ranges::all_of(label, is_digit);
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Error refused(std::string_view text, std::string_view why) {
  return {Fault::configuration, "\"" + printable(text) + "\": " + std::string{why}};
}

}  // namespace

bool is_dns_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > longest_name) return false;
  std::string_view label;
  while (true) {
    const std::size_t dot = text.find('.');
    label = text.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  return !looks_numeric(label);
}

Result<std::pair<std::string, std::uint16_t>> split_host_port(std::string_view text) {
  std::string_view host;
  std::string_view port_text;
  if (text.starts_with('[')) {
    const std::size_t close = text.find("]:");
    if (close == std::string_view::npos) return refused(text, "write an IPv6 address as [address]:port");
    host = text.substr(1, close - 1);
    port_text = text.substr(close + 2);
    if (host.find(':') == std::string_view::npos) return refused(text, "only IPv6 addresses stand in brackets");
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return refused(text, "the port is missing; write host:port");
    host = text.substr(0, colon);
    port_text = text.substr(colon + 1);
    if (port_text.find(':') != std::string_view::npos) return refused(text, "write an IPv6 address as [address]:port");
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || end != port_text.data() + port_text.size()) {
    return refused(text, "the port must be a number from 0 to 65535");
  }
  return std::pair{std::string{host}, port};
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  LOUVER_ASSIGN(const auto parts, split_host_port(text));
  return make(parts.first, parts.second);
}

Result<Endpoint> Endpoint::make(std::string_view host, std::uint16_t port) {
  if (port == 0) return refused(host, "port 0 cannot be connected to; give 1 to 65535");
  if (const auto address = IpAddress::parse(host)) return Endpoint{address->to_string(), port, address};
  if (!is_dns_name(host)) {
    return refused(host, "neither a DNS name nor an address; an IPv4 address has four decimal numbers");
  }
  return Endpoint{lower(host), port, std::nullopt};
}

Endpoint Endpoint::local(std::string path) {
  Endpoint out{"", 0, std::nullopt};
  out.path_ = std::move(path);
  return out;
}

std::string Endpoint::to_string() const {
  if (!path_.empty()) return "unix:" + printable(path_);
  if (address_) return SocketAddress{*address_, port_}.to_string();
  return host_ + ":" + std::to_string(port_);
}

}  // namespace louver::runtime

#include "config/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>

#include "wire/hello.h"

namespace louver::config {
namespace {

struct IpLiteral {
  std::array<std::uint8_t, 16> octets{};  // 4 of them for IPv4
  bool is_v6 = false;
};

/// inet_pton's strict forms only: four decimal numbers, or IPv6 without a zone.
std::optional<IpLiteral> parse_address(std::string_view text) {
  const std::string terminated{text};
  if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
  IpLiteral address;
  if (inet_pton(AF_INET, terminated.c_str(), address.octets.data()) == 1) return address;
  address.is_v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.octets.data()) == 1) return address;
  return std::nullopt;
}

bool starts_with(const IpLiteral& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.octets.begin());
}

bool carries_v4(const IpLiteral& address) {
  return address.is_v6 &&
         (starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}) ||  // mapped
          (starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) &&       // compatible, but not :: and ::1
           (address.octets[12] | address.octets[13] | address.octets[14]) != 0));
}

std::string canonical(const IpLiteral& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.octets.data(), text.data(), text.size());
  return text.data();
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return port;
}

/// "host:port", "[host]:port", and without the port; the brackets are what IPv6 needs.
struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;
  bool bracketed = false;
};

std::optional<HostAndPort> split(std::string_view text) {
  HostAndPort out;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    out.bracketed = true;
    out.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (!text.empty() && !text.starts_with(':')) return std::nullopt;
  } else {
    out.host = text.substr(0, text.find(':'));
    text.remove_prefix(out.host.size());
  }
  if (!text.empty()) out.port = text.substr(1);
  return out;
}

bool is_public_v4(const IpLiteral& address) {
  const std::uint8_t a = address.octets[0];
  const std::uint8_t b = address.octets[1];
  if (a == 0 || a == 10 || a == 127 || a >= 224)
    return false;                                      // this network, private, loopback, multicast and reserved
  if (a == 100 && b >= 64 && b < 128) return false;    // carrier-grade NAT
  if (a == 169 && b == 254) return false;              // link-local, cloud metadata
  if (a == 172 && b >= 16 && b < 32) return false;     // private
  if (a == 198 && (b == 18 || b == 19)) return false;  // benchmarking
  return !(starts_with(address, {192, 168}) || starts_with(address, {192, 0, 0}) ||
           starts_with(address, {192, 88, 99}) || starts_with(address, {192, 0, 2}) ||
           starts_with(address, {198, 51, 100}) || starts_with(address, {203, 0, 113}));
}

bool is_public_v6(const IpLiteral& address) {
  if ((address.octets[0] & 0xe0) != 0x20) return false;  // global unicast is 2000::/3
  if (starts_with(address, {0x20, 0x01}) && address.octets[2] < 2)
    return false;                                                    // 2001::/23: Teredo and other special uses
  if (starts_with(address, {0x20, 0x01, 0x0d, 0xb8})) return false;  // documentation
  if (starts_with(address, {0x3f, 0xff}) && (address.octets[2] & 0xf0) == 0) return false;  // documentation
  return !starts_with(address, {0x20, 0x02});  // 6to4 carries an IPv4 address
}

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto parts = split(text);
  if (!parts || !parts->port) return std::nullopt;
  const auto address = parse_address(parts->host);
  const auto port = parse_port(*parts->port);
  if (!address || !port || address->is_v6 != parts->bracketed || carries_v4(*address)) return std::nullopt;
  return Endpoint{canonical(*address), *port};
}

std::string to_text(const Endpoint& endpoint) {
  if (endpoint.is_local()) return std::string{local_prefix} + endpoint.path;
  const bool is_v6 = endpoint.address.find(':') != std::string::npos;
  return (is_v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" + std::to_string(endpoint.port);
}

bool is_loopback(const Endpoint& endpoint) {
  return endpoint.is_local() || endpoint.address.starts_with("127.") || endpoint.address == "::1";
}

bool is_public(std::string_view text) {
  const auto address = parse_address(text);
  return address && (address->is_v6 ? is_public_v6(*address) : is_public_v4(*address));
}

bool Authority::matches(std::string_view host_asked, std::uint16_t port_asked) const {
  const auto same = [](char ours, char theirs) {
    return ours == (theirs >= 'A' && theirs <= 'Z' ? static_cast<char>(theirs + ('a' - 'A')) : theirs);
  };
  return std::ranges::equal(host, host_asked, same) && (!port || *port == port_asked);
}

std::optional<Authority> parse_authority(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  Authority out;
  if (const auto address = parse_address(parts->host)) {
    if (address->is_v6 != parts->bracketed) return std::nullopt;
    out.host = canonical(*address);
  } else if (!parts->bracketed && wire::is_party_name(parts->host)) {
    out.host = parts->host;
  } else {
    return std::nullopt;
  }
  if (parts->port) {
    out.port = parse_port(*parts->port);
    if (!out.port || *out.port == 0) return std::nullopt;
  }
  return out;
}

std::string to_text(const Authority& authority) {
  const bool is_v6 = authority.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + authority.host + "]" : authority.host;
  return authority.port ? host + ":" + std::to_string(*authority.port) : host;
}

}  // namespace louver::config

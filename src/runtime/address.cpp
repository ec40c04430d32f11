#include "runtime/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "runtime/sockaddr.h"

namespace louver::runtime {

namespace {

/// A block of addresses and what it is for.
struct Block {
  const char* prefix;
  unsigned bits;
  AddressKind kind;
};

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry; the first that fits
// counts.
constexpr Block v4_blocks[] = {
    {"0.0.0.0", 32, AddressKind::unspecified},     {"0.0.0.0", 8, AddressKind::reserved},
    {"10.0.0.0", 8, AddressKind::private_use},     {"100.64.0.0", 10, AddressKind::private_use},
    {"127.0.0.0", 8, AddressKind::loopback},       {"169.254.0.0", 16, AddressKind::link_local},
    {"172.16.0.0", 12, AddressKind::private_use},  {"192.0.0.0", 24, AddressKind::reserved},
    {"192.0.2.0", 24, AddressKind::reserved},      {"192.88.99.0", 24, AddressKind::reserved},
    {"192.168.0.0", 16, AddressKind::private_use}, {"198.18.0.0", 15, AddressKind::reserved},
    {"198.51.100.0", 24, AddressKind::reserved},   {"203.0.113.0", 24, AddressKind::reserved},
    {"224.0.0.0", 4, AddressKind::multicast},      {"255.255.255.255", 32, AddressKind::multicast},
    {"240.0.0.0", 4, AddressKind::reserved},
};
constexpr Block v6_blocks[] = {
    {"::", 128, AddressKind::unspecified},     {"::1", 128, AddressKind::loopback},
    {"::ffff:0:0", 96, AddressKind::embedded}, {"::", 96, AddressKind::embedded},
    {"64:ff9b::", 96, AddressKind::embedded},  {"64:ff9b:1::", 48, AddressKind::embedded},
    {"2002::", 16, AddressKind::embedded},     {"2001::", 32, AddressKind::embedded},
    {"2001::", 23, AddressKind::reserved},     {"2001:db8::", 32, AddressKind::reserved},
    {"3fff::", 20, AddressKind::reserved},     {"fc00::", 7, AddressKind::private_use},
    {"fec0::", 10, AddressKind::private_use},  {"fe80::", 10, AddressKind::link_local},
    {"ff00::", 8, AddressKind::multicast},     {"2000::", 3, AddressKind::global},
};

bool lies_in(const IpAddress& address, const Block& block) {
  const IpAddress prefix = *IpAddress::parse(block.prefix);
  const std::size_t whole = block.bits / 8;
  if (!std::equal(prefix.octets().begin(), prefix.octets().begin() + whole, address.octets().begin())) return false;
  const unsigned rest = block.bits % 8;
  return rest == 0 || (prefix.octets()[whole] ^ address.octets()[whole]) >> (8 - rest) == 0;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated{text};
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress out;
  if (inet_pton(AF_INET, terminated.c_str(), out.octets_.data()) == 1) {
    out.v4_ = true;
    return out;
  }
  out = {};
  if (inet_pton(AF_INET6, terminated.c_str(), out.octets_.data()) == 1) return out;
  return std::nullopt;
}

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
  IpAddress out;
  std::ranges::copy(octets, out.octets_.begin());
  out.v4_ = true;
  return out;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
  IpAddress out;
  out.octets_ = octets;
  return out;
}

IpAddress IpAddress::unmapped() const {
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (v4_ || !std::equal(mapped.begin(), mapped.end(), octets_.begin())) return *this;
  return v4({octets_[12], octets_[13], octets_[14], octets_[15]});
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4_ ? AF_INET : AF_INET6, octets_.data(), text, sizeof text);
  return text;
}

std::string SocketAddress::to_string() const {
  const std::string host = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
  return host + ":" + std::to_string(port);
}

AddressKind kind_of(const IpAddress& address) {
  if (address.is_v4()) {
    const auto* block = std::ranges::find_if(v4_blocks, [&](const Block& b) { return lies_in(address, b); });
    return block == std::end(v4_blocks) ? AddressKind::global : block->kind;
  }
  const auto* block = std::ranges::find_if(v6_blocks, [&](const Block& b) { return lies_in(address, b); });
  return block == std::end(v6_blocks) ? AddressKind::reserved : block->kind;
}

std::string_view name_of(AddressKind kind) {
  switch (kind) {
    case AddressKind::global:
      return "global";
    case AddressKind::unspecified:
      return "unspecified";
    case AddressKind::loopback:
      return "loopback";
    case AddressKind::link_local:
      return "link-local";
    case AddressKind::private_use:
      return "private";
    case AddressKind::multicast:
      return "multicast";
    case AddressKind::embedded:
      return "an IPv4 address in an IPv6 one";
    case AddressKind::reserved:
      return "reserved";
  }
  return "unknown";
}

bool is_own_address(const IpAddress& address) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return true;  // cannot tell: the answer that refuses
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{list, freeifaddrs};
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (const auto own = address_from(*entry->ifa_addr); own && own->ip == address) return true;
  }
  return false;
}

IpAddress source_of(const IpAddress& address) {
  const IpAddress plain = address.unmapped();
  if (plain.is_v4()) return plain;
  auto octets = plain.octets();
  std::fill(octets.begin() + 8, octets.end(), std::uint8_t{0});
  return IpAddress::v6(octets);
}

}  // namespace louver::runtime

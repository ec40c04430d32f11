#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/address.h"

namespace louver::runtime {

/// Where to connect: a DNS name or an address, and a port; or a Unix socket. Only what is spelt right becomes one, so a
/// connector never hands the system's resolver a numeric shortcut (`127.1`, `0x7f.1`, `2130706433`) that it would take
/// for an address. SECURITY DS-03
class Endpoint {
 public:
  /// "example.org:443", "192.0.2.1:443", "[2001:db8::1]:443".
  /// @fault configuration  says what is wrong and shows the text
  static Result<Endpoint> parse(std::string_view text);
  /// @param host  a name or an address without brackets
  /// @param port  1..65535
  static Result<Endpoint> make(std::string_view host, std::uint16_t port);

  /// A Unix socket of this machine, by its path.
  static Endpoint local(std::string path);

  /// Of a Unix socket; else empty. Host, port and address are empty for one.
  const std::string& path() const { return path_; }
  /// In lower case; an address as inet_ntop writes it.
  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }
  /// The address, if `host` is not a name.
  const std::optional<IpAddress>& address() const { return address_; }
  std::string to_string() const;

  bool operator==(const Endpoint&) const = default;

 private:
  Endpoint(std::string host, std::uint16_t port, std::optional<IpAddress> address)
      : host_(std::move(host)), port_(port), address_(address) {}

  std::string host_;
  std::uint16_t port_;
  std::optional<IpAddress> address_;
  std::string path_{};
};

/// True for a DNS name of letters, digits, hyphens and underscores in labels of 1..63, 253 in all, perhaps with a last
/// dot, whose last label is not a number in any of inet_aton's spellings.
bool is_dns_name(std::string_view text);

/// Splits "host:port" and takes brackets off. The port is decimal without sign or blank, 0..65535.
/// @fault configuration
Result<std::pair<std::string, std::uint16_t>> split_host_port(std::string_view text);

}  // namespace louver::runtime

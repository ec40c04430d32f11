#pragma once

#include "config/address.h"

namespace louver::config {

/// An ICAP server and the service that is asked there. RFC 3507 §4.2
struct IcapUrl {
  Endpoint server;
  std::string service;  // empty: none is named
  bool operator==(const IcapUrl&) const = default;
};

/// "icap://127.0.0.1:1344/avscan": an IP address, a port, and perhaps a service of letters, digits, '-', '_' and '.'.
std::optional<IcapUrl> parse_icap_url(std::string_view text);
/// What parse_icap_url reads.
std::string to_text(const IcapUrl& url);

}  // namespace louver::config

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// The two kinds of names of a party, as text. Nothing here decodes, folds or repairs: what is not exactly right is
/// refused. docs/protocol.md §4 "Certificates"
namespace louver::tls {

inline constexpr std::size_t longest_name = 255;      // a party's name in a Hello, docs/protocol.md §3
inline constexpr std::size_t longest_dns_name = 253;  // RFC 1035 section 2.3.4, without the root's dot
inline constexpr std::size_t longest_spiffe_id = 2048;

/// Why `text` cannot be a DNS-ID of a certificate, in words; nothing if it can. Upper case is let through here (it
/// never equals a party's name). Refused: wildcards, octets outside letters, digits, '-', '_' and '.', empty or too
/// long labels, a final dot, what looks like an IPv4 address.
std::optional<std::string> dns_name_fault(std::string_view text);

/// The same for a SPIFFE id: "spiffe://", a trust domain in lower case, and a path of at least one segment of letters,
/// digits, '-', '_' and '.', none of them "." or "..", nothing percent-encoded, no final '/'.
std::optional<std::string> spiffe_id_fault(std::string_view text);

bool is_spiffe(std::string_view text);

/// The same for the name of a party in a route or a configuration: either kind, at most `longest_name` octets, no upper
/// case.
std::optional<std::string> party_name_fault(std::string_view text);

}  // namespace louver::tls

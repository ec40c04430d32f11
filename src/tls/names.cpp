#include "tls/names.h"

#include <algorithm>

#include "base/bytes.h"

namespace louver::tls {
namespace {

constexpr std::string_view spiffe_scheme = "spiffe://";
constexpr std::size_t longest_label = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_dns_character(char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_'; }
bool is_path_character(char c) { return is_dns_character(c) || c == '.'; }
bool is_trust_domain_character(char c) { return is_path_character(c) && !is_upper(c); }

std::string octet_fault(char c) {
  if (c == '\0') return "it has a NUL inside";
  if (c == '*') return "it has a wildcard";
  const auto octet = static_cast<std::byte>(c);
  return c > 0x20 && c < 0x7f ? std::string{"it has a '"} + c + "' inside"
                              : "it has the octet 0x" + to_hex(Bytes{&octet, 1}) + " inside";
}

std::optional<std::string> label_fault(std::string_view label) {
  if (label.empty()) return "it has an empty label";
  if (label.size() > longest_label) return "one of its labels is longer than 63 octets";
  if (label.front() == '-' || label.back() == '-') return "one of its labels begins or ends with '-'";
  for (char c : label) {
    if (!is_dns_character(c)) return octet_fault(c);
  }
  return std::nullopt;
}

std::optional<std::string> segment_fault(std::string_view segment) {
  if (segment.empty()) return "its path has an empty segment";
  if (segment == "." || segment == "..") return "its path has a '.' or '..' segment";
  for (char c : segment) {
    if (!is_path_character(c)) return octet_fault(c);
  }
  return std::nullopt;
}

/// Calls `check` on each piece between separators and returns the first fault.
template <class Check>
std::optional<std::string> first_fault(std::string_view text, char separator, Check check) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (auto fault = check(text.substr(0, end))) return fault;
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool is_spiffe(std::string_view text) { return text.starts_with(spiffe_scheme); }

std::optional<std::string> dns_name_fault(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.size() > longest_dns_name) return "it is longer than 253 octets";
  if (auto fault = first_fault(text, '.', label_fault)) return fault;
  const std::string_view last = text.substr(text.rfind('.') + 1);  // npos + 1 is 0: a name of one label
  if (std::ranges::all_of(last, is_digit)) return "it looks like an IP address";
  return std::nullopt;
}

std::optional<std::string> spiffe_id_fault(std::string_view text) {
  if (!is_spiffe(text)) return "it does not begin with spiffe://";
  if (text.size() > longest_spiffe_id) return "it is longer than 2048 octets";
  text.remove_prefix(spiffe_scheme.size());
  const std::size_t slash = text.find('/');
  if (slash == 0 || text.empty()) return "its trust domain is empty";
  if (slash == std::string_view::npos) return "it has no path";
  const std::string_view domain = text.substr(0, slash);
  if (auto bad = std::ranges::find_if_not(domain, is_trust_domain_character); bad != domain.end())
    return octet_fault(*bad);
  return first_fault(text.substr(slash + 1), '/', segment_fault);
}

std::optional<std::string> party_name_fault(std::string_view text) {
  if (auto fault = is_spiffe(text) ? spiffe_id_fault(text) : dns_name_fault(text)) return fault;
  if (text.size() > longest_name) return "it is longer than 255 octets";
  if (std::ranges::any_of(text, is_upper)) return "it has upper case; names are lower case";
  return std::nullopt;
}

}  // namespace louver::tls

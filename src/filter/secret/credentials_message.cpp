#include "filter/secret/credentials_message.h"

#include "filter/http/grammar.h"

namespace louver::filter::secret {
namespace {

constexpr std::string_view line_end = "\r\n";

void put(tls::SecretBytes& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
void put(tls::SecretBytes& out, std::string_view text) { put(out, as_bytes(text)); }

void put_line(tls::SecretBytes& out, const CredentialLine& line) {
  put(out, line.name);
  put(out, ": ");
  put(out, line.value);
  put(out, line_end);
}

Error refused() { return {Fault::blocked_by_policy, "request-credentials is not in its one form"}; }

}  // namespace

Result<std::vector<CredentialLine>> parse_credentials(Bytes message) {
  std::vector<CredentialLine> out;
  std::string_view rest = as_text(message);
  while (!rest.empty()) {
    const std::size_t end = rest.find(line_end);
    if (end == std::string_view::npos) return refused();
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + line_end.size());
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return refused();
    const CredentialLine field{line.substr(0, colon), line.substr(colon + 2)};
    if (!http::is_field_name(field.name) || !http::is_field_value(field.value)) return refused();
    out.push_back(field);
  }
  return out;
}

std::optional<tls::SecretBytes> replace_placeholder(const std::vector<CredentialLine>& lines, std::string_view field,
                                                    std::string_view placeholder, Bytes credential) {
  tls::SecretBytes out;
  bool changed = false;
  for (const CredentialLine& line : lines) {
    std::string_view rest = line.value;
    std::size_t found = line.name == field ? rest.find(placeholder) : std::string_view::npos;
    if (found == std::string_view::npos) {
      put_line(out, line);
      continue;
    }
    put(out, line.name);
    put(out, ": ");
    for (; found != std::string_view::npos; found = rest.find(placeholder)) {
      put(out, rest.substr(0, found));
      put(out, credential);
      rest.remove_prefix(found + placeholder.size());
    }
    put(out, rest);
    put(out, line_end);
    changed = true;
  }
  return changed ? std::optional{std::move(out)} : std::nullopt;
}

tls::SecretBytes set_field(const std::vector<CredentialLine>& lines, std::string_view field, std::string_view scheme,
                           Bytes credential) {
  tls::SecretBytes out;
  for (const CredentialLine& line : lines) {
    if (line.name != field) put_line(out, line);
  }
  put(out, field);
  put(out, ": ");
  put(out, scheme);
  if (!scheme.empty()) put(out, " ");
  put(out, credential);
  put(out, line_end);
  return out;
}

}  // namespace louver::filter::secret

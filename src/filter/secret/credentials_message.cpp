#include "filter/secret/credentials_message.h"

#include "filter/http/grammar.h"

namespace louver::filter::secret {
namespace {

using http::line_end;

void put(tls::SecretBytes& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
void put(tls::SecretBytes& out, std::string_view text) { put(out, as_bytes(text)); }

void put_line(tls::SecretBytes& out, const CredentialLine& line) {
  put(out, line.name);
  put(out, ": ");
  put(out, line.value);
  put(out, line_end);
}

}  // namespace

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

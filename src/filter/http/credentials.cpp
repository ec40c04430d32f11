#include "filter/http/credentials.h"

#include "filter/http/grammar.h"

namespace louver::filter::http {
namespace {

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
    if (!is_field_name(field.name) || !is_field_value(field.value)) return refused();
    out.push_back(field);
  }
  return out;
}

}  // namespace louver::filter::http

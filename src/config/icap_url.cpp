#include "config/icap_url.h"

#include "config/types.h"

namespace louver::config {
namespace {
constexpr std::string_view icap_scheme = "icap://";
}

std::optional<IcapUrl> parse_icap_url(std::string_view text) {
  if (!text.starts_with(icap_scheme)) return std::nullopt;
  text.remove_prefix(icap_scheme.size());
  const std::size_t slash = text.find('/');
  auto server = parse_endpoint(text.substr(0, slash));
  if (!server || server->port == 0) return std::nullopt;
  const std::string_view service = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  if (!service.empty() && !is_label(service)) return std::nullopt;
  return IcapUrl{*std::move(server), std::string{service}};
}

std::string to_text(const IcapUrl& url) { return std::string{icap_scheme} + to_text(url.server) + "/" + url.service; }

}  // namespace louver::config

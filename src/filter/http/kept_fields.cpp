#include "filter/http/kept_fields.h"

#include <algorithm>
#include <array>

#include "filter/http/grammar.h"

namespace louver::filter::http {
namespace {

struct KeptField {
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view framing = "it says where messages end or how, and is made from the message itself";
constexpr std::string_view credential = "it holds credentials, which have a context of their own";
constexpr std::string_view connection = "it belongs to one connection and does not enter a session";

constexpr std::array kept = {
    KeptField{"host", "the host is fixed, since the server was chosen by it"},
    KeptField{"content-length", framing},
    KeptField{"transfer-encoding", framing},
    KeptField{"expect", framing},
    KeptField{"authorization", credential},
    KeptField{"authentication-info", credential},
    KeptField{"cookie", credential},
    KeptField{"cookie2", credential},
    KeptField{"set-cookie", credential},
    KeptField{"set-cookie2", credential},
    KeptField{"connection", connection},
    KeptField{"proxy-connection", connection},
    KeptField{"keep-alive", connection},
    KeptField{"te", connection},
    KeptField{"trailer", connection},
    KeptField{"upgrade", connection},
    KeptField{"http2-settings", connection},
    KeptField{"proxy", connection},
    KeptField{"proxy-authorization", connection},
    KeptField{"proxy-authenticate", connection},
    KeptField{"proxy-authentication-info", connection},
};

constexpr std::string_view reserved_prefix = "louver-";

/// CGI and its like know only letters, digits and one other character.
bool looks_like(std::string_view name, std::string_view rule) {
  return std::ranges::equal(
      name, rule, [](char a, char b) { return (is_digit(a) || is_lower(a) || is_upper(a) ? lower(a) : '-') == b; });
}

}  // namespace

std::optional<std::string_view> why_kept(std::string_view name) {
  if (looks_like(name.substr(0, reserved_prefix.size()), reserved_prefix))
    return "names that begin with louver- are the gateway's";
  const auto found = std::ranges::find_if(kept, [&](const KeptField& one) { return looks_like(name, one.name); });
  if (found == kept.end()) return std::nullopt;
  return found->why;
}

}  // namespace louver::filter::http

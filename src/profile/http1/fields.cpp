#include "profile/http1/fields.h"

#include <algorithm>
#include <array>

#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

constexpr std::array table = {
    FieldRule{"host", Place::host},
    FieldRule{"content-length", Place::length},
    FieldRule{"expect", Place::expect},
    FieldRule{"transfer-encoding", Place::coding},
    FieldRule{"connection", Place::connection},
    FieldRule{"upgrade", Place::upgrade},
    // Bearer values and what continues an authentication. A field is a credential in whichever direction it turns up:
    // an origin that echoes `authorization` must not put it in sight of those who read heads.
    FieldRule{"authorization", Place::credentials},
    FieldRule{"cookie", Place::credentials},
    FieldRule{"cookie2", Place::credentials},
    FieldRule{"set-cookie", Place::credentials},
    FieldRule{"set-cookie2", Place::credentials},
    // carries the next nonce, the server's proof, and with some schemes a session id: as good as a password's successor
    FieldRule{"authentication-info", Place::credentials},
    FieldRule{"keep-alive", Place::hop},
    FieldRule{"proxy-connection", Place::hop},
    FieldRule{"te", Place::hop},
    FieldRule{"trailer", Place::hop},  // who announces trailers must know them, and they may be dropped or changed
    FieldRule{"http2-settings", Place::hop},
    // The agent is the user's proxy and asks for no credentials. A password that he sends it all the same is none of
    // the origin's business, and an origin that could ask for one would get it.
    FieldRule{"proxy-authorization", Place::hop},
    FieldRule{"proxy-authenticate", Place::hop},
    FieldRule{"proxy-authentication-info", Place::hop},
    // no field of HTTP; CGI programs read it as HTTP_PROXY, the proxy that they are to use
    FieldRule{"proxy", Place::hop},
};

constexpr std::array protected_names = {
    std::string_view{"cache-control"}, std::string_view{"date"},
    std::string_view{"forwarded"},     std::string_view{"max-forwards"},
    std::string_view{"origin"},        std::string_view{"range"},
    std::string_view{"traceparent"},   std::string_view{"tracestate"},
    std::string_view{"via"},           std::string_view{"x-real-ip"},
    std::string_view{"user-agent"},    std::string_view{"vary"},
    std::string_view{"location"},      std::string_view{"x-http-method-override"},
};
constexpr std::array protected_prefixes = {
    std::string_view{"content-"},
    std::string_view{"if-"},
    std::string_view{"sec-"},
    std::string_view{"x-forwarded-"},
};

constexpr std::string_view reserved_prefix = "louver-";

/// As the most careless server sees a character of a name.
constexpr char folded(char c) { return is_digit(c) || is_alpha(c) ? lower(c) : '-'; }

bool equal_folded(std::string_view name, std::string_view rule) {
  return std::ranges::equal(name, rule, [](char a, char b) { return folded(a) == b; });
}

bool is_reserved(std::string_view name) {
  return equal_folded(name.substr(0, reserved_prefix.size()), reserved_prefix);
}

}  // namespace

std::span<const FieldRule> field_table() { return table; }

Place place_of(std::string_view name) {
  if (is_reserved(name)) return Place::reserved;
  const auto rule = std::ranges::find(table, name, &FieldRule::name);
  return rule == table.end() ? Place::head : rule->place;
}

bool is_lookalike(std::string_view name) {
  return std::ranges::any_of(table,
                             [&](const FieldRule& rule) { return name != rule.name && equal_folded(name, rule.name); });
}

bool is_protected(std::string_view name) {
  switch (place_of(name)) {
    case Place::host:
    case Place::length:
    case Place::expect:
    case Place::credentials:
    case Place::reserved:
      return true;
    case Place::coding:  // these go whether nominated or not
    case Place::connection:
    case Place::upgrade:
    case Place::hop:
      return false;
    case Place::head:
      break;
  }
  return std::ranges::find(protected_names, name) != protected_names.end() ||
         std::ranges::any_of(protected_prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

bool is_single_credential(std::string_view name) { return name == "authorization"; }

}  // namespace louver::profile::http1

#include "profile/http1/request_entry.h"

#include <algorithm>

#include "profile/http1/grammar.h"
#include "profile/http1/sorted_fields.h"
#include "profile/http1/websocket.h"

namespace louver::profile::http1 {
namespace {

constexpr Refusal no_authority{400, "Host is missing or is no host name with an optional port"};

Verdict authority_from_host(const SortedFields& fields, const ListenerRules& rules, bool http_1_0, Authority& out) {
  if (!fields.host && (!http_1_0 || rules.default_authority.empty())) return no_authority;
  const auto authority = parse_authority(fields.host ? *fields.host : rules.default_authority, rules.default_port);
  if (!authority) return no_authority;
  out = *authority;
  return {};
}

/// RFC 9112 §3.2.2 lets the target win over Host; two different answers to "whom for" are refused instead (HT-10).
Verdict take_absolute_form(const AbsoluteForm& parts, const SortedFields& fields, const ListenerRules& rules,
                           IncomingRequest& out) {
  if (!equal_ignoring_case(parts.scheme, rules.scheme)) return Refusal{400, "the target's scheme is not spoken here"};
  if (parts.authority.find('@') != std::string_view::npos) return Refusal{400, "user information in the target"};
  const auto authority = parse_authority(parts.authority, rules.default_port);
  if (!authority) return Refusal{400, "the target's authority is no host name with an optional port"};
  if (fields.host) {
    const auto host = parse_authority(*fields.host, rules.default_port);
    if (!host || *host != *authority) return Refusal{400, "Host is not the target's authority"};
  } else if (!out.http_1_0) {
    return no_authority;
  }
  out.authority = *authority;
  if (parts.path.empty()) {
    out.head.target = out.head.method == "OPTIONS" ? "*" : "/";
  } else {
    out.head.target = parts.path.starts_with('?') ? "/" + std::string{parts.path} : std::string{parts.path};
  }
  return {};
}

Verdict take_target(std::string&& target, const SortedFields& fields, const ListenerRules& rules,
                    IncomingRequest& out) {
  if (const auto parts = split_absolute_form(target); parts && !target.starts_with('/')) {
    if (auto refusal = take_absolute_form(*parts, fields, rules, out)) return refusal;
  } else {
    if (rules.mode == ListenerMode::forward_proxy) {
      return Refusal{400, "a proxy takes targets that begin with a scheme and a host"};
    }
    if (auto refusal = authority_from_host(fields, rules, out.http_1_0, out.authority)) return refusal;
    out.head.target = std::move(target);
  }
  out.head.host = out.authority.text();
  const bool asterisk = out.head.target == "*" && out.head.method == "OPTIONS";
  if (asterisk || is_origin_form(out.head.target)) return {};
  return Refusal{400, "the target is no absolute path, or can be read in two ways"};
}

/// HT-13: a page of another site, or a rebound name, must not use the map of this machine.
Verdict check_site(const Fields& fields, const ListenerRules& rules) {
  if (rules.mode != ListenerMode::reverse_map || rules.allow_cross_site) return {};
  for (const Field& field : fields) {
    if (field.name != "sec-fetch-site") continue;
    if (field.value != "same-origin" && field.value != "same-site" && field.value != "none") {
      return Refusal{403, "requests caused by pages of other sites are not taken"};
    }
  }
  return {};
}

Verdict take_expectation(const SortedFields& fields, IncomingRequest& out) {
  if (!fields.expect) return {};
  if (!equal_ignoring_case(*fields.expect, "100-continue"))
    return Refusal{417, "the only expectation met is 100-continue"};
  // RFC 9110 §10.1.1: void without content and in HTTP/1.0
  const bool has_content = fields.chunked || fields.length.value_or(0) > 0;
  out.head.expect_continue = has_content && !out.http_1_0;
  return {};
}

void take_framing(const SortedFields& fields, IncomingRequest& out) {
  out.head.content_length = fields.length;
  if (fields.chunked) {
    out.framing = {Framing::Kind::chunked};
  } else if (fields.length) {
    out.framing = {Framing::Kind::length, *fields.length};
  }
}

/// HT-13: a page of any site may open a WebSocket wherever it likes, and tells with `Origin` which site it is of. Where
/// the browser says more (Sec-Fetch-Site), check_site has judged that.
Verdict check_origin(const Fields& fields, const ListenerRules& rules, const Authority& asked) {
  if (rules.mode != ListenerMode::reverse_map || rules.allow_cross_site) return {};
  if (std::ranges::find(fields, "sec-fetch-site", &Field::name) != fields.end()) return {};
  const std::string scheme = rules.scheme + "://";
  for (const Field& field : fields) {
    if (field.name != "origin") continue;
    std::string_view value = field.value;
    const bool same_scheme = value.starts_with(scheme);
    if (same_scheme) value.remove_prefix(scheme.size());
    const auto origin = same_scheme ? parse_authority(value, rules.default_port) : std::nullopt;
    if (!origin || *origin != asked) return Refusal{403, "WebSockets of pages of other sites are not taken"};
  }
  return {};
}

/// HT-09: nothing but WebSocket, asked for in its one form, without content.
Verdict take_upgrade(const SortedFields& fields, const ListenerRules& rules, IncomingRequest& out) {
  if (!fields.upgrade) return {};
  if (out.http_1_0) return Refusal{400, "Upgrade in an HTTP/1.0 request"};
  if (!equal_ignoring_case(*fields.upgrade, websocket)) return Refusal{400, "Upgrade to anything but websocket"};
  if (!fields.upgrade_nominated) return Refusal{400, "Upgrade without Connection: upgrade"};
  if (fields.chunked || fields.length) return Refusal{400, "content in a request with Upgrade"};
  if (auto refusal = check_websocket_request(out.head.method, fields.head)) return refusal;
  out.head.upgrade = true;
  return check_origin(fields.head, rules, out.authority);
}

Verdict check_sizes(const RawHead& raw, const Limits& limits) {
  if (raw.method.size() > limits.method_bytes) return Refusal{501, "a method of that length is not known"};
  if (raw.target.size() > limits.target_bytes) return Refusal{414, "the request target is too long"};
  return {};
}

}  // namespace

Verdict check_method(std::string_view method) {
  if (equal_ignoring_case(method, "TRACE") || equal_ignoring_case(method, "TRACK")) {
    return Refusal{405, "TRACE is not carried"};
  }
  if (equal_ignoring_case(method, "CONNECT")) return Refusal{501, "CONNECT is not carried"};
  return {};
}

Verdict accept_request(RawHead raw, const ListenerRules& rules, const Limits& limits, IncomingRequest& out) {
  out = {};
  out.http_1_0 = raw.http_1_0;
  out.head.method = raw.method;
  std::string target = raw.target;
  if (auto refusal = check_sizes(raw, limits)) return refusal;
  if (auto refusal = check_method(raw.method)) return refusal;

  SortedFields fields;
  if (auto refusal = sort_fields(std::move(raw), fields)) return refusal;
  if (auto refusal = take_target(std::move(target), fields, rules, out)) return refusal;
  if (auto refusal = check_site(fields.head, rules)) return refusal;
  if (auto refusal = take_expectation(fields, out)) return refusal;
  take_framing(fields, out);
  if (auto refusal = take_upgrade(fields, rules, out)) return refusal;
  out.keep_alive = !fields.close && (!out.http_1_0 || fields.keep_alive);
  out.takes_trailers = fields.takes_trailers && !out.http_1_0;
  out.head.fields = std::move(fields.head);
  out.credentials = std::move(fields.credentials);
  return {};
}

}  // namespace louver::profile::http1

#include "config/checks.h"

#include <algorithm>
#include <set>

#include "config/policy.h"
#include "config/units.h"

namespace louver::config {
namespace {

Error at_place(const std::string& place, const std::string& text) {
  return {Fault::configuration, place + ": " + text};
}

Result<> check_minimum(const Grants& minimum, const Grants& grants, const Where& where, Place place) {
  for (const ContextGrants& least : minimum) {
    const ContextGrants most = grants_for(grants, least.context);
    if (least.c2s > most.c2s || least.s2c > most.s2c) {
      return where.wrong(place, "\"minimum\" asks for more than \"grants\" gives on " + in_quotes(least.context));
    }
  }
  return {};
}

/// No two items may have the same key.
template <class T>
Result<> check_distinct(const std::vector<T>& items, const auto& key_of, const std::string& what) {
  std::set<std::string> seen;
  for (const T& item : items) {
    const std::string key = key_of(item);
    if (!seen.insert(key).second) return at_place(item.place, "a second " + what + " " + in_quotes(key));
  }
  return {};
}

/// Each host leads to one place only, and one place at most takes all others.
template <class T>
Result<> check_hosts(const std::vector<T>& items, const std::string& what) {
  std::set<std::string> seen;
  bool has_default = false;
  for (const T& item : items) {
    for (const Authority& host : item.hosts) {
      if (!seen.insert(to_text(host)).second)
        return at_place(item.place, "a second " + what + " for the host " + in_quotes(to_text(host)));
    }
    if (item.is_default && std::exchange(has_default, true))
      return at_place(item.place, "a second " + what + " with default = true");
  }
  return {};
}

Result<> check_listener_route(const Agent& agent, const std::string& route, Profile needed, const std::string& place) {
  const Route* found = agent.find_route(route);
  if (!found) return at_place(place, "there is no [[route]] with the name " + in_quotes(route));
  if (found->profile == needed) return {};
  return at_place(place, "the route " + in_quotes(route) + " has the profile " + in_quotes(name_of(found->profile)) +
                             ", and this listener needs " + in_quotes(name_of(needed)));
}

Result<> check_listeners(const Agent& agent, const Where& where, Place place) {
  if (agent.http.empty() && agent.tcp.empty()) {
    return where.wrong(place, "nothing listens: an agent needs an [[http]] or a [[tcp]]");
  }
  std::set<std::string> seen;
  const auto first_time = [&](const Endpoint& listen) {
    return (!listen.is_local() && listen.port == 0) || seen.insert(to_text(listen)).second;
  };
  for (const HttpListener& http : agent.http) {
    if (http.tls && !agent.local_ca)
      return at_place(http.place,
                      "\"tls\" needs the table [local_ca] with certificate and key: where the authority is kept");
    if (http.route) LOUVER_TRY(check_listener_route(agent, *http.route, Profile::http_1, http.place));
    if (!first_time(http.listen)) return at_place(http.place, "a second listener on " + to_text(http.listen));
  }
  for (const TcpListener& tcp : agent.tcp) {
    LOUVER_TRY(check_listener_route(agent, tcp.route, Profile::stream_1, tcp.place));
    if (!first_time(tcp.listen)) return at_place(tcp.place, "a second listener on " + to_text(tcp.listen));
  }
  return {};
}

Result<> check_certificate(const Common& common, const Where& where, Place place) {
  if (common.certificate) return {};
  return where.wrong(place, "the table [certificate] with chain and key is missing: a " +
                                std::string{name_of(where.source().role)} + " must prove its name");
}

/// Whoever comes from elsewhere is no user of this machine: a list would promise what nobody can keep.
Result<> check_users(const ListenerUsers& users, const Endpoint& listen, const Where& where, Place place) {
  if (users.who != ListenerUsers::Who::listed || is_loopback(listen)) return {};
  return where.wrong(place, "\"users\" can be told apart on a loopback address only, and " + to_text(listen) +
                                " is reached from elsewhere: listen on 127.0.0.1 or [::1], or leave it to a firewall");
}

/// No two mirrors write the same file or listen in the same place: each session would be there twice.
Result<> check_mirrors(const Middlebox& middlebox) {
  std::set<std::string> places;
  for (const Filter& filter : middlebox.filters) {
    const auto* mirror = std::get_if<MirrorFilter>(&filter.options);
    if (!mirror) continue;
    if (mirror->file && !places.insert(*mirror->file).second)
      return at_place(filter.place,
                      "a second mirror into " + in_quotes(*mirror->file) + ": each session would be in it twice");
    if (mirror->listen && !places.insert(to_text(*mirror->listen)).second)
      return at_place(filter.place, "a second mirror at " + to_text(*mirror->listen));
  }
  return {};
}

/// Whom a listener serves, and how its socket is made.
Result<> check_access(const auto& listener, const Where& where, Place place) {
  if (listener.socket_mode && !listener.listen.is_local())
    return where.wrong(place, "\"socket_mode\" is for a Unix socket, and " + to_text(listener.listen) + " is none");
  LOUVER_TRY(check_users(listener.users, listener.listen, where, place));
  const ProxySenders& from = listener.proxy_protocol_from;
  if (!from.expected()) return {};
  if (listener.users != ListenerUsers{})
    return where.wrong(place, "\"users\" and \"proxy_protocol_from\" both say who may connect: leave \"users\" out");
  if (is_loopback(listener.listen) && !from.addresses.empty()) {
    return where.wrong(place, "\"proxy_protocol_from\": all users of this machine have the same address at " +
                                  to_text(listener.listen) + ": list the users that the proxies run as");
  }
  if (!is_loopback(listener.listen) && !from.users.empty()) {
    return where.wrong(place, "\"proxy_protocol_from\": " + to_text(listener.listen) +
                                  " is reached from elsewhere, where nobody knows users: list the proxies' addresses");
  }
  return {};
}

/// Some URI fits both patterns. '*' stands for one part of a path and is the last.
bool overlap(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  const std::string_view last_a = a.substr(a.rfind('/') + 1);
  const std::string_view last_b = b.substr(b.rfind('/') + 1);
  const bool same_folder = a.substr(0, a.size() - last_a.size()) == b.substr(0, b.size() - last_b.size());
  return same_folder && (last_a == last_b || last_a == "*" || last_b == "*");
}

}  // namespace

Result<> check(const TrustFile& trust, const Where& where, Place place) {
  if (overlap(trust.client_uri, trust.middlebox_uri) || overlap(trust.client_uri, trust.server_uri) ||
      overlap(trust.middlebox_uri, trust.server_uri)) {
    return where.wrong(
        place, "a URI can fit two of the roles' patterns, so that one certificate could play both; give each its own");
  }
  return {};
}

Result<> check(const Limits& limits, const Where& where, Place place) {
  if (limits.associations_per_source > limits.associations) {
    return where.wrong(
        place, "\"associations_per_source\" is above \"associations\" (" + std::to_string(limits.associations) + ")");
  }
  if (limits.sessions_per_association > limits.sessions) {
    return where.wrong(place,
                       "\"sessions_per_association\" is above \"sessions\" (" + std::to_string(limits.sessions) + ")");
  }
  return {};
}

Result<> check(const RouteMiddlebox& middlebox, const Where& where, Place place) {
  return check_minimum(middlebox.minimum, middlebox.grants, where, place);
}

Result<> check(const Route& route, const Where& where, Place place) {
  std::set<std::string> names{route.server};
  for (const RouteMiddlebox& middlebox : route.middleboxes) {  // docs/protocol.md §3: names in a route are distinct
    if (!names.insert(middlebox.name).second)
      return at_place(middlebox.place, in_quotes(middlebox.name) + " is on this path already");
  }
  for (const RouteMiddlebox& middlebox : route.discover) {
    if (!names.insert(middlebox.name).second)
      return at_place(middlebox.place, in_quotes(middlebox.name) + " is on this path already, or listed twice");
  }
  if (route.profile != Profile::http_1 && (!route.hosts.empty() || route.is_default)) {
    return where.wrong(place, "\"hosts\" and \"default\" are for routes of profile \"http/1\"");
  }
  return {};
}

Result<> check(const HttpListener& listener, const Where& where, Place place) {
  const bool is_reverse = listener.mode == HttpListener::Mode::reverse;
  if (is_reverse && !listener.route) return where.wrong(place, "mode \"reverse\" needs a \"route\"");
  if (!is_reverse && listener.route)
    return where.wrong(place, "\"route\" is for mode \"reverse\"; a proxy goes by the routes' hosts");
  if (!is_reverse && !listener.hosts.empty())
    return where.wrong(place, "\"hosts\" is for mode \"reverse\"; a proxy goes by the routes' hosts");
  if (listener.tls && !is_reverse) return where.wrong(place, "\"tls\" is for mode \"reverse\"");
  if (listener.tls && listener.hosts.empty())
    return where.wrong(place, "\"tls\" needs \"hosts\": the names that certificates are made for");
  if (listener.tls && listener.proxy_protocol_from.expected())
    return where.wrong(place, "\"tls\" and \"proxy_protocol_from\" do not go together");
  return check_access(listener, where, place);
}

Result<> check(const TcpListener& listener, const Where& where, Place place) {
  return check_access(listener, where, place);
}

Result<> check(const Next& next, const Where& where, Place place) {
  if (next.connect && next.resolve) return where.wrong(place, "\"connect\" and \"resolve\" exclude each other");
  if (!next.connect && !next.resolve)
    return where.wrong(place, "either connect = \"address:port\" or resolve = true is needed");
  if (next.allow_private && !next.resolve)
    return where.wrong(place, "\"allow_private\" is for resolve = true; \"connect\" may be private");
  return {};
}

Result<> check(const EditFilter& filter, const Where& where, Place place) {
  if (filter.set.empty() && filter.add.empty() && filter.remove.empty() && filter.rewrite_path.empty()) {
    return where.wrong(place, "this filter changes nothing: give it set, add, remove or rewrite_path");
  }
  for (const PathRewrite& rewrite : filter.rewrite_path) {
    if (rewrite.from.ends_with('/') != rewrite.to.ends_with('/')) {
      return where.wrong(place, "rewrite_path from \"" + rewrite.from + "\" to \"" + rewrite.to +
                                    "\": both end in '/' or neither, such as \"/old/\" and \"/new/\"");
    }
    if (rewrite.from == rewrite.to) {
      return where.wrong(place, "rewrite_path from \"" + rewrite.from + "\" to itself does nothing");
    }
  }
  return {};
}

Result<> check(const ScanFilter& filter, const Where& where, Place place) {
  for (std::size_t i = 0; i < filter.rules.size(); ++i) {
    const auto same = [&](const ScanRule& one) { return one.name == filter.rules[i].name; };
    if (std::ranges::count_if(filter.rules, same) != 1)
      return where.wrong(place, "two rules are called \"" + filter.rules[i].name + "\"");
  }
  if (filter.rules.empty() && !filter.rules_file)
    return where.wrong(place, "it has neither rules nor a rules_file, so it finds nothing");
  return {};
}

Result<> check(const ExecFilter& filter, const Where& where, Place place) {
  if (filter.access == ExecFilter::Access::redact && filter.unit == ExecFilter::Unit::message)
    return where.wrong(place, "access \"redact\" blacks out records: it needs unit = \"piece\"");
  return {};
}

Result<> check(const SecretFilter& filter, const Where& where, Place place) {
  if (filter.file.has_value() == !filter.command.empty())
    return where.wrong(place, "the credential comes from \"file\" or from \"command\": one of them, and not both");
  if (filter.file && (filter.valid_for || !filter.environment.empty()))
    return where.wrong(place, "\"valid_for\" and \"environment\" are for a command");
  const bool block = filter.without_placeholder == SecretFilter::WithoutPlaceholder::block;
  if (block && !filter.placeholder) return where.wrong(place, "\"without_placeholder\" needs a \"placeholder\"");
  if (filter.field == SecretFilter::Field::cookie && !filter.placeholder)
    return where.wrong(place, "a cookie holds more than one value: it needs a \"placeholder\"");
  if (!filter.watch_answers && filter.on_echo == SecretFilter::OnEcho::redact)
    return where.wrong(place, "on_echo = \"redact\" needs watch_answers = true");
  return {};
}

Result<> check(const IcapFilter& filter, const Where& where, Place place) {
  if (!is_loopback(filter.url.server) && !filter.allow_plaintext)
    return where.wrong(place, "url: " + to_text(filter.url.server) +
                                  " is another machine, and ICAP is not encrypted: what people send would go over the "
                                  "network in the clear; allow_plaintext = true says that this is meant");
  if (filter.url.service.empty() && (!filter.reqmod || !filter.respmod))
    return where.wrong(place, "url names no service: write icap://address:port/service, or set reqmod and respmod");
  if (filter.access == IcapFilter::Access::write && filter.message_most.value_or(0) > limits::held_bytes)
    return where.wrong(place, "message_most: what may be changed is held until the verdict, at most " +
                                  octets_to_text(limits::held_bytes));
  return {};
}

Result<> check(const MirrorFilter& filter, const Where& where, Place place) {
  if (!filter.file && !filter.listen)
    return where.wrong(place, "it copies to nowhere: give it a \"file\", or a \"listen\" where tools connect to read");
  if (!filter.listen) {
    if (filter.users == ListenerUsers{}) return {};
    return where.wrong(place, "\"users\" says who may read at \"listen\", and there is none");
  }
  if (!is_loopback(*filter.listen) && !filter.allow_plaintext)
    return where.wrong(place, "listen: " + to_text(*filter.listen) +
                                  " is reached from other machines, and PCAP-over-IP is neither encrypted nor "
                                  "authenticated: whoever connects would read what people send; allow_plaintext = true "
                                  "says that this is meant");
  if (filter.listen->is_local() && filter.users != ListenerUsers{})
    return where.wrong(place, "\"users\": the Unix socket " + to_text(*filter.listen) +
                                  " is for its own user and root (mode 0600): listen on 127.0.0.1 for others");
  return check_users(filter.users, *filter.listen, where, place);
}

Result<> check(const ValidateFilter& filter, const Where& where, Place place) {
  if (!filter.schema && !filter.jwt_key)
    return where.wrong(place, "it validates nothing: give it a \"schema\" for JSON, or a \"jwt_key\" for tokens");
  if (filter.schema && filter.jwt_key)
    return where.wrong(place,
                       "bodies and tokens have filters of their own: give one \"schema\", the other \"jwt_key\"");
  if (filter.jwt_key && !filter.jwt_algorithm)
    return where.wrong(place, "\"jwt_algorithm\" is needed: no token may choose it");
  const bool more = filter.jwt_algorithm || filter.jwt_issuer || filter.jwt_audience;
  if (!filter.jwt_key && more) return where.wrong(place, "\"jwt_\" keys are for a filter with a \"jwt_key\"");
  return {};
}

Result<> check(const Approval& approval, const Where& where, Place place) {
  if (approval.refuse && (approval.required || !approval.grants.empty() || !approval.minimum.empty())) {
    return where.wrong(place, "\"refuse\" excludes \"required\", \"grants\" and \"minimum\"");
  }
  return check_minimum(approval.minimum, approval.grants, where, place);
}

Result<> check(const GatewayPolicy& policy, const Where& where, Place place) {
  if (!policy.clients.empty() && !policy.require_client_certificate) {
    return where.wrong(
        place, "\"clients\" are listed, yet anonymous ones would be let in: set require_client_certificate = true");
  }
  return {};
}

Result<> check(const Origin& origin, const Where& where, Place place) {
  const bool chosen_by_host = !origin.hosts.empty() || origin.is_default;
  if (origin.profile == Profile::http_1 && !chosen_by_host)
    return where.wrong(place, "an HTTP origin needs \"hosts\" or default = true");
  if (origin.profile != Profile::http_1 && chosen_by_host) {
    return where.wrong(place, "\"hosts\" and \"default\" are for origins of profile \"http/1\"");
  }
  if (!origin.tls && (origin.tls_trust || origin.tls_name || origin.tls_chain || origin.tls_key))
    return where.wrong(place, "\"tls_trust\", \"tls_name\", \"tls_chain\" and \"tls_key\" need tls = true");
  if (origin.tls_chain.has_value() != origin.tls_key.has_value())
    return where.wrong(place, "\"tls_chain\" and \"tls_key\" belong together: give both or neither");
  if (origin.tls && origin.expected_tls_name().empty())
    return where.wrong(place, "\"tls_name\" is missing: a Unix socket has no name that a certificate could carry");
  return {};
}

Result<> check(const Common& common, const Where& where, Place place) {
  if (common.trust.empty()) return where.wrong(place, "\"trust\" is empty: nobody could be authenticated");
  return {};
}

Result<> check(const Agent& agent, const Where& where, Place place) {
  for (const Route& route : agent.routes) {
    if (!route.audit.empty() && !agent.audit.log)
      return at_place(route.place, "\"audit\" needs a file to write to: [audit] with log = \"FILE\"");
  }
  if (agent.routes.empty()) return where.wrong(place, "\"route\" is empty: there is no server to go to");
  LOUVER_TRY(check_distinct(
      agent.routes, [](const Route& route) { return route.name; }, "[[route]] with the name"));
  LOUVER_TRY(check_hosts(agent.routes, "[[route]]"));
  return check_listeners(agent, where, place);
}

Result<> check(const Middlebox& middlebox, const Where& where, Place place) {
  LOUVER_TRY(check_certificate(middlebox.common, where, place));
  if (middlebox.next.empty()) return where.wrong(place, "\"next\" is empty: there is nobody to go on to");
  for (const Next& next : middlebox.next) {
    if (next.name == middlebox.name) return at_place(next.place, in_quotes(next.name) + " is this middlebox itself");
  }
  LOUVER_TRY(check_mirrors(middlebox));
  return check_distinct(
      middlebox.next, [](const Next& next) { return next.name + ":" + std::to_string(next.port); }, "[[next]]");
}

Result<> check(const Gateway& gateway, const Where& where, Place place) {
  if (!gateway.policy.audit.empty() && !gateway.audit.log)
    return where.wrong(place, "policy.audit needs a file to write to: [audit] with log = \"FILE\"");
  LOUVER_TRY(check_certificate(gateway.common, where, place));
  if (gateway.origins.empty()) return where.wrong(place, "\"origin\" is empty: there is nowhere to hand traffic to");
  for (const Approval& approval : gateway.middleboxes) {
    if (approval.name == gateway.name)
      return at_place(approval.place, in_quotes(approval.name) + " is this gateway itself");
  }
  LOUVER_TRY(check_distinct(
      gateway.middleboxes, [](const Approval& approval) { return approval.name; }, "[[middlebox]]"));
  LOUVER_TRY(check_hosts(gateway.origins, "[[origin]]"));
  const Origin* stream = gateway.stream_origin();
  for (const Origin& origin : gateway.origins) {
    if (origin.profile == Profile::stream_1 && &origin != stream)
      return at_place(origin.place, "a second origin for \"stream/1\"");
  }
  for (Profile profile : gateway.policy.profiles.value_or(std::vector<Profile>{})) {
    const auto has_it = [&](const Origin& origin) { return origin.profile == profile; };
    if (std::ranges::none_of(gateway.origins, has_it)) {
      return where.wrong(place,
                         "policy.profiles has " + in_quotes(name_of(profile)) + ", for which there is no [[origin]]");
    }
  }
  return {};
}

}  // namespace louver::config

#include "config/advice.h"

#include <algorithm>

namespace louver::config {
namespace {

bool grants_something(const Grants& grants) {
  return std::ranges::any_of(grants, [](const ContextGrants& granted) {
    return granted.c2s != session::Grant::none || granted.s2c != session::Grant::none;
  });
}

bool is_used(const Agent& agent, const Route& route) {
  const bool by_tcp = std::ranges::any_of(agent.tcp, [&](const TcpListener& tcp) { return tcp.route == route.name; });
  const bool by_http = std::ranges::any_of(agent.http, [&](const HttpListener& http) {
    if (http.mode == HttpListener::Mode::reverse) return http.route == route.name;
    return route.is_default || !route.hosts.empty();
  });
  return by_tcp || by_http;
}

void advise_on_listener(const auto& listener, std::vector<std::string>& out) {
  const std::uint16_t mode = listener.socket_mode.value_or(socket_mode_default);
  const bool for_others = listener.users != ListenerUsers{} || !listener.proxy_protocol_from.users.empty();
  if (listener.listen.is_local() && for_others && mode == socket_mode_default) {
    out.push_back(
        listener.place + ": the mode 0600 of " + to_text(listener.listen) +
        " lets nobody but the agent's own user and root in, whatever \"users\" or \"proxy_protocol_from\" say; "
        "set socket_mode");
  }
  if (!is_loopback(listener.listen) && !listener.proxy_protocol_from.expected()) {
    out.push_back(listener.place + ": " + to_text(listener.listen) +
                  " is not a loopback address: whoever reaches it speaks in this agent's name");
  } else if (listener.users.who == ListenerUsers::Who::any) {
    out.push_back(listener.place + ": users = \"any\": every user of this machine speaks in this agent's name");
  }
}

void advise_on_secret(const SecretFilter& secret, const std::string& place, std::vector<std::string>& out) {
  if (!secret.watch_answers)
    out.push_back(place + ": watch_answers = false: a host that sends the credential back gives it to the client");
  if (std::ranges::find(secret.paths, "/") != secret.paths.end())
    out.push_back(place + ": paths holds \"/\": every path of these hosts gets the credential, those that echo too");
}

void advise_on_mirror(const MirrorFilter& mirror, const std::string& place, std::vector<std::string>& out) {
  if (mirror.file)
    out.push_back(place + ": mirror: " + *mirror.file + " will hold in the clear what people send and get");
  if (!mirror.listen) return;
  const std::string where = to_text(*mirror.listen);
  if (!is_loopback(*mirror.listen)) {
    out.push_back(place + ": allow_plaintext = true: whoever reaches " + where +
                  ", and who is on the way, reads in the clear what people send and get");
  } else if (mirror.users.who == ListenerUsers::Who::any) {
    out.push_back(place + ": users = \"any\": every user of this machine can read at " + where +
                  " what people send and get");
  } else {
    out.push_back(place + ": mirror: tools that connect to " + where + " read in the clear what people send and get");
  }
}

std::vector<std::string> advice_for_all(const Common& common) {
  if (!common.debug.keylog) return {};
  return {common.file + ": [debug] keylog: whoever can read " + *common.debug.keylog +
          " can read, and forge, everything that goes through this party"};
}

}  // namespace

std::vector<std::string> advice(const Agent& agent) {
  std::vector<std::string> out = advice_for_all(agent.common);
  for (const Route& route : agent.routes) {
    if (!is_used(agent, route)) out.push_back(route.place + ": no listener leads to the route \"" + route.name + "\"");
    for (const RouteMiddlebox& middlebox : route.middleboxes) {
      if (grants_something(middlebox.grants)) continue;
      out.push_back(middlebox.place + ": \"" + middlebox.name + "\" is offered no grant: it only forwards");
    }
  }
  for (const HttpListener& http : agent.http) advise_on_listener(http, out);
  for (const TcpListener& tcp : agent.tcp) advise_on_listener(tcp, out);
  return out;
}

std::vector<std::string> advice(const Middlebox& middlebox) {
  std::vector<std::string> out = advice_for_all(middlebox.common);
  for (const Filter& filter : middlebox.filters) {
    const auto* exec = std::get_if<ExecFilter>(&filter.options);
    if (exec && exec->on_failure == ExecFilter::OnFailure::pass)
      out.push_back(filter.place + ": on_failure = \"pass\": whoever brings a worker to fail gets past this filter");
    if (const auto* secret = std::get_if<SecretFilter>(&filter.options)) advise_on_secret(*secret, filter.place, out);
    if (const auto* mirror = std::get_if<MirrorFilter>(&filter.options)) advise_on_mirror(*mirror, filter.place, out);
    const auto* icap = std::get_if<IcapFilter>(&filter.options);
    if (icap && icap->on_failure == IcapFilter::OnFailure::pass)
      out.push_back(filter.place +
                    ": on_failure = \"pass\": whoever keeps the scanner from answering gets past this filter");
    if (icap && !is_loopback(icap->url.server))
      out.push_back(filter.place + ": allow_plaintext = true: who is on the way to " + to_text(icap->url.server) +
                    " can read, and forge verdicts on, what people send");
    const auto* log = std::get_if<LogFilter>(&filter.options);
    if (!log) continue;
    if (log->sample == 0) out.push_back(filter.place + ": sample = 0: this filter never logs anything");
    if (log->payload) out.push_back(filter.place + ": payload = true: the log will hold what people send, secrets too");
  }
  for (const Next& next : middlebox.next) {
    if (!next.allow_private) continue;
    out.push_back(next.place + ": allow_private = true: who controls the name \"" + next.name +
                  "\" in DNS can lead connections to " + "hosts inside this network");
  }
  return out;
}

std::vector<std::string> advice(const Gateway& gateway) {
  std::vector<std::string> out = advice_for_all(gateway.common);
  for (const Approval& approval : gateway.middleboxes) {
    if (approval.refuse || grants_something(approval.grants)) continue;
    out.push_back(approval.place + ": \"" + approval.name + "\" gets no grant: it only forwards");
  }
  return out;
}

}  // namespace louver::config

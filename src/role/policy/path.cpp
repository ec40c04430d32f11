#include "role/policy/path.h"

#include <algorithm>

#include "config/discovery.h"
#include "crypto/system_random.h"
#include "filter/needs.h"
#include "profile/http1/contexts.h"
#include "profile/registry.h"
#include "session/client_hello.h"

namespace louver::role::policy {
namespace {

using session::Grant;

void refuse(Path& path, std::string party, const Error& error) {
  path.refusals.push_back({std::move(party), std::string{name_of(alert_for(error.fault))},
                           error.detail.empty() ? std::string{name_of(error.fault)} : error.detail});
}

/// A filter whose program or file is elsewhere must not keep anybody from judging the rest.
Box put_on_paper(const config::Middlebox& config, observe::Log& log) {
  Box box;
  config::Middlebox good = config;
  good.filters.clear();
  for (const config::Filter& one : config.filters) {
    config::Middlebox alone = config;
    alone.filters = {one};
    if (const auto made = MiddleboxRules::on_paper(std::move(alone), log)) {
      good.filters.push_back(one);
    } else {
      std::string what = made.error().detail;
      if (what.starts_with(one.place + ": ")) what.erase(0, one.place.size() + 2);
      box.bad.push_back({config.name, one.place, std::move(what)});
    }
  }
  if (auto made = MiddleboxRules::on_paper(std::move(good), log)) box.rules = *std::move(made);
  return box;
}

/// As it goes on the wire: a Hello that breaks a rule of docs/protocol.md §3 is refused here too.
Result<wire::Hello> hello_of(const session::ClientOffer& offer) {
  crypto::SystemRandom random;
  return wire::decode_hello(wire::encode(session::make_hello(offer, random)));
}

/// A middlebox that is not in the route, has a file and would announce itself, as the agent would take it in.
bool take_in_announced(Path& path, const Files& files, observe::Log& log) {
  for (const config::Middlebox& config : files.middleboxes) {
    if (!config.announce) continue;
    const Box box = put_on_paper(config, log);
    if (box.rules == nullptr || box.rules->place(*path.hello)) continue;
    const auto announce = box.rules->announce(*path.hello);
    if (!announce) continue;
    const auto extended = config::admit_announced(path.route->route(), *announce);
    if (!extended) continue;
    auto route = RouteRules::on_paper(*extended, path.agent->common.limits.max_record);
    if (!route) continue;
    auto hello = hello_of((*route)->offer());
    if (!hello) continue;
    path.route = *std::move(route);
    path.hello = *std::move(hello);
    path.discovered.push_back(config.name);
    return true;
  }
  return false;
}

PartyIndex party(std::size_t middlebox) { return PartyIndex{static_cast<std::uint8_t>(middlebox + 1)}; }

/// Every middlebox with a file must find itself and its next party, and take the terms.
void ask_middleboxes(Path& path) {
  for (std::size_t m = 0; m < path.boxes.size(); ++m) {
    const Box& box = path.boxes[m];
    if (box.rules == nullptr) continue;
    const std::string& name = path.offered.middleboxes[m];
    if (const auto place = box.rules->place(*path.hello); !place) {
      refuse(path, name, place.error());
    } else if (const auto taken = box.rules->approve(*path.terms, party(m)); !taken) {
      refuse(path, name, taken.error());
    }
  }
}

void ask_gateway(Path& path) {
  const auto made = GatewayRules::on_paper(*path.gateway);
  if (!made) return refuse(path, path.server, made.error());
  const auto& rules = *made;
  auto accept = rules->answer(*path.hello, *path.terms);
  if (!accept) return refuse(path, path.server, accept.error());
  accept->version = wire::version_1;      // as the engine completes it
  if (!path.agent->common.certificate) {  // who has one is let in by its name, which is not in any of these files
    const session::PartyReport nobody{PartyIndex{0}, {}, {}};
    if (const auto client = rules->approve(*path.terms, {nobody}); !client)
      return refuse(path, path.server, client.error());
  }
  const auto agreed = session::agree_on_terms(*path.hello, accept->hello_hash, *accept);
  if (!agreed) return refuse(path, path.server, agreed.error());
  path.terms = *agreed;
  if (const auto taken = path.route->approve(*path.terms); !taken) refuse(path, path.file, taken.error());
  path.granted = config::matrix_of(*path.terms);
}

/// What an agent's route comes to.
Result<Path> judge_route(const Files& files, const config::Agent& agent, const config::Route& route,
                         observe::Log& log) {
  Path path;
  path.title = route.name;
  path.file = agent.common.file;
  path.profile = std::string{config::name_of(route.profile)};
  path.server = route.server;
  path.agent = &agent;
  path.gateway = files.gateway(route.server);
  LOUVER_ASSIGN(path.route, RouteRules::on_paper(route, agent.common.limits.max_record));
  auto hello = hello_of(path.route->offer());
  if (!hello) return Error{Fault::configuration, route.place + ": " + describe(hello.error())};
  path.hello = *std::move(hello);
  for (unsigned i = 0; i < config::fresh_starts_most; ++i) {
    if (!take_in_announced(path, files, log)) break;
  }
  LOUVER_ASSIGN(path.terms, session::offered_terms(*path.hello));
  path.offered = config::matrix_of(*path.terms);
  for (const std::string& name : path.offered.middleboxes) {
    const config::Middlebox* config = files.middlebox(name);
    path.boxes.push_back(config == nullptr ? Box{} : put_on_paper(*config, log));
  }
  if (path.gateway != nullptr) ask_gateway(path);
  ask_middleboxes(path);
  return path;
}

Path judge_gateway(const config::Gateway& gateway) {
  Path path;
  path.kind = Path::Kind::allowance;
  path.title = gateway.name;
  path.file = gateway.common.file;
  path.server = gateway.name;
  path.gateway = &gateway;
  path.offered = config::most_allowed(gateway);
  path.boxes.resize(path.offered.middleboxes.size());
  return path;
}

/// A Hello by which this middlebox alone stands before some server.
Result<wire::Hello> hello_around(const config::Middlebox& middlebox, const session::ProfileTraits& profile) {
  session::ClientOffer offer;
  const config::Next& next = middlebox.next.front();
  offer.route = {{wire::Opaque<1, 255>{std::string_view{middlebox.name}}, 1},
                 {wire::Opaque<1, 255>{std::string_view{next.name}}, next.port}};
  auto& row = offer.grants.emplace_back();
  std::uint8_t id = 1;
  for (const session::ContextTraits& context : profile.contexts) {
    offer.contexts.push_back({id++, context.directions, wire::Opaque<1, 255>{context.name}});
    row.push_back({Grant::none, Grant::none});
  }
  for (const crypto::SuiteId suite : config::Route{}.suites) offer.suites.push_back(static_cast<std::uint16_t>(suite));
  offer.profile = std::string{profile.name};
  return hello_of(offer);
}

/// The profile, with trailers if one of its filters is for them.
const session::ProfileTraits& as_meant(const session::ProfileTraits& profile, const config::Middlebox& middlebox) {
  const auto names_them = [](const config::Filter& one) {
    return std::ranges::any_of(profile::http1::trailer_contexts, [&](const session::ContextTraits& context) {
      return std::ranges::find(one.contexts, context.name) != one.contexts.end();
    });
  };
  const bool trailers =
      profile.name == profile::http1::traits.name && std::ranges::any_of(middlebox.filters, names_them);
  return trailers ? profile::http1::traits_with_trailers : profile;
}

/// What its filters need where everything is granted.
Result<Path> judge_middlebox(const config::Middlebox& middlebox, const session::ProfileTraits& profile,
                             observe::Log& log) {
  Path path;
  path.kind = Path::Kind::needs;
  path.title = middlebox.name + " (" + std::string{profile.name} + ")";
  path.file = middlebox.common.file;
  path.profile = std::string{profile.name};
  path.boxes.push_back(put_on_paper(middlebox, log));
  LOUVER_ASSIGN(path.hello, hello_around(middlebox, profile));
  LOUVER_ASSIGN(path.terms, everything_granted(*path.hello));
  path.offered = config::matrix_of(*path.terms);
  std::ranges::fill(path.offered.cells, std::array{Grant::none, Grant::none});
  filter::SessionInfo info;
  info.self = party(0);
  info.terms = &*path.terms;
  if (path.boxes.front().rules == nullptr) return path;
  for (const auto& factory : path.boxes.front().rules->factories()) {
    if (!factory->can_act_in(profile)) continue;
    for (const filter::Need& need : factory->needs(info)) {
      const auto context = std::ranges::find(path.offered.contexts, need.context, &config::GrantMatrix::Context::name);
      if (context == path.offered.contexts.end()) continue;
      auto& cell =
          path.offered.at(0, static_cast<std::size_t>(context - path.offered.contexts.begin()), need.direction);
      cell = std::max(cell, need.least);
    }
  }
  return path;
}

bool is_on_a_route(const std::vector<Path>& paths, const auto& fits) {
  return std::ranges::any_of(paths, [&](const Path& path) { return path.kind == Path::Kind::route && fits(path); });
}

/// Titles tell paths apart: two agents may both call a route "web".
void make_titles_unique(std::vector<Path>& paths) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto same = [&](const Path& other) { return other.title == paths[i].title; };
    if (std::ranges::count_if(std::span{paths}.first(i), same) != 0)
      paths[i].title += " (" + std::to_string(i + 1) + ")";
  }
}

}  // namespace

Result<session::Terms> everything_granted(wire::Hello hello) {
  std::size_t i = 0;
  for (std::size_t m = 0; m < hello.middleboxes(); ++m) {
    for (const wire::Context& context : hello.contexts.items) {
      const auto write = static_cast<unsigned>(Grant::write);
      const unsigned c2s = (context.directions & 1) != 0 ? write : 0;
      const unsigned s2c = (context.directions & 2) != 0 ? write : 0;
      hello.grants.bytes[i++] = static_cast<std::byte>(c2s | s2c << 4U);
    }
  }
  return session::offered_terms(hello);
}

Result<std::vector<Path>> judge(const Files& files, observe::Log& log) {
  std::vector<Path> out;
  for (const config::Agent& agent : files.agents) {
    for (const config::Route& route : agent.routes) {
      LOUVER_ASSIGN(Path path, judge_route(files, agent, route, log));
      out.push_back(std::move(path));
    }
  }
  for (const config::Gateway& gateway : files.gateways) {
    if (!is_on_a_route(out, [&](const Path& path) { return path.gateway == &gateway; }))
      out.push_back(judge_gateway(gateway));
  }
  for (const config::Middlebox& middlebox : files.middleboxes) {
    const auto is_there = [&](const Path& path) {
      return std::ranges::find(path.offered.middleboxes, middlebox.name) != path.offered.middleboxes.end();
    };
    if (is_on_a_route(out, is_there)) continue;
    for (const session::ProfileTraits& profile : profile::profiles()) {
      LOUVER_ASSIGN(Path path, judge_middlebox(middlebox, as_meant(profile, middlebox), log));
      out.push_back(std::move(path));
    }
  }
  make_titles_unique(out);
  return out;
}

}  // namespace louver::role::policy

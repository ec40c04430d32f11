#include "config/discovery.h"

#include <algorithm>

#include "config/policy.h"

namespace louver::config {
namespace {

session::Grant lower(session::Grant listed, unsigned wished) {
  return std::min(listed, static_cast<session::Grant>(wished));
}

Grants lowered(const Grants& most, const std::vector<wire::Wish>& wishes) {
  Grants out;
  for (const wire::Wish& wish : wishes) {
    const ContextGrants listed = grants_for(most, wish.context.text());
    const ContextGrants granted{wish.context.text(), lower(listed.c2s, wish.grants & 0x0FU),
                                lower(listed.s2c, wish.grants >> 4U)};
    if (granted.c2s != session::Grant::none || granted.s2c != session::Grant::none) out.push_back(granted);
  }
  return out;
}

}  // namespace

Result<Route> admit_announced(const Route& route, const wire::Announce& announce) {
  const std::string name = announce.party.name.text();
  const auto refused = [&](std::string_view why) {
    return Error{Fault::announced, printable(name) + " says that it stands on the path: " + std::string{why}};
  };
  const auto listed = std::ranges::find(route.discover, name, &RouteMiddlebox::name);
  if (listed == route.discover.end()) return refused("it is not listed in [[route.discover]]");
  if (listed->port != announce.party.port) return refused("with another port than the file lists");
  if (announce.position > route.middleboxes.size() + 1) return refused("behind the server");
  if (route.middleboxes.size() >= limits::middleboxes_by_default) return refused("the route is full");
  Route out = route;
  RouteMiddlebox admitted = *listed;
  admitted.grants = lowered(listed->grants, announce.wishes.items);
  std::erase_if(out.discover, [&](const RouteMiddlebox& one) { return one.name == name; });
  out.middleboxes.insert(out.middleboxes.begin() + (announce.position - 1), std::move(admitted));
  return out;
}

std::optional<wire::Announce> announcement_for(const Middlebox& middlebox, const wire::Hello& hello,
                                               const wire::Describe& describe) {
  if (!middlebox.announce) return std::nullopt;
  const auto& route = hello.route.items;
  const auto next = std::ranges::find_if(
      route, [&](const wire::Party& party) { return middlebox.find_next(party.name.text(), party.port) != nullptr; });
  if (next == route.end()) return std::nullopt;
  wire::Announce out;
  out.party = {wire::Opaque<1, 255>{std::string_view{middlebox.name}}, middlebox.announce->port};
  out.position = static_cast<std::uint8_t>(next - route.begin() + 1);
  out.describe = describe;
  for (const ContextGrants& wish : middlebox.announce->wishes) {
    const auto grants = static_cast<unsigned>(wish.c2s) | static_cast<unsigned>(wish.s2c) << 4U;
    out.wishes.items.push_back(
        {wire::Opaque<1, 255>{std::string_view{wish.context}}, static_cast<std::uint8_t>(grants)});
  }
  return out;
}

}  // namespace louver::config

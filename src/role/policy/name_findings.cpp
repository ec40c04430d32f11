#include <algorithm>

#include "config/suggest.h"
#include "config/where.h"
#include "profile/http1/contexts.h"
#include "profile/registry.h"
#include "role/policy/findings.h"

namespace louver::role::policy {
namespace {

using session::Grant;

std::string meant(std::string_view written, const std::vector<std::string_view>& known) {
  const auto near = config::nearest(written, known);
  return near ? "; did you mean \"" + std::string{*near} + "\"?" : "";
}

/// Contexts of the profiles that the gateway serves, its field contexts, and those of the paths to it.
std::vector<std::string_view> contexts_known(const config::Gateway& gateway, const std::vector<Path>& paths) {
  std::vector<std::string_view> out;
  for (const session::ProfileTraits& profile : profile::profiles()) {
    const bool served =
        (gateway.serves(config::Profile::http_1) && profile.name == name_of(config::Profile::http_1)) ||
        (gateway.serves(config::Profile::stream_1) && profile.name == name_of(config::Profile::stream_1));
    if (!served) continue;
    for (const session::ContextTraits& context : profile.contexts) out.push_back(context.name);
  }
  for (const config::FieldContext& context : gateway.contexts) out.push_back(context.name);
  if (gateway.trailers && gateway.serves(config::Profile::http_1)) {
    for (const session::ContextTraits& context : profile::http1::trailer_contexts) out.push_back(context.name);
  }
  for (const Path& path : paths) {
    if (path.gateway != &gateway || path.kind != Path::Kind::route) continue;
    for (const config::GrantMatrix::Context& context : path.offered.contexts) out.push_back(context.name);
  }
  return out;
}

/// A word of a gateway's file that no Hello will ever hold: it grants nothing, or refuses everybody, in silence.
void find_unknown_contexts(const config::Gateway& gateway, const std::vector<Path>& paths, std::vector<Finding>& out) {
  const auto known = contexts_known(gateway, paths);
  for (const config::Approval& approval : gateway.middleboxes) {
    const auto look = [&](const config::Grants& grants, std::string_view key, std::string_view name,
                          std::string_view effect) {
      for (const config::ContextGrants& one : grants) {
        if (std::ranges::find(known, one.context) != known.end()) continue;
        out.push_back({name, approval.place, "", approval.name,
                       "`" + std::string{key} + "` names the context " + config::in_quotes(one.context) +
                           ", which no profile served here has: " + std::string{effect} + meant(one.context, known),
                       "correct the name, or take it out"});
      }
    };
    look(approval.grants, "grants", "unknown-context", "it grants nothing");
    look(approval.minimum, "minimum", "minimum-never-met", "every path with this middlebox is refused");
  }
}

void find_lonely_files(const Files& files, const std::vector<Path>& paths, std::vector<Finding>& out) {
  std::vector<std::string_view> servers;
  std::vector<std::string_view> middleboxes;
  for (const Path& path : paths) {
    if (path.kind != Path::Kind::route) continue;
    servers.push_back(path.server);
    for (const std::string& name : path.offered.middleboxes) middleboxes.push_back(name);
  }
  const auto look = [&](const auto& config, const std::vector<std::string_view>& on_paths) {
    if (std::ranges::find(on_paths, config.name) != on_paths.end()) return;
    out.push_back(
        {"not-on-any-path", config.common.file, "", config.name,
         "no route of these agents has the name " + config::in_quotes(config.name) + meant(config.name, on_paths),
         "give it the name that the routes have, or the routes its name"});
  };
  for (const config::Gateway& gateway : files.gateways) look(gateway, servers);
  for (const config::Middlebox& middlebox : files.middleboxes) look(middlebox, middleboxes);
}

void find_missing_files(const Files& files, const std::vector<Path>& paths, std::vector<Finding>& out) {
  std::vector<std::string_view> gateways;
  for (const config::Gateway& gateway : files.gateways) gateways.push_back(gateway.name);
  if (gateways.empty()) return;
  for (const Path& path : paths) {
    if (path.kind != Path::Kind::route || path.gateway != nullptr) continue;
    out.push_back({"no-such-server", path.route->route().place, path.title, path.server,
                   "no gateway among these files has the name " + config::in_quotes(path.server) +
                       ": what is granted "
                       "is not known" +
                       meant(path.server, gateways),
                   "correct the name, or add that gateway's file"});
  }
}

}  // namespace

std::vector<Finding> name_findings(const Files& files, const std::vector<Path>& paths) {
  std::vector<Finding> out;
  if (!files.agents.empty()) {
    find_lonely_files(files, paths, out);
    find_missing_files(files, paths, out);
  }
  for (const config::Gateway& gateway : files.gateways) find_unknown_contexts(gateway, paths, out);
  return out;
}

std::vector<Finding> unknown_contexts(const config::Gateway& gateway) {
  std::vector<Finding> out;
  find_unknown_contexts(gateway, {}, out);
  return out;
}

std::vector<Finding> all_findings(const Files& files, const std::vector<Path>& paths) {
  std::vector<Finding> out = name_findings(files, paths);
  for (const Path& path : paths) {
    for (auto& found : {grant_findings(path), filter_findings(path)}) out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

}  // namespace louver::role::policy

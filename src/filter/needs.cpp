#include "filter/needs.h"

#include <algorithm>

namespace louver::filter {
namespace {

std::string place(std::string_view context, Direction direction) {
  return std::string{context} + " (" + name_of(direction) + ")";
}

/// Nothing if the session has no such context in that direction.
std::optional<Grant> grant_for(const Need& need, const SessionInfo& session) {
  const session::ContextInfo* context = session.terms->find_context(need.context);
  if (context == nullptr || !context->has[slot(need.direction)]) return std::nullopt;
  return session.grant(context->id, need.direction);
}

bool is_granted(const Need& need, const SessionInfo& session) {
  const std::optional<Grant> has = grant_for(need, session);
  return has && *has >= need.least;
}

void add_needs(std::vector<Need>& out, const session::ContextInfo& context, Grant least) {
  for (const Direction direction : both_directions) {
    if (context.has[slot(direction)]) out.push_back({context.name, direction, least});
  }
}

}  // namespace

std::string describe(const MissingGrant& missing) {
  const Need& need = missing.need;
  std::string out = "filter " + std::string{missing.filter} + " needs " + std::string{name_of(need.least)} + " on " +
                    place(need.context, need.direction);
  if (missing.has) return out + ", has " + std::string{name_of(*missing.has)};
  return out + ", which this session does not have";
}

std::string describe(const ExcessGrant& excess) {
  return std::string{name_of(excess.has)} + " on " + place(excess.context, excess.direction) + " is granted, " +
         std::string{name_of(excess.used)} + " would do";
}

std::vector<MissingGrant> missing_grants(std::string_view filter, std::span<const Need> needs,
                                         const SessionInfo& session) {
  std::vector<MissingGrant> out;
  for (const Need& need : needs) {
    if (!is_granted(need, session)) out.push_back({filter, need, grant_for(need, session)});
  }
  return out;
}

std::vector<ExcessGrant> excess_grants(std::span<const Need> needs, const SessionInfo& session) {
  std::vector<ExcessGrant> out;
  for (const Need& here : needs_everywhere(Grant::none, session)) {
    Grant used = Grant::none;
    for (const Need& need : needs) {
      if (need.context == here.context && need.direction == here.direction) used = std::max(used, need.least);
    }
    const Grant has = grant_for(here, session).value_or(Grant::none);
    if (has > used) out.push_back({here.context, here.direction, has, used});
  }
  return out;
}

std::vector<Need> needs_on(std::span<const std::string> contexts, Grant least, const SessionInfo& session) {
  std::vector<Need> out;
  for (const std::string& name : contexts) {
    if (const session::ContextInfo* context = session.terms->find_context(name)) {
      add_needs(out, *context, least);
    } else {
      out.push_back({name, Direction::c2s, least});
    }
  }
  return out;
}

std::vector<Need> granted_of(std::vector<Need> wishes, const SessionInfo& session) {
  const auto granted = [&](const Need& need) { return is_granted(need, session); };
  if (std::ranges::any_of(wishes, granted)) std::erase_if(wishes, std::not_fn(granted));
  return wishes;
}

std::vector<Need> needs_everywhere(Grant least, const SessionInfo& session) {
  std::vector<Need> out;
  for (const session::ContextInfo& context : session.terms->contexts()) add_needs(out, context, least);
  return out;
}

bool has_contexts(const session::ProfileTraits& profile, std::span<const std::string> contexts) {
  return std::ranges::all_of(contexts, [&](const std::string& name) {
    return std::ranges::find(profile.contexts, std::string_view{name}, &session::ContextTraits::name) !=
           profile.contexts.end();
  });
}

std::vector<std::string> filters_that_never_act(const Factories& factories,
                                                std::span<const session::ProfileTraits> profiles) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < factories.size(); ++i) {
    const FilterFactory& factory = *factories[i];
    if (std::ranges::any_of(profiles, [&](const session::ProfileTraits& one) { return factory.can_act_in(one); }))
      continue;
    out.push_back("filter " + std::to_string(i + 1) + " (" + std::string{factory.name()} +
                  ") can never act: no profile has all the contexts that it is for");
  }
  return out;
}

}  // namespace louver::filter

#include "role/contexts.h"

#include <algorithm>

namespace louver::role {
namespace {

ContextId id_of(const session::Terms& terms, std::string_view name) {
  const session::ContextInfo* context = terms.find_context(name);
  return context == nullptr ? ContextId{0} : context->id;
}

}  // namespace

profile::http1::ContextIds http1_ids(const session::Terms& terms) {
  return {.request_head = id_of(terms, "request-head"),
          .request_credentials = id_of(terms, "request-credentials"),
          .request_body = id_of(terms, "request-body"),
          .response_head = id_of(terms, "response-head"),
          .response_credentials = id_of(terms, "response-credentials"),
          .response_body = id_of(terms, "response-body")};
}

std::optional<profile::http1::TrailerIds> trailer_ids(const session::Terms& terms) {
  const profile::http1::TrailerIds ids{.request = id_of(terms, profile::http1::trailer_contexts[0].name),
                                       .response = id_of(terms, profile::http1::trailer_contexts[1].name)};
  if (ids.request == ContextId{0} || ids.response == ContextId{0}) return std::nullopt;
  return ids;
}

profile::stream1::ContextIds stream1_ids(const session::Terms& terms) {
  return {.upstream = id_of(terms, "upstream"), .downstream = id_of(terms, "downstream")};
}

namespace {

bool is_listed(std::string_view name, std::span<const session::ContextTraits> contexts) {
  return std::ranges::find(contexts, name, &session::ContextTraits::name) != contexts.end();
}

unsigned ways_of(const session::ContextInfo& context) {
  return (context.has[0] ? 1U : 0U) | (context.has[1] ? 2U : 0U);
}

unsigned ways_of(std::string_view name, const profile::http1::FieldContexts& fields) {
  unsigned out = 0;
  for (const Direction direction : both_directions) {
    const auto of = fields.in(direction);
    if (std::ranges::find(of, name, &profile::http1::FieldContext::name) != of.end()) out |= 1U << slot(direction);
  }
  return out;
}

}  // namespace

bool has_contexts(const session::Terms& terms, const session::ProfileTraits& profile, const MoreContexts& more) {
  const auto is_there = [&](const session::ContextTraits& wanted) {
    const session::ContextInfo* context = terms.find_context(wanted.name);
    return context != nullptr && ways_of(*context) == wanted.directions;
  };
  if (!std::ranges::all_of(profile.contexts, is_there)) return false;
  const bool trailers = more.trailers && std::ranges::all_of(profile::http1::trailer_contexts, is_there);
  return std::ranges::all_of(terms.contexts(), [&](const session::ContextInfo& context) {
    return is_listed(context.name, profile.contexts) ||
           (trailers && is_listed(context.name, profile::http1::trailer_contexts)) ||
           ways_of(context) == ways_of(context.name, more.fields);
  });
}

}  // namespace louver::role

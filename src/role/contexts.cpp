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

profile::stream1::ContextIds stream1_ids(const session::Terms& terms) {
  return {.upstream = id_of(terms, "upstream"), .downstream = id_of(terms, "downstream")};
}

namespace {

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

bool has_contexts(const session::Terms& terms, const session::ProfileTraits& profile,
                  const profile::http1::FieldContexts& fields) {
  for (const session::ContextTraits& wanted : profile.contexts) {
    const session::ContextInfo* context = terms.find_context(wanted.name);
    if (context == nullptr || ways_of(*context) != wanted.directions) return false;
  }
  return std::ranges::all_of(terms.contexts(), [&](const session::ContextInfo& context) {
    const bool of_the_profile = std::ranges::find(profile.contexts, std::string_view{context.name},
                                                  &session::ContextTraits::name) != profile.contexts.end();
    return of_the_profile || ways_of(context) == ways_of(context.name, fields);
  });
}

}  // namespace louver::role

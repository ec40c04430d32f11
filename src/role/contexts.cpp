#include "role/contexts.h"

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

bool has_contexts(const session::Terms& terms, const session::ProfileTraits& profile) {
  if (terms.contexts().size() != profile.contexts.size()) return false;
  for (const session::ContextTraits& wanted : profile.contexts) {
    const session::ContextInfo* context = terms.find_context(wanted.name);
    if (context == nullptr) return false;
    const unsigned directions = (context->has[0] ? 1U : 0U) | (context->has[1] ? 2U : 0U);
    if (directions != wanted.directions) return false;
  }
  return true;
}

}  // namespace louver::role

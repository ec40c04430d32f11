#include "role/field_contexts.h"

#include <algorithm>

#include "profile/http1/contexts.h"

namespace louver::role {
namespace {

using profile::http1::FieldContexts;
using profile::http1::FieldSource;
using profile::http1::FieldType;

FieldType type_of(config::FieldContext::Type type) {
  switch (type) {
    case config::FieldContext::Type::string:
      return FieldType::string;
    case config::FieldContext::Type::number:
      return FieldType::number;
    case config::FieldContext::Type::boolean:
      return FieldType::boolean;
    case config::FieldContext::Type::any:
      break;
  }
  return FieldType::any;
}

Error wrong(const config::FieldContext& one, const std::string& why) {
  return {Fault::configuration, one.place + ": the context \"" + printable(one.name, 64) + "\": " + why};
}

Result<> check(const config::FieldContext& one, const FieldSource& source, const FieldContexts& before) {
  constexpr auto& known = profile::http1::contexts_with_trailers;
  const bool of_the_profile =
      std::ranges::find(known, std::string_view{one.name}, &session::ContextTraits::name) != known.end();
  if (of_the_profile) return wrong(one, "that is the name of a context of http/1");
  if (source.kind == FieldSource::Kind::form && one.way != config::FieldContext::Way::request)
    return wrong(one, "forms are in requests only");
  if (source.kind != FieldSource::Kind::json && one.type != config::FieldContext::Type::string)
    return wrong(one, "only JSON has values of other types than string");
  for (const Direction direction : both_directions) {
    for (const auto& other : before.in(direction)) {
      if (other.name == one.name) return wrong(one, "a second one of that name");
      if ((directions_of(one) >> slot(direction) & 1) != 0 && overlap(other.source, source))
        return wrong(one, "the place \"" + source.text + "\" is that of \"" + other.name + "\", or within it");
    }
  }
  return {};
}

}  // namespace

std::uint8_t directions_of(const config::FieldContext& context) {
  switch (context.way) {
    case config::FieldContext::Way::request:
      return profile::http1::c2s_only;
    case config::FieldContext::Way::response:
      return profile::http1::s2c_only;
    case config::FieldContext::Way::both:
      break;
  }
  return profile::http1::c2s_only | profile::http1::s2c_only;
}

Result<FieldContexts> make_field_contexts(const std::vector<config::FieldContext>& listed, std::uint8_t first_id) {
  FieldContexts out;
  for (const config::FieldContext& one : listed) {
    auto source = profile::http1::parse_field_source(one.from);
    if (!source) return wrong(one, source.error().detail);
    LOUVER_TRY(check(one, *source, out));
    const profile::http1::FieldContext made{one.name, *source, type_of(one.type), ContextId{first_id++}};
    for (const Direction direction : both_directions) {
      if ((directions_of(one) >> slot(direction) & 1) != 0) out.of[slot(direction)].push_back(made);
    }
  }
  return out;
}

FieldContexts fields_in(const session::Terms& terms, const FieldContexts& allowed) {
  FieldContexts out;
  for (const Direction direction : both_directions) {
    for (profile::http1::FieldContext one : allowed.in(direction)) {
      const session::ContextInfo* context = terms.find_context(one.name);
      if (context == nullptr || !context->has[slot(direction)]) continue;
      one.id = context->id;
      out.of[slot(direction)].push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace louver::role

#include "profile/http1/lift/lift.h"

#include <algorithm>

#include "profile/http1/grammar.h"
#include "profile/http1/lift/form_place.h"
#include "profile/http1/lift/json_place.h"

namespace louver::profile::http1 {
namespace {

using Kind = FieldSource::Kind;

constexpr Refusal twice_in_head{400, "a field that is to be lifted stands there twice"};
constexpr Refusal other_type{400, "a value that is to be lifted is of another type than configured"};
constexpr Refusal too_long{400, "a value that is to be lifted is too long"};

bool is_of(const FieldContext& context, Kind kind) { return context.source.kind == kind; }

Error bad(const FieldContext& context, std::string_view what) {
  return {Fault::bad_value, context.name + ": " + std::string{what}};
}

/// Those of the contexts that look into a body of this kind, and where they stand among all.
struct InBody {
  std::vector<const FieldContext*> contexts;
  std::vector<std::size_t> index;
};

InBody in_body(std::span<const FieldContext> lifted, BodyKind kind) {
  InBody out;
  if (kind == BodyKind::other) return out;
  const Kind wanted = kind == BodyKind::form ? Kind::form : Kind::json;
  for (std::size_t i = 0; i < lifted.size(); ++i) {
    if (!is_of(lifted[i], wanted)) continue;
    out.contexts.push_back(&lifted[i]);
    out.index.push_back(i);
  }
  return out;
}

Verdict find(BodyKind kind, std::string_view body, std::span<const FieldContext* const> lifted, FoundValues& out) {
  if (kind == BodyKind::form) return find_in_form(body, lifted, out);
  return find_in_json(body, lifted, out);
}

bool is_utf_8(std::string_view charset) {
  return equal_ignoring_case(charset, "utf-8") || equal_ignoring_case(charset, "\"utf-8\"") ||
         equal_ignoring_case(charset, "us-ascii");
}

/// Every parameter of a media type that has to do with a character set must name one that is UTF-8.
bool has_other_charset(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string_view one = trimmed(parameters.substr(0, end));
    const std::size_t equals = std::min(one.find('='), one.size());
    const bool named = lowered(one).find("charset") != std::string::npos;
    if (named && (!equal_ignoring_case(one.substr(0, equals), "charset") ||
                  !is_utf_8(one.substr(std::min(equals + 1, one.size())))))
      return true;
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
  }
  return false;
}

BodyKind kind_of_type(std::string_view type) {
  if (type == "application/x-www-form-urlencoded") return BodyKind::form;
  const bool json = type == "application/json" || type == "text/json" || type.ends_with("+json");
  return json ? BodyKind::json : BodyKind::other;
}

/// The octets that stand for a value in a body of this kind; nothing if it is none of its type.
std::optional<std::string> body_text(const FieldContext& context, BodyKind kind, std::string_view value) {
  if (kind == BodyKind::form) return form_text(value);
  if (context.type == FieldType::string) return json_string(value);
  if (!is_json_value(value, context.type)) return std::nullopt;
  return std::string{value};
}

std::string marker_text(BodyKind kind, const std::string& marker) {
  return kind == BodyKind::json ? "\"" + marker + "\"" : marker;
}

/// The new text in the place of each found value, from behind, so that the places in front stay what they are.
void replace_found(std::string& body, const FoundValues& found, const std::vector<std::string>& texts) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i]) order.push_back(i);
  }
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return found[a]->begin > found[b]->begin; });
  for (const std::size_t i : order) body.replace(found[i]->begin, found[i]->end - found[i]->begin, texts[i]);
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t out = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

std::size_t count_in(const Fields& head, std::string_view what) {
  std::size_t out = 0;
  for (const Field& field : head) out += count(field.value, what) + count(field.name, what);
  return out;
}

Verdict lift_header(const FieldContext& context, Fields& head, RandomSource& random, std::string& message) {
  const auto is_it = [&](const Field& field) { return field.name == context.source.path.front(); };
  const auto field = std::ranges::find_if(head, is_it);
  if (field == head.end()) return {};
  if (std::ranges::count_if(head, is_it) > 1) return twice_in_head;
  FieldMessage out{.marker = make_marker(random), .value = field->value};
  field->value = out.marker;
  message = write_field_message(context, out);
  return {};
}

Verdict lift_body(std::span<const FieldContext> lifted, BodyKind kind, std::string& body, RandomSource& random,
                  std::vector<std::string>& messages) {
  const InBody wanted = in_body(lifted, kind);
  if (wanted.contexts.empty() || body.empty()) return {};
  FoundValues found;
  if (auto refusal = find(kind, body, wanted.contexts, found)) return refusal;
  std::vector<std::string> texts(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const FieldContext& context = *wanted.contexts[i];
    if (!found[i]) continue;
    if (context.type != FieldType::any && found[i]->type != context.type) return other_type;
    FieldMessage out{.marker = make_marker(random), .value = found[i]->value};
    if (context.type == FieldType::any) out.value = body.substr(found[i]->begin, found[i]->end - found[i]->begin);
    texts[i] = marker_text(kind, out.marker);
    messages[wanted.index[i]] = write_field_message(context, out);
  }
  replace_found(body, found, texts);
  return {};
}

Result<> put_back_header(const FieldContext& context, const std::optional<FieldMessage>& message, Fields& head) {
  const auto is_it = [&](const Field& field) { return field.name == context.source.path.front(); };
  const auto field = std::ranges::find_if(head, is_it);
  if (!message) {
    if (field != head.end() && field->value.starts_with(marker_prefix)) return bad(context, "a marker without a value");
    return {};
  }
  if (count_in(head, message->marker) != 1 || field == head.end() || field->value != message->marker ||
      std::ranges::count_if(head, is_it) != 1)
    return bad(context, "its marker does not stand where it belongs, or not alone");
  if (!is_field_value(message->value)) return bad(context, "its value is none of a header field");
  field->value = message->value;
  return {};
}

Result<> put_back_body(const InBody& wanted, BodyKind kind, const std::vector<std::optional<FieldMessage>>& messages,
                       std::string& body) {
  if (wanted.contexts.empty()) return {};
  FoundValues found(wanted.contexts.size());
  if (!body.empty()) {
    if (const auto refusal = find(kind, body, wanted.contexts, found))
      return Error{Fault::bad_value, "body with lifted fields: " + std::string{refusal->reason}};
  }
  std::vector<std::string> texts(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const FieldContext& context = *wanted.contexts[i];
    const auto& message = messages[wanted.index[i]];
    if (!message) {
      if (found[i] && found[i]->value.starts_with(marker_prefix)) return bad(context, "a marker without a value");
      found[i].reset();  // nothing to be put there
      continue;
    }
    const bool in_place = found[i] && found[i]->type == FieldType::string && found[i]->value == message->marker;
    if (!in_place || count(body, message->marker) != 1)
      return bad(context, "its marker does not stand where it belongs, or not alone");
    const auto text = body_text(context, kind, message->value);
    if (!text) return bad(context, "its value is none of its type");
    texts[i] = *text;
  }
  replace_found(body, found, texts);
  return {};
}

}  // namespace

bool looks_into_bodies(std::span<const FieldContext> lifted) {
  return std::ranges::any_of(lifted, [](const FieldContext& one) { return !is_of(one, Kind::header); });
}

Verdict kind_of_body(std::span<const FieldContext> lifted, const Fields& head, BodyKind& out) {
  out = BodyKind::other;
  if (!looks_into_bodies(lifted)) return {};
  const auto named = [](std::string_view name) { return [name](const Field& field) { return field.name == name; }; };
  if (std::ranges::count_if(head, named("content-type")) != 1)
    return Refusal{415, "no Content-Type or two of them, where fields are lifted out of bodies"};
  const std::string& value = std::ranges::find_if(head, named("content-type"))->value;
  const std::size_t end = std::min(value.find(';'), value.size());
  const std::string type = lowered(trimmed(std::string_view{value}.substr(0, end)));
  const bool forms = std::ranges::any_of(lifted, [](const FieldContext& one) { return is_of(one, Kind::form); });
  if (forms && type == "multipart/form-data") return Refusal{415, "a form in parts, of which no field can be lifted"};
  const BodyKind kind = kind_of_type(type);
  if (in_body(lifted, kind).contexts.empty()) return {};
  const bool coded = std::ranges::any_of(head, [](const Field& field) {
    return field.name == "content-encoding" && !equal_ignoring_case(field.value, "identity");
  });
  if (coded) return Refusal{415, "a content coding on a body of which fields are lifted"};
  if (has_other_charset(std::string_view{value}.substr(end)))
    return Refusal{415, "another character set than UTF-8 in a body of which fields are lifted"};
  out = kind;
  return {};
}

Verdict lift(std::span<const FieldContext> lifted, BodyKind kind, Fields& head, std::string& body, RandomSource& random,
             std::vector<std::string>& messages) {
  messages.assign(lifted.size(), {});
  for (std::size_t i = 0; i < lifted.size(); ++i) {
    if (!is_of(lifted[i], Kind::header)) continue;
    if (auto refusal = lift_header(lifted[i], head, random, messages[i])) return refusal;
  }
  if (auto refusal = lift_body(lifted, kind, body, random, messages)) return refusal;
  const auto fits = [](const std::string& one) { return one.size() <= field_message_octets_most; };
  if (!std::ranges::all_of(messages, fits)) return too_long;
  return {};
}

Result<> put_back(std::span<const FieldContext> lifted, BodyKind kind, std::span<const Buffer> messages, Fields& head,
                  std::string& body) {
  if (messages.size() != lifted.size()) return Error{Fault::internal_error, "field messages"};
  std::vector<std::optional<FieldMessage>> read;
  for (std::size_t i = 0; i < lifted.size(); ++i) {
    LOUVER_ASSIGN(auto message, parse_field_message(lifted[i], messages[i]));
    read.push_back(std::move(message));
  }
  const InBody wanted = in_body(lifted, kind);
  for (std::size_t i = 0; i < lifted.size(); ++i) {
    if (is_of(lifted[i], Kind::header)) {
      LOUVER_TRY(put_back_header(lifted[i], read[i], head));
    } else if (read[i] && std::ranges::find(wanted.index, i) == wanted.index.end()) {
      return bad(lifted[i], "a value for a body of another kind");
    }
  }
  return put_back_body(wanted, kind, read, body);
}

}  // namespace louver::profile::http1

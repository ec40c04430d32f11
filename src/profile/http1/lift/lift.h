#pragma once

#include "profile/http1/fields.h"
#include "profile/http1/lift/message.h"
#include "profile/http1/refusal.h"

namespace louver::profile::http1 {

/// What of a body is looked at, by its head.
enum class BodyKind : std::uint8_t {
  other,  // nothing is lifted out of it
  form,
  json
};

/// The body that a head announces, as far as these contexts look into bodies.
/// @return 415 or 400: it cannot be told what is in the body, so that a value could pass unlifted: a content coding, a
///         character set other than UTF-8, two types or none, a form in another form
Verdict kind_of_body(std::span<const FieldContext> contexts, const Fields& head, BodyKind& out);

/// The sending side: takes the values out of head and body and leaves markers.
///
/// @param body      the whole of it, of the kind that kind_of_body() said
/// @param messages  one for each context, as they go into the session
/// @return 400: a value stands twice, is of another type than declared, or the body is nothing of one meaning
Verdict lift(std::span<const FieldContext> contexts, BodyKind kind, Fields& head, std::string& body,
             RandomSource& random, std::vector<std::string>& messages);

/// The receiving side: puts each value where its marker stands, once and in the place that is configured, written anew.
///
/// @param messages  as they came, one for each context
/// @fault bad_value          a marker that is missing, elsewhere or twice; a value that is none of its type; a body
/// that
///                           is nothing of one meaning
/// @fault blocked_by_policy  see parse_field_message()
Result<> put_back(std::span<const FieldContext> contexts, BodyKind kind, std::span<const Buffer> messages, Fields& head,
                  std::string& body);

/// Some context looks into bodies.
bool looks_into_bodies(std::span<const FieldContext> contexts);

}  // namespace louver::profile::http1

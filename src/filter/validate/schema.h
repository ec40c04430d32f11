#pragma once

#include <memory>
#include <optional>
#include <string>

#include "filter/validate/json_text.h"

namespace louver::filter::validate {

/// Where a value is not as the schema wants it.
struct Mismatch {
  std::string path;     // JSON Pointer (RFC 6901), printable and cut: its names are the sender's
  std::string keyword;  // of the schema
};

/// A JSON Schema that has been understood as a whole: a schema with a word that is not known here is refused, so that
/// nothing passes for checked. Immutable: shared by all threads.
///
/// Known, as in draft 7 and 2020-12: type, enum, const, properties, patternProperties, additionalProperties,
/// propertyNames, required, minProperties, maxProperties, items (one schema for all), minItems, maxItems, uniqueItems,
/// contains, minLength, maxLength, pattern (by RE2, so in linear time), minimum, maximum, exclusiveMinimum,
/// exclusiveMaximum, multipleOf (of whole numbers), allOf, anyOf, oneOf, not, if, then, else, $ref within the document,
/// $defs, definitions; and what only describes.
class Schema {
 public:
  /// @fault configuration  the detail names the place in the schema
  static Result<std::shared_ptr<const Schema>> compile(const Json& document);
  virtual ~Schema() = default;
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;
  /// Nothing if the value is as it should be. Gives up, and says so as a mismatch, after a million steps.
  virtual std::optional<Mismatch> check(const Json& value) const = 0;

 protected:
  Schema() = default;
};

}  // namespace louver::filter::validate

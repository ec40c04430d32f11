#pragma once

#include <re2/re2.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filter/validate/json_text.h"

namespace louver::filter::validate {

using NodeIndex = std::size_t;

/// A schema of the document, as far as it has been understood. Other schemas are named by their place.
struct SchemaNode {
  struct Member {
    std::string name;
    NodeIndex schema;
  };
  struct Matching {
    std::shared_ptr<const RE2> pattern;
    NodeIndex schema;
  };
  bool never = false;  // `false`
  std::vector<std::string> types = {};
  std::optional<Json> one_of_values = {};  // enum, const: an array
  std::vector<Member> properties = {};
  std::vector<Matching> pattern_properties = {};
  std::optional<NodeIndex> additional_properties = {}, property_names = {}, items = {}, contains = {};
  std::vector<std::string> required = {};
  struct Range {
    std::uint64_t least = 0, most = UINT64_MAX;
  };
  Range member_count = {}, item_count = {}, length = {};
  bool unique_items = false;
  std::shared_ptr<const RE2> pattern = {};
  std::optional<long double> minimum = {}, maximum = {}, above = {}, below = {};
  std::optional<std::uint64_t> multiple_of = {};
  // These are about the same value.
  std::vector<NodeIndex> all_of = {}, any_of = {}, exactly_one_of = {};
  std::optional<NodeIndex> reference = {}, never_as = {}, condition = {}, then = {}, otherwise = {};
};

/// Understands a document; node 0 is its root.
/// @fault configuration
Result<std::vector<SchemaNode>> compile_nodes(const Json& document);

}  // namespace louver::filter::validate

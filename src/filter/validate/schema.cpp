#include "filter/validate/schema.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "filter/validate/schema_node.h"

namespace louver::filter::validate {
namespace {

constexpr std::size_t steps_most = 1'000'000;
constexpr std::size_t path_most = 128;

bool is_whole(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "integer") return is_whole(value);
  if (type == "number") return value.is_number();
  return type == value.type_name();
}

bool is_one_of(const Json& values, const Json& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// Characters, not octets: the text is UTF-8.
std::uint64_t length_of(const std::string& text) {
  return static_cast<std::uint64_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_in(SchemaNode::Range range, std::uint64_t count) { return count >= range.least && count <= range.most; }

/// One value against one schema, and all that lies in it.
class Checking {
 public:
  explicit Checking(const std::vector<SchemaNode>& nodes) : nodes_(nodes) {}

  /// The keyword that does not hold; null if all do.
  const char* check(NodeIndex index, const Json& value) {
    if (++steps_ > steps_most) return stop("too much work");
    const SchemaNode& node = nodes_[index];
    if (node.never) return stop("false");
    if (const char* wrong = check_value(node, value)) return stop(wrong);
    if (const char* wrong = check_inside(node, value)) return wrong;
    return check_combined(node, value);
  }
  /// Of the innermost value at which the first keyword did not hold.
  const std::string& where() const { return where_; }
  bool gave_up() const { return steps_ > steps_most; }

 private:
  const char* stop(const char* keyword) {
    where_ = path_;
    return keyword;
  }

  static const char* check_value(const SchemaNode& node, const Json& value) {
    const auto is = [&](const std::string& type) { return has_type(value, type); };
    if (!node.types.empty() && std::ranges::none_of(node.types, is)) return "type";
    if (node.one_of_values && !is_one_of(*node.one_of_values, value)) return "enum";
    if (value.is_number()) return check_number(node, value);
    if (value.is_string()) return check_string(node, value.get_ref<const std::string&>());
    if (value.is_array()) return check_array(node, value);
    return value.is_object() ? check_object(node, value) : nullptr;
  }
  /// A long double holds every integer of 64 bits.
  static const char* check_number(const SchemaNode& node, const Json& value) {
    const auto number = value.get<long double>();
    if (node.minimum && number < *node.minimum) return "minimum";
    if (node.maximum && number > *node.maximum) return "maximum";
    if (node.above && number <= *node.above) return "exclusiveMinimum";
    if (node.below && number >= *node.below) return "exclusiveMaximum";
    if (node.multiple_of && std::fmod(number, static_cast<long double>(*node.multiple_of)) != 0) return "multipleOf";
    return nullptr;
  }
  static const char* check_string(const SchemaNode& node, const std::string& text) {
    const std::uint64_t length = length_of(text);
    if (length < node.length.least) return "minLength";
    if (length > node.length.most) return "maxLength";
    return node.pattern && !RE2::PartialMatch(text, *node.pattern) ? "pattern" : nullptr;
  }
  static const char* check_array(const SchemaNode& node, const Json& value) {
    if (!is_in(node.item_count, value.size())) return value.size() < node.item_count.least ? "minItems" : "maxItems";
    if (!node.unique_items) return nullptr;
    const auto before = [](const Json* a, const Json* b) { return *a < *b; };
    std::set<const Json*, decltype(before)> seen{before};
    const auto is_new = [&](const Json& one) { return seen.insert(&one).second; };
    return std::all_of(value.begin(), value.end(), is_new) ? nullptr : "uniqueItems";
  }
  static const char* check_object(const SchemaNode& node, const Json& value) {
    if (!is_in(node.member_count, value.size()))
      return value.size() < node.member_count.least ? "minProperties" : "maxProperties";
    const auto there = [&](const std::string& name) { return value.contains(name); };
    return std::ranges::all_of(node.required, there) ? nullptr : "required";
  }

  const char* check_inside(const SchemaNode& node, const Json& value) {
    if (value.is_array()) return check_items(node, value);
    return value.is_object() ? check_members(node, value) : nullptr;
  }
  const char* check_items(const SchemaNode& node, const Json& value) {
    for (std::size_t i = 0; node.items && i < value.size(); ++i) {
      if (const char* wrong = check_at(std::to_string(i), *node.items, value[i])) return wrong;
    }
    if (!node.contains) return nullptr;
    const auto fits = [&](const Json& one) { return holds(*node.contains, one); };
    return std::any_of(value.begin(), value.end(), fits) ? nullptr : stop("contains");
  }
  const char* check_members(const SchemaNode& node, const Json& value) {
    for (const auto& [name, member] : value.items()) {
      if (node.property_names && !holds(*node.property_names, Json(name))) return stop("propertyNames");
      bool known = false;
      for (const SchemaNode::Member& one : node.properties) {
        if (one.name != name) continue;
        known = true;
        if (const char* wrong = check_at(name, one.schema, member)) return wrong;
      }
      for (const SchemaNode::Matching& one : node.pattern_properties) {
        ++steps_;
        if (!RE2::PartialMatch(name, *one.pattern)) continue;
        known = true;
        if (const char* wrong = check_at(name, one.schema, member)) return wrong;
      }
      if (known || !node.additional_properties) continue;
      if (check_at(name, *node.additional_properties, member) != nullptr)
        return nodes_[*node.additional_properties].never ? "additionalProperties" : "additionalProperties, inside";
    }
    return nullptr;
  }

  const char* check_combined(const SchemaNode& node, const Json& value) {
    if (node.reference) {
      if (const char* wrong = check(*node.reference, value)) return wrong;
    }
    for (const NodeIndex one : node.all_of) {
      if (const char* wrong = check(one, value)) return wrong;
    }
    const auto fits = [&](NodeIndex one) { return holds(one, value); };
    if (!node.any_of.empty() && std::ranges::none_of(node.any_of, fits)) return stop("anyOf");
    if (!node.exactly_one_of.empty() && std::ranges::count_if(node.exactly_one_of, fits) != 1) return stop("oneOf");
    if (node.never_as && holds(*node.never_as, value)) return stop("not");
    if (gave_up()) return stop("too much work");
    if (!node.condition) return nullptr;
    const auto& next = holds(*node.condition, value) ? node.then : node.otherwise;
    return next ? check(*next, value) : nullptr;
  }

  const char* check_at(const std::string& name, NodeIndex schema, const Json& value) {
    const std::size_t before = path_.size();
    if (before < path_most) path_ += "/" + name;
    const char* wrong = check(schema, value);
    path_.resize(before);
    return wrong;
  }
  bool holds(NodeIndex schema, const Json& value) { return check(schema, value) == nullptr; }

  const std::vector<SchemaNode>& nodes_;
  std::string path_, where_;
  std::size_t steps_ = 0;
};

class Compiled final : public Schema {
 public:
  explicit Compiled(std::vector<SchemaNode> nodes) : nodes_(std::move(nodes)) {}
  std::optional<Mismatch> check(const Json& value) const override {
    Checking checking{nodes_};
    const char* wrong = checking.check(0, value);
    if (checking.gave_up()) return Mismatch{"", "too much work"};
    if (wrong == nullptr) return std::nullopt;
    return Mismatch{printable(checking.where(), path_most), wrong};
  }

 private:
  std::vector<SchemaNode> nodes_;
};

}  // namespace

Result<std::shared_ptr<const Schema>> Schema::compile(const Json& document) {
  LOUVER_ASSIGN(std::vector<SchemaNode> nodes, compile_nodes(document));
  return std::shared_ptr<const Schema>{std::make_shared<Compiled>(std::move(nodes))};
}

}  // namespace louver::filter::validate

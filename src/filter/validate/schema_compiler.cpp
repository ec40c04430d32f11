#include <algorithm>
#include <map>

#include "filter/validate/schema_node.h"

namespace louver::filter::validate {
namespace {

constexpr std::size_t nodes_most = 10'000;
constexpr std::array<std::string_view, 10> describing = {"$schema", "$id",      "$comment", "title",     "description",
                                                         "default", "examples", "readOnly", "writeOnly", "deprecated"};
constexpr std::array<std::string_view, 7> type_names = {"null",   "boolean", "object", "array",
                                                        "number", "integer", "string"};

bool only_describes(std::string_view word) { return std::ranges::find(describing, word) != describing.end(); }
bool is_type(const Json& value) {
  return value.is_string() &&
         std::ranges::find(type_names, std::string_view{value.get_ref<const std::string&>()}) != type_names.end();
}

/// A node for each schema in the document, by its JSON Pointer, so that references find theirs.
class Compiler {
 public:
  explicit Compiler(const Json& document) : document_(document) {}

  Result<std::vector<SchemaNode>> compile() {
    LOUVER_ASSIGN(const NodeIndex root, add(document_, ""));
    static_cast<void>(root);
    while (!open_.empty()) {
      const Open next = open_.back();
      open_.pop_back();
      LOUVER_TRY(read(next));
    }
    LOUVER_TRY(check_loops());
    return std::move(nodes_);
  }

 private:
  struct Open {
    const Json* schema;
    std::string path;
    NodeIndex node;
  };
  Error wrong(const std::string& path, const std::string& what) const {
    return {Fault::configuration, "schema at \"#" + printable(path, 128) + "\": " + what};
  }
  static std::string inside(const std::string& path, const std::string& name) {
    std::string out = path + "/";
    for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string{c};
    return out;
  }

  Result<NodeIndex> add(const Json& schema, const std::string& path) {
    if (const auto known = by_path_.find(path); known != by_path_.end()) return known->second;
    if (nodes_.size() >= nodes_most) return wrong(path, "more than " + std::to_string(nodes_most) + " schemas");
    if (!schema.is_object() && !schema.is_boolean()) return wrong(path, "a schema is an object, true or false");
    const NodeIndex index = nodes_.size();
    nodes_.emplace_back().never = schema == false;
    by_path_[path] = index;
    if (schema.is_object()) open_.push_back({&schema, path, index});
    return index;
  }

  Result<> read(const Open& open) {
    for (const auto& [word, value] : open.schema->items()) {
      const std::string path = inside(open.path, word);
      if (only_describes(word)) {
        if (word == "$id" && !open.path.empty()) return wrong(path, "an $id of its own is not known here");
        continue;
      }
      if (word == "$ref" && !describes_only_besides(*open.schema))
        return wrong(path, "beside $ref nothing may stand: drafts differ on what that means; use allOf");
      LOUVER_TRY(read_word(open.node, word, value, path));
    }
    return {};
  }

  static bool describes_only_besides(const Json& schema) {
    for (const auto& [word, value] : schema.items()) {
      if (word != "$ref" && word != "$defs" && word != "definitions" && !only_describes(word)) return false;
    }
    return true;
  }

  Result<> read_word(NodeIndex node, const std::string& word, const Json& value, const std::string& path) {
    const auto at = [&]() -> SchemaNode& { return nodes_[node]; };  // grows meanwhile
    if (word == "$ref") return set(node, &SchemaNode::reference, refer(value, path));
    if (word == "$defs" || word == "definitions") return read_definitions(value, path);
    if (word == "additionalProperties") return set(node, &SchemaNode::additional_properties, add(value, path));
    if (word == "propertyNames") return set(node, &SchemaNode::property_names, add(value, path));
    if (word == "contains") return set(node, &SchemaNode::contains, add(value, path));
    if (word == "items") {
      if (value.is_array()) return wrong(path, "a list of schemas is not known here: one for all items is");
      return set(node, &SchemaNode::items, add(value, path));
    }
    if (word == "not") return set(node, &SchemaNode::never_as, add(value, path));
    if (word == "if") return set(node, &SchemaNode::condition, add(value, path));
    if (word == "then") return set(node, &SchemaNode::then, add(value, path));
    if (word == "else") return set(node, &SchemaNode::otherwise, add(value, path));
    if (word == "allOf") return read_list(node, &SchemaNode::all_of, value, path);
    if (word == "anyOf") return read_list(node, &SchemaNode::any_of, value, path);
    if (word == "oneOf") return read_list(node, &SchemaNode::exactly_one_of, value, path);
    if (word == "properties") return read_properties(node, value, path);
    if (word == "patternProperties") return read_pattern_properties(node, value, path);
    if (word == "type") return read_types(at(), value, path);
    if (word == "enum" || word == "const") return read_values(at(), word, value, path);
    if (word == "required") return read_required(at(), value, path);
    if (word == "minProperties") return read_count(at().member_count.least, value, path);
    if (word == "maxProperties") return read_count(at().member_count.most, value, path);
    if (word == "minItems") return read_count(at().item_count.least, value, path);
    if (word == "maxItems") return read_count(at().item_count.most, value, path);
    if (word == "minLength") return read_count(at().length.least, value, path);
    if (word == "maxLength") return read_count(at().length.most, value, path);
    if (word == "minimum") return read_number(at().minimum, value, path);
    if (word == "maximum") return read_number(at().maximum, value, path);
    if (word == "exclusiveMinimum") return read_number(at().above, value, path);
    if (word == "exclusiveMaximum") return read_number(at().below, value, path);
    if (word == "uniqueItems") {
      if (!value.is_boolean()) return wrong(path, "true or false is expected");
      at().unique_items = value.get<bool>();
      return {};
    }
    if (word == "multipleOf") {
      if (!value.is_number_unsigned() || value == 0) return wrong(path, "a whole number above 0 is expected");
      at().multiple_of = value.get<std::uint64_t>();
      return {};
    }
    if (word == "pattern") {
      LOUVER_ASSIGN(at().pattern, compile_pattern(value.is_string() ? value.get<std::string>() : "(", path));
      return {};
    }
    if (word == "format") return wrong(path, "formats are not checked here; say what is meant by \"pattern\"");
    return wrong(path, "this word is not known here, so it could not be checked");
  }

  Result<> set(NodeIndex node, std::optional<NodeIndex> SchemaNode::*where, Result<NodeIndex> what) {
    if (!what) return what.error();
    nodes_[node].*where = *what;
    return {};
  }

  /// Only what lies in this document: nothing is ever fetched.
  Result<NodeIndex> refer(const Json& value, const std::string& path) {
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    if (!text.starts_with('#')) return wrong(path, "only references within the document (\"#/..\") are followed");
    const std::string target = text.substr(1);
    try {
      const Json::json_pointer pointer{target};
      if (!document_.contains(pointer)) return wrong(path, "what it refers to is not there");
      return add(document_.at(pointer), target);
    } catch (const nlohmann::detail::exception&) {
      return wrong(path, "this is no reference");
    }
  }

  Result<> read_definitions(const Json& value, const std::string& path) {
    if (!value.is_object()) return wrong(path, "an object is expected");
    for (const auto& [name, schema] : value.items()) LOUVER_TRY(add(schema, inside(path, name)));
    return {};
  }

  Result<> read_list(NodeIndex node, std::vector<NodeIndex> SchemaNode::*where, const Json& value,
                     const std::string& path) {
    if (!value.is_array() || value.empty()) return wrong(path, "a list of schemas is expected");
    for (std::size_t i = 0; i < value.size(); ++i) {
      LOUVER_ASSIGN(const NodeIndex one, add(value[i], inside(path, std::to_string(i))));
      (nodes_[node].*where).push_back(one);
    }
    return {};
  }

  Result<> read_properties(NodeIndex node, const Json& value, const std::string& path) {
    if (!value.is_object()) return wrong(path, "an object is expected");
    for (const auto& [name, schema] : value.items()) {
      LOUVER_ASSIGN(const NodeIndex one, add(schema, inside(path, name)));
      nodes_[node].properties.push_back({name, one});
    }
    return {};
  }
  Result<> read_pattern_properties(NodeIndex node, const Json& value, const std::string& path) {
    if (!value.is_object()) return wrong(path, "an object is expected");
    for (const auto& [pattern, schema] : value.items()) {
      LOUVER_ASSIGN(auto compiled, compile_pattern(pattern, inside(path, pattern)));
      LOUVER_ASSIGN(const NodeIndex one, add(schema, inside(path, pattern)));
      nodes_[node].pattern_properties.push_back({std::move(compiled), one});
    }
    return {};
  }

  Result<std::shared_ptr<const RE2>> compile_pattern(const std::string& pattern, const std::string& path) {
    RE2::Options options;
    options.set_log_errors(false);
    auto out = std::make_shared<const RE2>(pattern, options);
    if (!out->ok()) return wrong(path, "this pattern cannot be matched in linear time: " + out->error());
    return std::shared_ptr<const RE2>{std::move(out)};
  }

  Result<> read_types(SchemaNode& node, const Json& value, const std::string& path) {
    const Json list = value.is_array() ? value : Json::array({value});
    for (const Json& one : list) {
      if (!is_type(one)) return wrong(path, "there is no such type");
      node.types.push_back(one.get<std::string>());
    }
    return node.types.empty() ? Result<>{wrong(path, "no type at all")} : Result<>{};
  }
  Result<> read_values(SchemaNode& node, const std::string& word, const Json& value, const std::string& path) {
    if (word == "enum" && (!value.is_array() || value.empty())) return wrong(path, "a list of values is expected");
    if (node.one_of_values) return wrong(path, "enum and const exclude each other");
    node.one_of_values = word == "enum" ? value : Json::array({value});
    return {};
  }
  Result<> read_required(SchemaNode& node, const Json& value, const std::string& path) {
    if (!value.is_array() || !std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_string(); }))
      return wrong(path, "a list of names is expected");
    for (const Json& one : value) node.required.push_back(one.get<std::string>());
    return {};
  }
  Result<> read_count(std::uint64_t& where, const Json& value, const std::string& path) {
    if (!value.is_number_unsigned()) return wrong(path, "a whole number is expected");
    where = value.get<std::uint64_t>();
    return {};
  }
  Result<> read_number(std::optional<long double>& where, const Json& value, const std::string& path) {
    if (!value.is_number()) return wrong(path, "a number is expected");
    where = value.get<long double>();
    return {};
  }

  /// A schema that comes back to itself on the same value would never come to an end.
  Result<> check_loops() const {
    enum class Mark : std::uint8_t { unseen, under_way, done };
    std::vector<Mark> marks(nodes_.size(), Mark::unseen);
    struct Step {
      NodeIndex node;
      std::size_t next;
    };
    for (NodeIndex root = 0; root < nodes_.size(); ++root) {
      if (marks[root] != Mark::unseen) continue;
      std::vector<Step> way{{root, 0}};
      marks[root] = Mark::under_way;
      while (!way.empty()) {
        const std::vector<NodeIndex> inner = on_same_value(nodes_[way.back().node]);
        if (way.back().next == inner.size()) {
          marks[way.back().node] = Mark::done;
          way.pop_back();
          continue;
        }
        const NodeIndex to = inner[way.back().next++];
        if (marks[to] == Mark::under_way) return wrong("", "a reference leads back to itself without going deeper");
        if (marks[to] == Mark::unseen) {
          marks[to] = Mark::under_way;
          way.push_back({to, 0});
        }
      }
    }
    return {};
  }
  static std::vector<NodeIndex> on_same_value(const SchemaNode& node) {
    std::vector<NodeIndex> out;
    for (const auto* list : {&node.all_of, &node.any_of, &node.exactly_one_of})
      out.insert(out.end(), list->begin(), list->end());
    for (const auto& one : {node.reference, node.never_as, node.condition, node.then, node.otherwise}) {
      if (one) out.push_back(*one);
    }
    return out;
  }

  const Json& document_;
  std::vector<SchemaNode> nodes_;
  std::map<std::string, NodeIndex> by_path_;
  std::vector<Open> open_;  // nodes whose schema has not been read
};

}  // namespace

Result<std::vector<SchemaNode>> compile_nodes(const Json& document) { return Compiler{document}.compile(); }

}  // namespace louver::filter::validate

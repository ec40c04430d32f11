#include "vectors/document.h"

#include <set>

#include "vectors/vectors.h"

namespace louver::vectors {
namespace {

constexpr int depth_most = 16;

std::string below(std::string path, std::string_view name) {
  path += '/';
  path += name;
  return path;
}

void compare(const Json& given, const Json& computed, const std::string& path, std::vector<std::string>& found) {
  if (given.is_object() && computed.is_object()) {
    for (const auto& [key, value] : computed.items()) {
      const std::string member = below(path, key);
      if (given.contains(key)) {
        compare(given[key], value, member, found);
      } else {
        found.push_back(member + ": missing");
      }
    }
    for (const auto& [key, value] : given.items()) {
      if (!computed.contains(key)) found.push_back(below(path, printable(key, 64)) + ": unknown member");
    }
  } else if (given.is_array() && computed.is_array() && given.size() == computed.size()) {
    for (std::size_t i = 0; i < given.size(); ++i)
      compare(given[i], computed[i], below(path, std::to_string(i)), found);
  } else if (given.is_number_float() || given != computed) {  // 1.0 is not how a document writes 1
    found.push_back(path + ": differs from what is computed");
  }
}

}  // namespace

Result<Json> parse(std::string_view text) {
  if (text.size() > file_octets_most)
    return Error{Fault::limit_exceeded, "a document has at most " + std::to_string(file_octets_most) + " octets"};
  std::vector<std::set<std::string>> open;  // the names of each object that is open: none may stand twice
  bool twice = false;
  bool deep = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    const bool starts = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    deep |= starts && depth >= depth_most;
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) twice |= !open.back().insert(parsed.get<std::string>()).second;
    return true;
  };
  Json document = Json::parse(text, watch, false);
  if (document.is_discarded()) return Error{Fault::bad_value, "not JSON"};
  if (deep) return Error{Fault::limit_exceeded, "nested deeper than " + std::to_string(depth_most)};
  if (twice) return Error{Fault::bad_value, "a member stands twice in one object"};
  return document;
}

Result<Json> compute(std::string_view format, const Json& inputs) {
  const Place place{inputs, "/inputs"};
  if (format == path_format) return compute_path(place);
  if (format == session_format) return compute_session(place);
  return Error{Fault::bad_value,
               "/format: " + std::string{path_format} + " and " + std::string{session_format} + " are known"};
}

std::vector<std::string> difference(const Json& given, const Json& computed) {
  std::vector<std::string> found;
  compare(given, computed, "", found);
  return found;
}

Result<std::vector<std::string>> verify(const Json& document) {
  const Place whole{document, ""};
  LOUVER_ASSIGN(const Place format, whole.at("format"));
  LOUVER_ASSIGN(const std::string name, format.text());
  LOUVER_ASSIGN(const Place inputs, whole.at("inputs"));
  LOUVER_ASSIGN(const Json computed, compute(name, inputs.json()));
  return difference(document, computed);
}

}  // namespace louver::vectors

#include "profile/http1/lift/json_place.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace louver::profile::http1 {
namespace {

using Json = nlohmann::json;

constexpr std::size_t depth_most = 256;
constexpr Refusal no_json{400, "the body is no JSON of one meaning"};

/// Octets for the parser, which says nowhere how far it has come: this does.
class Position {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Position(const char* at, std::size_t* passed) : at_(at), passed_(passed) {}
  reference operator*() const { return *at_; }
  Position& operator++() {
    ++at_;
    ++*passed_;
    return *this;
  }
  Position operator++(int) {
    Position before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Position& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  std::size_t* passed_;
};

bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_number_char(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/// Is told of the document's values in their order, and finds out where they stand from how far the parser has come:
/// behind the last octet of a name, string, literal or bracket; behind a number one further, but at the end.
class Finder final : public nlohmann::json_sax<Json> {
 public:
  Finder(std::string_view document, const std::size_t& passed, std::span<const FieldContext* const> sources,
         FoundValues& out)
      : document_(document), passed_(passed), sources_(sources), out_(out) {}

  bool null() override { return scalar(FieldType::any, {}, passed_); }
  bool boolean(bool) override { return scalar(FieldType::boolean, {}, passed_); }
  bool number_integer(number_integer_t) override { return number(); }
  bool number_unsigned(number_unsigned_t) override { return number(); }
  bool number_float(number_float_t, const string_t&) override { return number(); }
  bool string(string_t& value) override { return scalar(FieldType::string, value, passed_); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    Level& level = levels_.back();
    if (!level.names.insert(name).second) return false;
    path_.resize(levels_.size() - 1);
    path_.push_back(name);
    value_from_ = passed_;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  struct Level {
    bool object;
    bool in_array;                      // an array is around it, or it is one
    std::optional<std::size_t> wanted;  // it is this source's value as a whole
    std::size_t begin;
    std::set<std::string> names;
  };

  std::size_t skip(std::size_t at) const {
    while (at < document_.size() && (is_json_space(document_[at]) || document_[at] == ':')) ++at;
    return at;
  }

  /// The source whose value begins now.
  std::optional<std::size_t> wanted() const {
    if (levels_.empty() || levels_.back().in_array) return std::nullopt;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i]->source.path == path_) return i;
    }
    return std::nullopt;
  }

  bool number() {
    const auto which = wanted();
    if (!which) return true;
    std::size_t end = skip(value_from_);
    while (end < document_.size() && is_number_char(document_[end])) ++end;
    return note(*which, skip(value_from_), FieldType::number, {}, end);
  }
  bool scalar(FieldType type, std::string_view value, std::size_t end) {
    const auto which = wanted();
    return !which || note(*which, skip(value_from_), type, value, end);
  }
  bool open(bool object) {
    if (levels_.size() == depth_most) return false;
    const bool in_array = !object || (!levels_.empty() && levels_.back().in_array);
    levels_.push_back({object, in_array, wanted(), skip(value_from_), {}});
    return true;
  }
  bool close() {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    if (path_.size() > levels_.size()) path_.resize(levels_.size());
    return !level.wanted || note(*level.wanted, level.begin, FieldType::any, {}, passed_);
  }
  bool note(std::size_t which, std::size_t begin, FieldType type, std::string_view value, std::size_t end) {
    FoundValue found{.begin = begin, .end = end, .type = type, .value = std::string{value}};
    if (type != FieldType::string) found.value = document_.substr(begin, end - begin);
    out_[which] = std::move(found);
    return true;
  }

  std::string_view document_;
  const std::size_t& passed_;
  std::span<const FieldContext* const> sources_;
  FoundValues& out_;
  std::vector<Level> levels_;
  std::vector<std::string> path_;  // names from the root to the value that comes next
  std::size_t value_from_ = 0;
};

/// What the parser would let pass: a mark in front, and NUL, which it takes for the end.
bool has_strange_octets(std::string_view document) {
  return document.starts_with("\xef\xbb\xbf") || document.find('\0') != std::string_view::npos;
}

}  // namespace

Verdict find_in_json(std::string_view document, std::span<const FieldContext* const> sources, FoundValues& out) {
  out.assign(sources.size(), std::nullopt);
  if (has_strange_octets(document)) return no_json;
  std::size_t passed = 0;
  Finder finder{document, passed, sources, out};
  const Position begin{document.data(), &passed};
  const Position end{document.data() + document.size(), &passed};
  if (!Json::sax_parse(begin, end, &finder)) {
    out.assign(sources.size(), std::nullopt);
    return no_json;
  }
  return {};
}

bool is_json_value(std::string_view text, FieldType type) {
  if (text.empty() || is_json_space(text.front()) || is_json_space(text.back())) return false;
  // the value as a member, so that the finder says what it is; that it is one alone shows in its end
  const std::string document = "{\"\":" + std::string{text} + "}";
  const FieldContext member{.name = {}, .source = {FieldSource::Kind::json, {""}, {}}, .type = {}, .id = {}};
  const FieldContext* const sources[] = {&member};
  FoundValues found;
  if (find_in_json(document, sources, found) || !found[0]) return false;
  const bool alone = found[0]->begin == 4 && found[0]->end == document.size() - 1;
  return alone && (type == FieldType::any || found[0]->type == type);
}

std::optional<std::string> json_string(std::string_view value) {
  try {
    return Json(value).dump();
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace louver::profile::http1

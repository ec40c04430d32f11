#include "filter/validate/json_text.h"

#include <optional>

namespace louver::filter::validate {
namespace {

/// Builds the value from what nlohmann's parser finds, and stops it where a bound or a rule of ours is broken. The
/// parser itself keeps no stack of calls, so depth costs it nothing.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(Json& root, const JsonBounds& bounds) : root_(root), bounds_(bounds) {}
  const std::optional<Error>& error() const { return error_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return refuse("octets"); }  // not in text
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back()->contains(name)) return refuse("a name stands twice in an object");
    name_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("it is no JSON at octet " + std::to_string(position));
  }

 private:
  bool refuse(const std::string& what) {
    if (!error_) error_ = Error{Fault::blocked_by_policy, what};
    return false;
  }
  bool exceed(const std::string& what) {
    if (!error_) error_ = Error{Fault::limit_exceeded, what};
    return false;
  }

  /// Null when there are too many.
  Json* place(Json value) {
    if (++values_ > bounds_.values_most) {
      exceed("more than " + std::to_string(bounds_.values_most) + " values");
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    Json& in = *open_.back();
    if (in.is_array()) return &in.emplace_back(std::move(value));
    return &(in[name_] = std::move(value));
  }
  bool put(Json value) { return place(std::move(value)) != nullptr; }
  bool open(Json value) {
    if (open_.size() >= bounds_.depth_most) return exceed("deeper than " + std::to_string(bounds_.depth_most));
    Json* const placed = place(std::move(value));
    if (placed == nullptr) return false;
    open_.push_back(placed);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json& root_;
  const JsonBounds& bounds_;
  std::vector<Json*> open_;  // nothing is added to a container while one in it is open, so these stay where they are
  std::string name_;
  std::size_t values_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<Json> read_json(Bytes text, const JsonBounds& bounds) {
  const std::string_view octets = as_text(text);
  if (octets.starts_with("\xef\xbb\xbf")) return Error{Fault::blocked_by_policy, "it begins with a byte order mark"};
  // The parser takes a NUL for the end of its input, whatever stands behind it.
  if (octets.find('\0') != std::string_view::npos) return Error{Fault::blocked_by_policy, "it is no JSON: a NUL"};
  Json out;
  Builder builder{out, bounds};
  const bool whole = Json::sax_parse(octets.begin(), octets.end(), &builder, Json::input_format_t::json, true);
  if (builder.error()) return *builder.error();
  if (!whole) return Error{Fault::blocked_by_policy, "it is no JSON"};
  return out;
}

}  // namespace louver::filter::validate

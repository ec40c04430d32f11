#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong.h"

namespace louver::vectors {

using Json = nlohmann::ordered_json;

/// A value of a document and where it stands there. Reads strictly: the type must be the one that is asked for, nothing
/// is converted, and every error begins with the path.
class Place {
 public:
  /// @param value  must outlive this and whatever is made of it
  Place(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  const Json& json() const { return *value_; }

  /// A member that must be there. @fault bad_value
  Result<Place> at(const char* member) const;
  bool has(const char* member) const { return value_->is_object() && value_->contains(member); }
  /// An object with no other members than these, each optional. @fault bad_value
  Result<> only(std::initializer_list<std::string_view> members) const;
  /// Every member of an object with its name. @fault bad_value
  Result<std::vector<std::pair<std::string, Place>>> members() const;
  /// The elements of an array of at most `most`. @fault bad_value
  Result<std::vector<Place>> items(std::size_t most) const;
  /// @fault bad_value: not a whole number of least..most
  Result<std::uint64_t> number(std::uint64_t least, std::uint64_t most) const;
  Result<bool> boolean() const;
  Result<std::string> text() const;
  /// Lower-case hexadecimal of least..most octets. @fault bad_value
  Result<Buffer> octets(std::size_t least, std::size_t most) const;
  /// A member of such octets, if it is there. @fault bad_value
  Result<std::optional<Buffer>> octets_if_there(const char* member, std::size_t least, std::size_t most) const;
  /// "c2s" or "s2c"
  Result<Direction> direction() const;

  /// An error of this place.
  Error wrong(const std::string& why) const { return Error{Fault::bad_value, path_ + ": " + why}; }
  /// What an engine found wrong with this place.
  Error wrong(const Error& error) const { return Error{error.fault, path_ + ": " + error.detail}; }

 private:
  const Json* value_;
  std::string path_;
};

}  // namespace louver::vectors

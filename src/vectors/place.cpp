#include "vectors/place.h"

namespace louver::vectors {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string shown(std::string_view name) { return '"' + printable(name, 64) + '"'; }

}  // namespace

Result<Place> Place::at(const char* member) const {
  if (!value_->is_object()) return wrong("an object is wanted");
  const auto found = value_->find(member);
  if (found == value_->end()) return Error{Fault::bad_value, path_ + "/" + member + ": missing"};
  return Place{*found, path_ + "/" + member};
}

Result<> Place::only(std::initializer_list<std::string_view> members) const {
  if (!value_->is_object()) return wrong("an object is wanted");
  for (const auto& [name, unused] : value_->items()) {
    if (std::ranges::find(members, std::string_view{name}) == members.end())
      return wrong("no member " + shown(name) + " is known here");
  }
  return {};
}

Result<std::vector<std::pair<std::string, Place>>> Place::members() const {
  if (!value_->is_object()) return wrong("an object is wanted");
  std::vector<std::pair<std::string, Place>> out;
  for (const auto& [name, value] : value_->items())
    out.emplace_back(name, Place{value, path_ + "/" + printable(name, 64)});
  return out;
}

Result<std::vector<Place>> Place::items(std::size_t most) const {
  if (!value_->is_array()) return wrong("an array is wanted");
  if (value_->size() > most) return wrong("at most " + std::to_string(most) + " elements");
  std::vector<Place> out;
  for (std::size_t i = 0; i < value_->size(); ++i) out.emplace_back((*value_)[i], path_ + "/" + std::to_string(i));
  return out;
}

Result<std::uint64_t> Place::number(std::uint64_t least, std::uint64_t most) const {
  // a number that a program wrote may be signed, one that was read is unsigned unless it is negative
  const bool whole = value_->is_number_unsigned() || (value_->is_number_integer() && value_->get<std::int64_t>() >= 0);
  if (whole) {
    const auto number = value_->get<std::uint64_t>();
    if (number >= least && number <= most) return number;
  }
  return wrong("a whole number of " + std::to_string(least) + ".." + std::to_string(most) + " is wanted");
}

Result<bool> Place::boolean() const {
  if (!value_->is_boolean()) return wrong("true or false is wanted");
  return value_->get<bool>();
}

Result<std::string> Place::text() const {
  if (!value_->is_string()) return wrong("a string is wanted");
  return value_->get<std::string>();
}

Result<Buffer> Place::octets(std::size_t least, std::size_t most) const {
  LOUVER_ASSIGN(const std::string digits, text());
  if (digits.size() % 2 != 0) return wrong("an odd number of hexadecimal digits");
  if (digits.size() / 2 < least || digits.size() / 2 > most)
    return wrong(least == most ? std::to_string(least) + " octets are wanted"
                               : std::to_string(least) + ".." + std::to_string(most) + " octets are wanted");
  Buffer out;
  out.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_of(digits[i]);
    const int low = digit_of(digits[i + 1]);
    if (high < 0 || low < 0) return wrong("not lower-case hexadecimal");
    out.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return out;
}

Result<std::optional<Buffer>> Place::octets_if_there(const char* member, std::size_t least, std::size_t most) const {
  if (!has(member)) return std::optional<Buffer>{};
  LOUVER_ASSIGN(const Place there, at(member));
  LOUVER_ASSIGN(Buffer octets, there.octets(least, most));
  return std::optional{std::move(octets)};
}

Result<Direction> Place::direction() const {
  LOUVER_ASSIGN(const std::string name, text());
  for (const Direction direction : both_directions) {
    if (name == name_of(direction)) return direction;
  }
  return wrong("c2s or s2c is wanted");
}

}  // namespace louver::vectors

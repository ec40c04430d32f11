#include "config/reader.h"

#include "config/suggest.h"

namespace louver::config {
namespace {

/// " is a key of gateways, and this file is read for an agent", or nothing where no role has this key.
std::string belongs_elsewhere(const Entry& entry, const Where& where) {
  const std::vector<Role> roles = roles_with(entry.key);
  if (!where.key().empty() || roles.empty()) return "";
  std::string of;
  for (Role role : roles) of += (of.empty() ? "" : " and ") + std::string{name_of(role)};
  return in_quotes(entry.key) + " is a key of the role " + of + ", and this file is read for the role " +
         std::string{name_of(where.source().role)};
}

std::string list(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string{word};
  return out;
}

}  // namespace

Error unknown_key(const Entry& entry, const std::vector<std::string_view>& known, const Where& where) {
  if (const std::string elsewhere = belongs_elsewhere(entry, where); !elsewhere.empty()) {
    return where.plain(entry.place, elsewhere);
  }
  const std::string text = "unknown key " + in_quotes(entry.key) + warning_of_lookalikes(entry.key);
  if (const auto meant = nearest(entry.key, known)) {
    return where.plain(entry.place, text + "; did you mean \"" + std::string{*meant} + "\"?");
  }
  return where.plain(entry.place, text + "; known here: " + list(known));
}

Error missing_key(std::string_view name, std::string_view description, Place table, const Where& where) {
  return where.wrong(table, "the key \"" + std::string{name} + "\" is missing: " + std::string{description});
}

}  // namespace louver::config

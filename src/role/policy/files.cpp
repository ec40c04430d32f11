#include "role/policy/files.h"

#include <algorithm>

namespace louver::role::policy {
namespace {

template <class T>
const T* find_named(const std::vector<T>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &T::name);
  return found == all.end() ? nullptr : &*found;
}

template <class T>
Result<> add(std::vector<T>& all, T one) {
  if constexpr (requires { one.name; }) {
    if (const T* other = find_named(all, one.name)) {
      return Error{Fault::configuration, one.common.file + ": \"" + one.name + "\" is the name of the party in " +
                                             other->common.file + " too"};
    }
  }
  all.push_back(std::move(one));
  return {};
}

}  // namespace

const config::Middlebox* Files::middlebox(std::string_view name) const { return find_named(middleboxes, name); }

const config::Gateway* Files::gateway(std::string_view name) const { return find_named(gateways, name); }

Result<Files> read_files(std::span<const std::string> paths) {
  Files out;
  for (const std::string& path : paths) {
    LOUVER_ASSIGN(config::AnyRole read, config::load_any(path));
    if (auto* agent = std::get_if<config::Agent>(&read)) LOUVER_TRY(add(out.agents, std::move(*agent)));
    if (auto* middlebox = std::get_if<config::Middlebox>(&read))
      LOUVER_TRY(add(out.middleboxes, std::move(*middlebox)));
    if (auto* gateway = std::get_if<config::Gateway>(&read)) LOUVER_TRY(add(out.gateways, std::move(*gateway)));
  }
  return out;
}

}  // namespace louver::role::policy

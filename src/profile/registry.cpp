#include "profile/registry.h"

#include <algorithm>
#include <array>

#include "profile/http1/contexts.h"
#include "profile/stream1/codec.h"

namespace louver::profile {
namespace {

constexpr std::array all = {stream1::traits, http1::traits};

}  // namespace

std::span<const session::ProfileTraits> profiles() { return all; }

const session::ProfileTraits* find_profile(std::string_view name) {
  const auto found = std::ranges::find(all, name, &session::ProfileTraits::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace louver::profile

#include "filter/context_list.h"

#include <algorithm>

#include "base/bytes.h"

namespace louver::filter {

Result<> check_context_list(std::string_view filter, std::span<const std::string> contexts) {
  const auto wrong = [&](const std::string& name, std::string_view what) {
    return Error{Fault::configuration,
                 "filter " + std::string{filter} + ": context \"" + printable(name) + "\" " + std::string{what}};
  };
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    const std::string& name = contexts[i];
    const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
    if (name.empty() || name.size() > 255 || !std::ranges::all_of(name, visible)) {
      return wrong(name, "is no name of a context: 1 to 255 visible ASCII characters");
    }
    if (std::ranges::count(contexts.first(i), name) != 0) return wrong(name, "is listed twice");
  }
  return {};
}

}  // namespace louver::filter

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/advice.h"
#include "config/config.h"

namespace {

/// A file is good, or refused in one line that begins with its name.
template <class Role>
void read(std::string_view text) {
  const auto result = louver::config::parse<Role>(text, "f.toml");
  if (result) {
    louver::config::advice(*result);
    return;
  }
  const std::string& message = result.error().detail;
  if (!message.starts_with("f.toml:") || message.find('\n') != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  read<louver::config::Agent>(text);
  read<louver::config::Middlebox>(text);
  read<louver::config::Gateway>(text);
  return 0;
}

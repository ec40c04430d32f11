#pragma once

#include <chrono>
#include <optional>

#include "base/time.h"
#include "filter/io/icap/head.h"

namespace louver::filter::icap {

enum class Method : std::uint8_t { reqmod, respmod };

/// What a service says in its answer to OPTIONS. RFC 3507 §4.10
struct Offer {
  bool reqmod = false, respmod = false;
  std::optional<std::size_t> preview;  // octets, at most preview_most
  bool allow_204 = false, allow_206 = false;
  std::optional<std::size_t> connections;
  Duration lives = std::chrono::minutes{5};  // 1 s to 1 h
  bool does(Method method) const { return method == Method::reqmod ? reqmod : respmod; }
};

inline constexpr std::size_t preview_most = std::size_t{32} * 1024;

/// @fault bad_value  it is no answer to OPTIONS; the detail says why
Result<Offer> read_offer(const IcapHead& head);

}  // namespace louver::filter::icap

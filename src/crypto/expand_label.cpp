#include "crypto/expand_label.h"

#include <cstdlib>

namespace louver::crypto {

void expand_label(const Suite& suite, Bytes secret, std::string_view label, Bytes context, MutableBytes out) {
  static constexpr std::string_view prefix = "louver ";
  if (out.empty() || out.size() > suite.hash_octets || prefix.size() + label.size() > 255 || context.size() > 255)
    std::abort();
  const std::array<std::byte, 3> head = {static_cast<std::byte>(out.size() >> 8), static_cast<std::byte>(out.size()),
                                         static_cast<std::byte>(prefix.size() + label.size())};
  const std::array<std::byte, 1> context_length = {static_cast<std::byte>(context.size())};
  const std::array<std::byte, 1> block_number = {std::byte{1}};
  std::array<std::byte, hash_octets_most> block{};
  const MutableBytes whole = MutableBytes{block}.first(suite.hash_octets);
  hmac(suite, secret, {head, as_bytes(prefix), as_bytes(label), context_length, context, block_number}, whole);
  std::ranges::copy(whole.first(out.size()), out.begin());
  wipe(block);
}

}  // namespace louver::crypto

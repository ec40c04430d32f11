#include "support/require.h"
#include "support/script.h"
#include "wire/proxy_header.h"

using namespace louver;
using fuzz::require;

/// A header that is taken lies at the front, whole: a shorter piece waits, what follows does not matter, and its
/// addresses can be told again in both versions. What waits is bounded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Buffer input = to_buffer(fuzz::input_of(data, size));
  const auto read = wire::read_proxy_header(input);
  if (!read) return 0;
  if (!*read) {
    require(input.size() < wire::proxy_v2_body_most + 16, "what is waited for is bounded");
    return 0;
  }
  const wire::ProxyHeader& header = **read;
  require(header.octets > 0 && header.octets <= input.size(), "it lies in what has come");
  const Bytes own = Bytes{input}.first(header.octets);
  for (std::size_t i = 0; i < own.size(); ++i) {
    const auto shorter = wire::read_proxy_header(own.first(i));
    require(shorter.has_value() && !*shorter, "every cut of a header waits");
  }
  for (const Buffer& again : {wire::write_proxy_v1(header), wire::write_proxy_v2(header, {})}) {
    const auto told = wire::read_proxy_header(again);
    require(told && *told && (*told)->octets == again.size(), "what is written is whole");
    if (header.kind != wire::ProxyHeader::Kind::addresses) continue;
    require((*told)->source == header.source && (*told)->destination == header.destination, "and says the same");
  }
  return 0;
}

#include <algorithm>

#include "filter/io/mirror/http_text.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::filter::mirror;
using fuzz::require;

/// Messages as a hostile end may write them, made into a text of HTTP. One octet says the direction and what is seen;
/// then come parts: place, end and tombstone in one octet, the exchange in one, a length in one, so many octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = fuzz::input_of(data, size);
  if (input.empty()) return 0;
  const auto number = [&](std::size_t i) { return std::to_integer<unsigned>(input[i]); };
  const unsigned setting = number(0);
  input = input.subspan(1);
  std::size_t out = 0, content = 0, parts = 0;
  HttpText text{(setting & 1U) != 0 ? Direction::s2c : Direction::c2s,
                {(setting & 2U) != 0, (setting & 4U) != 0, (setting & 8U) != 0},
                "s.example",
                [&](Bytes octets) { out += octets.size(); }};
  while (input.size() >= 3) {
    filter::FilterPart part{};
    const unsigned kind = number(0);
    part.exchange = Exchange{number(1)};
    part.end = (kind & 4U) != 0;
    const std::size_t length = std::min<std::size_t>(number(2), input.size() - 3);
    part.bytes = input.subspan(3, length);
    if ((kind & 8U) != 0) {
      part.redacted = true;
      part.redacted_bytes = static_cast<std::uint32_t>(length);
      part.bytes = {};
    }
    input = input.subspan(3 + length);
    content += length;
    ++parts;
    text.on_part(static_cast<HttpText::Place>(std::min(kind & 3U, 2U)), part);
  }
  text.finish();
  require(text.finish(), "what is finished has nothing open");
  require(out <= 4 * content + 512 * (parts + 1), "what is written is in proportion to what came");
  return 0;
}

#include "filter/coding/decoding.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::filter;
using fuzz::require;

namespace {

constexpr coding::Bounds bounds{.octets_most = 4 * 1024 * 1024, .ratio_most = 200};

struct Collected final : coding::ByteSink {
  Result<> take(Bytes bytes) override {
    require(!bytes.empty() && bytes.size() <= coding::decoded_step, "what is decoded comes in small pieces");
    append(out, bytes);
    require(out.size() <= bounds.octets_most, "no more comes out than the bounds say");
    return {};
  }
  Buffer out;
};

/// Whether it decodes, and to what.
std::pair<bool, Buffer> decode(std::span<const coding::Coding> codings, Bytes input, std::size_t step) {
  auto decoding = coding::Decoding::make(codings, bounds);
  require(decoding.has_value(), "there is memory");
  Collected sink;
  bool good = true;
  while (good && !input.empty()) {
    const Bytes piece = input.first(std::min(step, input.size()));
    input = input.subspan(piece.size());
    good = (*decoding)->decode(piece, sink).has_value();
  }
  good = good && (*decoding)->end().has_value();
  return {good, std::move(sink.out)};
}

}  // namespace

/// Content codings of bodies that a scan looks into: bounded, and the same however a body is cut. The first octet says
/// which codings.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = fuzz::input_of(data, size);
  if (input.empty()) return 0;
  const auto order = static_cast<std::uint8_t>(input[0]);
  std::vector<coding::Coding> codings{static_cast<coding::Coding>(order & 3)};
  if ((order & 4) != 0) codings.push_back(static_cast<coding::Coding>(order >> 3 & 3));
  const auto whole = decode(codings, input.subspan(1), input.size());
  const auto cut = decode(codings, input.subspan(1), 1 + (order >> 5));
  if (whole.first && cut.first) require(whole.second == cut.second, "the cut makes no difference");
  // A ratio can be exceeded for a moment within pieces that are smaller, so only this way round:
  if (cut.first) require(whole.first, "what decodes in small pieces decodes as a whole");
  return 0;
}

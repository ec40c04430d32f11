#include "profile/http1/body_decoder.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::profile::http1;
using fuzz::require;

namespace {

struct Outcome {
  std::string content;
  std::string trailers;
  bool done = false;
  bool refused = false;
};

/// The body in pieces of at most `piece` octets.
Outcome decode(Bytes input, const Framing& framing, std::size_t piece) {
  BodyDecoder decoder{framing, Limits{}, TrailerUse::carry};
  Outcome out;
  while (!input.empty() && !decoder.done() && !decoder.refusal()) {
    const Bytes front = input.first(std::min(piece, input.size()));
    const BodyDecoder::Step step = decoder.step(front);
    require(step.consumed <= front.size(), "a decoder takes no more than there is");
    require(step.content.size() <= step.consumed, "content is part of what was taken");
    require(step.consumed > 0 || decoder.done() || decoder.refusal(), "a decoder goes on");
    out.content += as_text(step.content);
    input = input.subspan(step.consumed);
  }
  out.done = decoder.done();
  out.trailers = write_trailers(decoder.trailers());
  out.refused = decoder.refusal().has_value();
  return out;
}

}  // namespace

/// A body of an HTTP connection says the same however it is cut. The first octet chooses framing and cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  const std::uint8_t choice = script.octet();
  Framing framing;
  framing.kind = (choice & 1) == 0 ? Framing::Kind::chunked : Framing::Kind::length;
  if (framing.kind == Framing::Kind::length) framing.length = script.number();
  const Outcome whole = decode(script.rest(), framing, script.rest().size());
  const Outcome cut = decode(script.rest(), framing, 1U + (choice >> 1) % 16);
  require(whole.done == cut.done && whole.refused == cut.refused, "a body ends the same however it is cut");
  require(whole.content.starts_with(cut.content) || cut.content.starts_with(whole.content), "and says the same");
  require(whole.refused || whole.content == cut.content, "and all of it");
  require(whole.trailers == cut.trailers, "and so do its trailers");
  const auto taken = parse_trailers(as_bytes(whole.trailers), "request-trailers", Limits{});
  require(whole.refused || (taken && write_trailers(*taken) == whole.trailers), "which the far end takes");
  require(framing.kind != Framing::Kind::length || whole.content.size() <= framing.length,
          "a counted body is not longer");
  return 0;
}

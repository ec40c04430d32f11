#include "profile/http1/test_support.h"
#include "support/http_rules.h"

using namespace louver;
using namespace louver::profile::http1;
using fuzz::require;

namespace {

/// A gateway between a path and an origin that both say what they like. An order is an octet: 0..2 a part of the path,
/// 3 and 4 octets of the origin (a string), 5 the origin ends, 6 its output is taken, 7 the request waits or goes on.
void run(fuzz::Script script, const SessionPlan& plan) {
  test::Gateway gateway{{}, plan};
  Result<> result;
  while (!script.done() && result) {
    const std::uint8_t order = script.octet() & 7;
    if (order <= 2) result = gateway.receive(fuzz::part_of(script, Direction::c2s));
    if (order == 3 || order == 4) result = gateway.origin_sends(as_text(script.string()));
    if (order == 5) {
      const auto ended = gateway.codec.origin_closed((script.octet() & 1) != 0);
      if (!ended) result = ended.error();
    }
    if (order == 6) gateway.take_output();
    if (order == 7) {
      gateway.decision = (script.octet() & 1) != 0 ? GatewayDecision::wait() : GatewayDecision::accept();
      result = gateway.codec.resume();
    }
    require(gateway.codec.open_exchanges() <= Limits{}.held_exchanges + 1, "open exchanges are bounded");
  }
  fuzz::check_parts(gateway.sink.parts, Direction::s2c,
                    plan.trailers ? std::optional{plan.trailers->response} : std::nullopt);
  const auto end = gateway.codec.on_session_end(result.has_value());
  require(end.has_value() || end.error().fault == Fault::truncated || !result, "an end is whole or a truncation");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SessionPlan plan{.bind_target = false};
  run(fuzz::Script{fuzz::input_of(data, size)}, plan);
  plan.trailers = fuzz::trailers_up;
  run(fuzz::Script{fuzz::input_of(data, size)}, plan);
  return 0;
}

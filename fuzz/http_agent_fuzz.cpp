#include "profile/http1/test_support.h"
#include "support/http_rules.h"

using namespace louver;
using namespace louver::profile::http1;
using fuzz::require;

/// An agent between an application and a path that both say what they like. The first octet chooses what it listens for
/// and whether its session has trailers. An order is an octet: 0..2 octets of the
/// application (a string), 3 and 4 a part of the path, 5 the application ends, 6 its output is taken, 7 a refusal is
/// due.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  const std::uint8_t choice = script.octet();
  test::Agent agent{(choice & 1) == 0 ? AgentOptions{} : test::forward_proxy()};
  SessionPlan plan;
  if ((choice & 2) != 0) plan.trailers = fuzz::trailers_down;
  Result<> result = agent.codec.start_session(plan);
  while (!script.done() && result) {
    const std::uint8_t order = script.octet() & 7;
    if (order <= 2) result = agent.send(as_text(script.string()));
    if (order == 3 || order == 4) result = agent.receive(fuzz::part_of(script, Direction::s2c));
    if (order == 5) result = agent.codec.application_closed();
    if (order == 6) agent.take_output();
    if (order == 7) agent.decision = AgentDecision::refuse(403, "not here");
    require(agent.codec.open_exchanges() <= Limits{}.open_exchanges, "open exchanges are bounded");
  }
  fuzz::check_parts(agent.sink.parts, Direction::c2s,
                    plan.trailers ? std::optional{plan.trailers->request} : std::nullopt);
  agent.codec.on_session_end(result.has_value());
  return 0;
}

#include "session/relay_session.h"
#include "support/part_rules.h"
#include "support/world.h"

using namespace louver;
using fuzz::require;

namespace {

/// Filters that do what octets of the script say, within their grant.
class Filters final : public session::RelayHandler {
 public:
  explicit Filters(Bytes orders) : orders_(orders) {}

  Result<session::Verdict> on_part(const session::Part& part, session::Grant grant, session::PartSink* emit) override {
    require(!over, "nothing is shown after a fault");
    require((grant == session::Grant::write) == (emit != nullptr), "writers and nobody else may emit");
    require(grant != session::Grant::none, "nothing is shown without a grant");
    const std::uint8_t order = orders_.octet() & 7;
    if (order == 1 && grant == session::Grant::redact && !part.redacted && !part.bytes.empty())
      return session::Verdict::redact;
    if (order == 5) return session::Verdict::later;
    if (emit == nullptr || order > 4) return session::Verdict::pass;
    if (order == 2 && !part.end) return session::Verdict::hold;
    if (order == 3)
      LOUVER_TRY(emit->on_part({part.context, part.direction, part.exchange, as_bytes("instead"), false}));
    if (order >= 3) {
      LOUVER_TRY(emit->on_part({part.context, part.direction, part.exchange, part.bytes, part.end}));
      return session::Verdict::replaced;
    }
    return session::Verdict::pass;
  }
  Result<session::Verdict> on_answer(const session::Part& part, session::Grant grant,
                                     session::PartSink* emit) override {
    return on_part(part, grant, emit);
  }
  bool over = false;

 private:
  fuzz::Script orders_;
};

/// Records only, whole, each of a context of this session and within its bound.
void check_output(const session::KeySource& keys, const session::Outbound& out) {
  Buffer bytes = out.flatten();
  MutableBytes rest{bytes};
  while (!rest.empty()) {
    const auto frame = wire::next_frame(rest, keys.plan().longest_record());
    require(frame && *frame, "a relay puts out whole frames");
    const wire::FrameHeader& header = (*frame)->header;
    require(header.type == wire::FrameType::data || header.type == wire::FrameType::redacted,
            "a relay puts out records");
    require(keys.terms().find_context(ContextId{header.id}) != nullptr, "a record is of a context of the session");
    rest = rest.subspan((*frame)->whole.size());
  }
}

}  // namespace

/// A middlebox: what its filters do comes as a string, then octets that arrive, each string with its side before it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  fuzz::Choice choice = fuzz::choose(script);
  choice.middleboxes = std::max<std::uint8_t>(choice.middleboxes, 1);
  fuzz::SessionWorld& world = fuzz::SessionWorld::of(choice);
  const session::KeySource& keys = world.keys[1];
  Filters filters{script.string()};
  auto made = session::RelaySession::make(keys, world.profile(), limits::idle_deadline, TimePoint{});
  require(made.has_value(), "a middlebox has its keys");
  session::RelaySession& relay = **made;
  std::array<Buffer, 2> inputs;
  while (!script.done()) {
    const Side from = (script.octet() & 1) == 0 ? Side::client : Side::server;
    Buffer& input = inputs[slot(from)];
    append(input, script.string());
    session::Outbound onward;
    const auto consumed = relay.receive(from, input, filters, TimePoint{}, onward);
    check_output(keys, onward);
    if (!consumed) break;
    require(*consumed <= input.size(), "an engine consumes no more than there is");
    require(*consumed != 0 || onward.empty(), "nothing goes on unless something came");
    if (relay.stalled(from)) {
      session::Outbound nothing;
      const auto more = relay.receive(from, MutableBytes{input}.subspan(*consumed), filters, TimePoint{}, nothing);
      require(more.has_value() && *more == 0 && nothing.empty(), "a stalled relay takes nothing in");
      session::Outbound late;
      const auto resumed = relay.resume(from, filters, TimePoint{}, late);
      check_output(keys, late);
      if (!resumed) break;
    }
    require(relay.on_connection_end(from).has_value() == relay.ended(from), "an end without every FIN is a truncation");
    input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(*consumed));
    require(relay.stalled(from) || input.size() < wire::header_octets + keys.plan().longest_record() + 300,
            "a partial frame is bounded");
  }
  filters.over = true;
  return 0;
}

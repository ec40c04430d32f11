#include "session/endpoint_session.h"
#include "support/part_rules.h"
#include "support/world.h"

using namespace louver;
using fuzz::require;

namespace {

/// One end of a session. An order is an octet. 0..3: octets arrive (a string); 4: the application sends (context,
/// exchange, whether it ends, a string); 5: it has no more; 6: time passes; 7: the connection ends.
class End {
 public:
  End(fuzz::SessionWorld& world, bool client)
      : keys_(client ? world.keys.front() : world.keys.back()),
        out_way_(client ? Direction::c2s : Direction::s2c),
        rules_(keys_, world.profile()) {
    auto made = session::EndpointSession::make(keys_, world.profile(), limits::idle_deadline, now_);
    require(made.has_value(), "an endpoint has its keys");
    engine_ = *std::move(made);
  }

  /// @return false after a fault
  bool obey(fuzz::Script& script) {
    session::Outbound out;
    switch (script.octet() & 7) {
      case 4:
        send(script, out);
        return true;
      case 5:
        return engine_->finish(out, now_).has_value();
      case 6:
        now_ += std::chrono::seconds{script.octet()};
        return engine_->deadline() > now_ || !require_fault(engine_->on_deadline(now_));
      case 7:
        require(engine_->on_connection_end().has_value() == engine_->received_end(),
                "an end without every FIN is a truncation");
        return false;
      default:
        return arrive(script.string());
    }
  }
  /// After a fault the engine must not hand over more, whatever comes.
  void end() { rules_.session_is_over(); }

 private:
  static bool require_fault(const Result<>& result) {
    require(!result, "a deadline that has passed ends the session");
    return true;
  }
  void send(fuzz::Script& script, session::Outbound& out) {
    const ContextId context{script.octet()};
    const Exchange exchange{script.octet()};
    const bool ends = (script.octet() & 1) != 0;
    const auto sent = engine_->send({context, out_way_, exchange, script.string(), ends}, out, now_);
    require(sent.has_value() || out.empty(), "what was refused has not gone out");
  }
  bool arrive(Bytes bytes) {
    append(input_, bytes);
    const auto consumed = engine_->receive(input_, rules_, now_);
    if (!consumed) return false;
    require(*consumed <= input_.size(), "an engine consumes no more than there is");
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(*consumed));
    require(input_.size() < wire::header_octets + keys_.plan().longest_record() + 300, "a partial frame is bounded");
    return true;
  }

  const session::KeySource& keys_;
  Direction out_way_;
  fuzz::PartRules rules_;
  TimePoint now_{std::chrono::hours{1}};
  std::unique_ptr<session::EndpointSession> engine_;
  Buffer input_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  fuzz::SessionWorld& world = fuzz::SessionWorld::of(fuzz::choose(script));
  End end{world, (script.octet() & 1) == 0};
  while (!script.done() && end.obey(script)) {
  }
  end.end();
  return 0;
}

#pragma once

#include <map>

#include "session/profile_traits.h"
#include "session/terms.h"
#include "sim/session_nodes.h"
#include "support/require.h"

namespace louver::fuzz {

/// Holds an engine to what it promises of the parts that it hands over at a sink.
class PartRules final : public session::PartSink {
 public:
  PartRules(const session::KeySource& keys, const session::ProfileTraits& profile)
      : terms_(keys.terms()), profile_(profile) {}

  Result<> on_part(const session::Part& part) override {
    require(!over_, "nothing is handed over after a fault");
    const session::ContextInfo* context = terms_.find_context(part.context);
    require(context != nullptr && context->has[slot(part.direction)], "a part is of a context of the session");
    require(part.bytes.size() <= terms_.max_record() && part.redacted_bytes <= terms_.max_record(),
            "a part is of a record's size");
    require(!part.redacted || part.bytes.empty(), "a tombstone has no content");
    Last& last = last_[{part.context, part.direction}];
    if (profile_.exchanges)
      check_exchange(last, raw(part.exchange), session::traits_of(profile_, *context).several_messages);
    if (!profile_.exchanges) require(raw(part.exchange) == 0, "a profile without exchanges has exchange 0");
    last = {raw(part.exchange), !part.end};
    return {};
  }
  void session_is_over() { over_ = true; }

 private:
  struct Last {
    std::uint32_t exchange = 0;
    bool open = false;
  };
  static void check_exchange(const Last& last, std::uint32_t exchange, bool several_messages) {
    const bool same = exchange == last.exchange && (last.open || several_messages);
    const bool next = exchange == last.exchange + 1 && !last.open;
    require(exchange != 0 && (same || next), "exchanges come one by one, each message whole before the next");
  }

  const session::Terms& terms_;
  const session::ProfileTraits& profile_;
  std::map<std::pair<ContextId, Direction>, Last> last_;
  bool over_ = false;
};

}  // namespace louver::fuzz

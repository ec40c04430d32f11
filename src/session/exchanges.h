#pragma once

#include <algorithm>

#include "base/limits.h"
#include "base/result.h"
#include "base/strong.h"

namespace louver::session {

/// Which exchanges a party has seen pass, in both directions: one for each session and party. docs/protocol.md §6
/// "Exchange"
struct ExchangeLedger {
  std::uint32_t highest_c2s = 0;  // any c2s record of it has passed
  std::uint32_t completed = 0;    // every s2c context has ended its message, for all up to this
};

/// The rule for one context and direction at its sink (and, against our own mistakes, at its author).
class ExchangeRule {
 public:
  ExchangeRule(bool numbered, bool several_messages) : numbered_(numbered), several_messages_(several_messages) {}

  /// Takes one record's exchange and end; `padding_only` records open nothing.
  /// @fault record_exchange: not the last or the next, a second message, another exchange before EOM, exchange 0 where
  /// numbered
  Result<> take(Exchange exchange, bool end, bool padding_only) {
    const std::uint32_t n = raw(exchange);
    if (!numbered_) {
      if (n != 0) return refuse(n, "this profile knows exchange 0 only");
      if (!padding_only) open_ = !end;
      return {};
    }
    if (n == 0) return refuse(n, "exchanges count from 1");
    if (padding_only) return n == last_ || n == last_ + 1 ? Result<>{} : refuse(n, "neither the last nor the next");
    if (open_ && n != last_) return refuse(n, "the message before has not ended");
    if (!open_ && n == last_ && !several_messages_) return refuse(n, "a second message");
    if (n != last_ && n != last_ + 1) return refuse(n, "neither the last nor the next");
    last_ = n;
    open_ = !end;
    return {};
  }

  bool message_open() const { return open_; }
  bool several_messages() const { return several_messages_; }
  std::uint32_t last() const { return last_; }
  /// The highest exchange whose message here has ended; 0 where they are not numbered.
  std::uint32_t ended() const { return open_ && numbered_ ? last_ - 1 : last_; }

 private:
  static Error refuse(std::uint32_t n, const char* why) {
    return {Fault::record_exchange, "exchange " + std::to_string(n) + ": " + why};
  }

  bool numbered_;
  bool several_messages_;
  bool open_ = false;
  std::uint32_t last_ = 0;
};

}  // namespace louver::session

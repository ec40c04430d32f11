#pragma once

#include <algorithm>

#include "base/limits.h"
#include "filter/ask/engine.h"

namespace louver::filter::ask {

/// An engine that did not answer, or not as it may. The views live until the callback returns.
struct Failure {
  std::string_view filter;   // the kind
  std::string_view session;  // SessionInfo::id
  std::string_view context;
  Direction direction{};
  Exchange exchange{};
  std::string_view what;  // no content
  bool passed = false;    // the message goes on unchecked
};

struct AskOptions {
  enum class Unit : std::uint8_t {
    message,  // asked about when it has ended; a writer keeps it back until then, a reader its last record
    piece,    // asked about as it comes
  };
  enum class OnFailure : std::uint8_t {
    block,  // the session ends
    pass,   // the message goes on as it came, and the rest of it unasked
  };
  std::string_view kind = {};                // lives as long as the factory
  std::vector<std::string> contexts = {};    // empty: every context on which the session grants enough
  std::vector<std::string> by_default = {};  // if `contexts` is empty: of these contexts only; empty: of all
  Grant access = Grant::inspect;             // read: only `pass`; inspect: or `block`; redact, write: or that
  Unit unit = Unit::message;
  OnFailure on_failure = OnFailure::block;
  std::size_t message_most = limits::held_bytes;  // octets of a message that is asked about as a whole
  /// Tell the engine, with every body, the heads of its exchange, as far as the session lets them be read.
  bool with_heads = false;
  std::shared_ptr<Engine> engine = {};
  /// Called on the session's thread, so by several threads at a time; must not block.
  std::function<void(const Failure&)> write = {};

  bool asks_about(std::string_view context) const {
    const std::vector<std::string>& names = contexts.empty() ? by_default : contexts;
    return names.empty() || std::ranges::find(names, context) != names.end();
  }
};

/// Asks the engine about every message, or piece, that has content, and does as it says. A replaced head must have the
/// canonical form.
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_ask(AskOptions options);

}  // namespace louver::filter::ask

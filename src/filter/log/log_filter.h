#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "filter/filter.h"

namespace louver::filter::log {

inline constexpr std::size_t excerpt_characters = 256;

/// What the filter notes of one message. The views live until the callback returns.
struct LogRecord {
  std::string_view session;  // SessionInfo::id
  std::string_view context;
  Direction direction{};
  Exchange exchange{};
  std::uint64_t octets = 0;           // of content that was seen
  std::uint64_t redacted_octets = 0;  // that were there, as redactors say
  bool complete = true;               // false: the session ended before the message did
  /// The beginning of the content, if the operator asked for it: at most excerpt_characters of printable ASCII, the
  /// rest escaped. Never of a context of credentials.
  std::optional<std::string> excerpt;
};

struct LogOptions {
  std::vector<std::string> contexts = {};  // empty: every context on which the session grants read
  bool payload = false;                    // excerpts too
  double sample = 1;                       // the share of exchanges that are noted, 0..1
  /// Called on the session's thread, so by several threads at a time; must not block.
  std::function<void(const LogRecord&)> write = {};
};

/// A record for each message of the exchanges that the sample holds: a request and its responses are noted together,
/// and all middleboxes of a path with the same share choose the same ones. Sampling is no protection: a client can
/// reckon it out.
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_log(LogOptions options);

}  // namespace louver::filter::log

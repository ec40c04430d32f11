#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong.h"

namespace louver::session {

/// A piece of one message: the plaintext of one record, or what an application hands over to be sent.
///
/// A message is everything of one exchange, context and direction up to `end`. Pieces of one message come in order;
/// between contexts only `exchange` says what belongs together (docs/protocol.md §6). `bytes` lives until the callback
/// returns.
struct Part {
  ContextId context;
  Direction direction;
  Exchange exchange;
  Bytes bytes;            // may be empty (an end alone)
  bool end = false;       // the message ends with these bytes
  bool redacted = false;  // a tombstone: `bytes` is empty, `redacted_bytes` is what the redactor states was there
  std::uint32_t redacted_bytes = 0;
  PartyIndex redactor{};  // whose tombstone it is
};

/// Where parts go: an engine's way to the application, an application's way into an engine.
class PartSink {
 public:
  virtual ~PartSink() = default;
  /// A fault ends the session; nothing that comes later is handed over.
  virtual Result<> on_part(const Part& part) = 0;

 protected:
  PartSink() = default;
  PartSink(const PartSink&) = default;
  PartSink& operator=(const PartSink&) = default;
};

}  // namespace louver::session

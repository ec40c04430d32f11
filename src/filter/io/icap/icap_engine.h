#pragma once

#include <chrono>

#include "base/limits.h"
#include "base/time.h"
#include "filter/ask/engine.h"
#include "runtime/endpoint.h"

namespace louver::filter::icap {

struct ClientOptions {
  runtime::Endpoint server;
  std::string reqmod;   // the service that is asked about what comes from the client: "avscan"
  std::string respmod;  // and about what comes from the server
  std::size_t connections = 20;
  Duration connect_within = std::chrono::seconds{2};
  /// Each answer: to OPTIONS, to a preview, and from the last octet of a message to the end of the verdict. Also how
  /// long the server may take no octet, and how long a question waits for a connection.
  Duration answer_within = std::chrono::seconds{5};
  Duration idle_within = std::chrono::seconds{30};       // an unused connection is kept
  std::uint64_t message_most = std::uint64_t{64} << 20;  // octets of a body
  std::size_t changed_most = limits::held_bytes;         // octets of a body that the server puts in its place
  std::size_t held_most = std::size_t{64} << 20;         // octets of all messages together that wait here
  std::size_t messages_most = 4096;                      // that are open at a time
};

/// A client of one ICAP server (RFC 3507), for `ask` to ask. Bodies are sent on as they come: of a question that is not
/// the end of its message, `pass` means that the server may have more. The first 32 KiB of a message are gathered
/// before a connection is taken for it, so that slow senders take none.
///
/// A connection on which anything went wrong, or on which something is unsent or unread, is closed and never used
/// again. docs/filters.md, "icap"
/// @fault configuration
Result<std::shared_ptr<ask::Engine>> make_icap(ClientOptions options);

}  // namespace louver::filter::icap

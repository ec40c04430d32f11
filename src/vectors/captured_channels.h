#pragma once

#include "vectors/capture.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace louver::vectors {

/// A message in a channel, as it was said.
struct Said {
  wire::MessageType type;
  Buffer body;
};

/// One channel of docs/protocol.md §4, opened. Its TLS client is the end towards the client of the path.
struct ReadChannel {
  TlsReading tls;
  std::vector<Said> from_client, from_server;
};

/// The Hello, and every channel by its name: e, c1 .. cN, s1 .. sN.
struct CapturedChannels {
  Buffer hello;
  std::map<std::string, ReadChannel> channels;
};

/// Gathers the channels from the CHANNEL frames, checks that these belong on their hops and went through every
/// middlebox unchanged, and opens them. docs/protocol.md §2, §4
/// @fault unexpected_frame, tls_failed, and those of messages, each with the hop or channel
Result<CapturedChannels> read_channels(const Capture& capture);

/// Each message with its type's name, and each leaf's hash, for the document.
Json to_json(const CapturedChannels& channels);

}  // namespace louver::vectors

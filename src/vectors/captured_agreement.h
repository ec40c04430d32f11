#pragma once

#include "vectors/captured_channels.h"
#include "vectors/path.h"

namespace louver::vectors {

/// What the captured agreement led to.
struct CapturedAgreement {
  wire::Hash hello_hash{}, manifest_hash{};
  wire::Manifest manifest;
  Roots roots;
  Path path;
  std::uint32_t alive = 0;  // the server's newest
};

/// Computes from Hello, Accept, Describe, certificates, exporter and seeds what everybody had to say, and checks that
/// everybody has said just that, in the order of docs/protocol.md §4; behind it stand only Alive and Close.
/// @fault those of the engines; manifest_differs, unexpected_message with the channel
Result<CapturedAgreement> check_agreement(const Capture& capture, const CapturedChannels& channels);

}  // namespace louver::vectors

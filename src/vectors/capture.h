#pragma once

#include <map>

#include "vectors/place.h"
#include "vectors/tls_reader.h"

namespace louver::vectors {

/// The frames of one hop, each direction in its order.
struct HopFrames {
  std::array<std::vector<Buffer>, 2> frames;  // by direction
};

/// The member `inputs` of a document of format louver-session/1: an association and one session of it as the network
/// saw them, and the key log that opens them. docs/vectors/README.md
struct Capture {
  std::map<std::string, TlsSecrets> tls;  // by channel: e, c1 .. cN, s1 .. sN
  std::optional<Buffer> client_seed, server_seed;
  std::vector<HopFrames> association, session;  // by hop
  std::size_t middleboxes() const { return association.size() - 1; }
};

/// @fault bad_value with the path of what is missing, unknown or wrong
Result<Capture> read_capture(const Place& inputs);

/// The same the other way round: for who captures.
Json to_json(const Capture& capture);

}  // namespace louver::vectors

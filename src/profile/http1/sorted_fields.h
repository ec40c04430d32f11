#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "profile/http1/raw_head.h"

namespace louver::profile::http1 {

/// The fields of a head from outside, each in its place (fields.h), what belongs to the connection alone already gone.
struct SortedFields {
  Fields head;
  Fields credentials;
  std::optional<std::string> host;
  std::optional<std::string> expect;
  std::optional<std::uint64_t> length;
  bool chunked = false;
  std::optional<std::string> upgrade;  // all fields of that name, joined as one list
  bool upgrade_nominated = false;      // Connection: upgrade
  bool close = false;                  // Connection: close
  bool keep_alive = false;             // Connection: keep-alive
  bool takes_trailers = false;         // TE: trailers
};

/// Refuses what makes the framing or the place of a field doubtful: Content-Length twice or beside Transfer-Encoding,
/// any coding but exactly `chunked`, codings in HTTP/1.0, two hosts, look-alikes of a listed name, a nominated
/// protected field. `louver-*` is dropped without a word, as everybody may send it.
Verdict sort_fields(RawHead raw, SortedFields& out);

}  // namespace louver::profile::http1

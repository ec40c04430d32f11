#pragma once

#include "role/demo/client.h"
#include "role/demo/exit.h"

namespace louver::role::demo {

/// A request, what came of it, and what was looked at.
struct RequestResult {
  std::string what;
  Request request;
  Answer answer;
  std::vector<Check> checks;
  bool ok() const;
};

/// What a party had before it of one context, by its own account (middleboxes: their log) or ours (the ends).
struct Seen {
  std::string grant;  // author, sink, none, read, write
  std::optional<std::uint64_t> messages, octets;
  std::optional<std::uint64_t> put_octets;  // a writer: what went on instead
};
struct MatrixRow {
  std::string context;
  std::string direction;
  std::array<Seen, cast.size()> by_party;
};

/// What the honest path did.
struct Play {
  std::string client;  // the HTTP client's name
  std::vector<RequestResult> requests;
  std::vector<MatrixRow> matrix;
  std::vector<Check> checks;  // of the whole
  bool ok() const;
};

/// Makes the requests and collects what everybody saw.
/// @param real_origin  "http://host:port/path": only this is fetched; empty: the embedded origin's requests
/// @fault as Stage::wait
Result<Play> perform(Stage& stage, const Path& path, HttpClient& http, const std::string& real_origin);

}  // namespace louver::role::demo

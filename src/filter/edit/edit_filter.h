#pragma once

#include "filter/filter.h"
#include "filter/http/head.h"

namespace louver::filter::edit {

/// Prefixes of a path, both beginning with '/'; `from` fits whole segments: "/api" fits "/api" and "/api/x", not
/// "/apis".
struct PathRewrite {
  std::string from;
  std::string to;
};

struct EditOptions {
  /// Of request-head and response-head those that are edited; empty: those on which the session grants write, one at
  /// least.
  std::vector<std::string> contexts = {};
  std::vector<std::string> remove = {};        // names; done first
  std::vector<http::Field> set = {};           // each takes the place of all fields of its name, or comes last
  std::vector<http::Field> add = {};           // come last
  std::vector<PathRewrite> rewrite_path = {};  // requests only: the first that fits, once
};

/// Changes header fields and paths of `http/1`. Keeps each head back until it is whole (head_bytes_most); what goes on
/// is in the canonical form. Interim responses are heads like others, so that no field that is to be removed goes out
/// with one. A head of which something was redacted ends the session: what would be made of the rest is not what its
/// sender wrote.
///
/// @param options  names in any case
/// @fault configuration  nothing to do, a context without heads, no name or value of a header field, a field that is
/// not for a
///                       filter to change (kept_fields.h), rules that contradict each other
Result<std::shared_ptr<const FilterFactory>> make_edit(EditOptions options);

}  // namespace louver::filter::edit

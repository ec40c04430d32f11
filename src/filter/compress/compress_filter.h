#pragma once

#include "filter/coding/content_coding.h"
#include "filter/filter.h"

namespace louver::filter::compress {

struct CompressOptions {
  std::vector<std::string> contexts = {};  // must be empty: the filter has its own
  std::vector<coding::Coding> codings = {coding::Coding::br, coding::Coding::gzip};  // the best liked first
  std::uint64_t least = 1024;         // bodies that are announced to be shorter stay as they are
  bool allow_beside_secrets = false;  // see below
};

/// Applies a content coding to bodies of responses that the client accepts and that are worth it; docs/operations.md
/// has the list. Needs write on response-head and response-body, and read on request-head.
///
/// Where an attacker chooses a part of a request that comes back in the answer, the size of the compressed answer tells
/// him of secrets in it (BREACH). So, unless `allow_beside_secrets`, only those answers are compressed that say
/// "cache-control: public", or whose request had no credentials, which can be known where the session grants read on
/// request-credentials.
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_compress(CompressOptions options);

}  // namespace louver::filter::compress

#pragma once

#include <optional>

#include "filter/coding/content_coding.h"
#include "filter/http/head.h"

namespace louver::filter::compress {

/// The first of `offered` that the `accept-encoding` fields of a request accept; nothing if none is, or if the fields
/// are not in their form. RFC 9110 §12.5.3
std::optional<coding::Coding> accepted_of(const http::Head& request, std::span<const coding::Coding> offered);

/// One element of a list of tokens, in any case: `cache-control: max-age=1, No-Transform` has "no-transform".
bool lists(const http::Head& head, std::string_view field, std::string_view token);

/// What of a response forbids to compress it, or makes it not worth it; empty if nothing does. Secrets apart.
std::string_view why_not(const http::Head& response, std::uint64_t least);

/// The head of the same response in a coding: no content-length, a weak ETag, vary.
void apply_coding(http::Head& response, coding::Coding coding);

}  // namespace louver::filter::compress

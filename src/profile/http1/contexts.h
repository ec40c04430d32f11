#pragma once

#include <array>

#include "base/strong.h"
#include "session/profile_traits.h"

namespace louver::profile::http1 {

/// Credential messages are padded, so that their length tells little. docs/protocol.md §6 (PAD)
inline constexpr std::uint16_t credentials_pad_bytes = 256;

inline constexpr std::uint8_t c2s_only = 1;
inline constexpr std::uint8_t s2c_only = 2;

/// The contexts of `http/1`. Every exchange carries one message in each of them, empty if there is nothing to say, and
/// several in `response-head` if there are interim (1xx) responses.
inline constexpr std::array<session::ContextTraits, 6> contexts = {{
    {.name = "request-head", .directions = c2s_only},
    {.name = "request-credentials", .directions = c2s_only, .pad_to = credentials_pad_bytes},
    {.name = "request-body", .directions = c2s_only},
    {.name = "response-head", .directions = s2c_only, .several_messages = true},
    {.name = "response-credentials", .directions = s2c_only, .pad_to = credentials_pad_bytes},
    {.name = "response-body", .directions = s2c_only},
}};

inline constexpr session::ProfileTraits traits = {
    .name = "http/1", .exchanges = true, .multiplexed = false, .contexts = contexts};

/// What a session has beside these where both ends carry trailers, with the ids behind theirs: one message in each
/// exchange, behind the body of its direction.
inline constexpr std::array<session::ContextTraits, 2> trailer_contexts = {{
    {.name = "request-trailers", .directions = c2s_only},
    {.name = "response-trailers", .directions = s2c_only},
}};

inline constexpr std::array<session::ContextTraits, 8> contexts_with_trailers = {
    contexts[0], contexts[1], contexts[2],         contexts[3],
    contexts[4], contexts[5], trailer_contexts[0], trailer_contexts[1]};
inline constexpr session::ProfileTraits traits_with_trailers = {
    .name = "http/1", .exchanges = true, .multiplexed = false, .contexts = contexts_with_trailers};

/// The ids that the Hello gave to the contexts above.
struct ContextIds {
  ContextId request_head;
  ContextId request_credentials;
  ContextId request_body;
  ContextId response_head;
  ContextId response_credentials;
  ContextId response_body;
};

/// The ids of those for trailers.
struct TrailerIds {
  ContextId request;
  ContextId response;
  bool operator==(const TrailerIds&) const = default;
};

}  // namespace louver::profile::http1

#pragma once

#include "role/demo/insider_relay.h"
#include "role/middlebox.h"

namespace louver::role::demo {

/// What turns a middlebox into an insider that makes this attempt. What it finds out it prints to standard output, as
/// JSON lines like those of the log.
/// @param past  where the party behind the next one listens
MiddleboxHooks insider_hooks(Attempt attempt, const runtime::Endpoint& past);

/// Events of its own.
inline constexpr const char* event_tried = "insider.tried";        // members as InsiderRelay::Tried
inline constexpr const char* event_rejoined = "insider.rejoined";  // the JOIN was led elsewhere
inline constexpr const char* event_replayed = "insider.replayed";  // octets: what came back on the second connection

}  // namespace louver::role::demo

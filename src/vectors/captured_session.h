#pragma once

#include "vectors/captured_agreement.h"

namespace louver::vectors {

/// The JOIN of the captured session: its number goes into the path. Every JOIN frame is the one that follows from the
/// key log.
/// @fault unexpected_frame, bad_value, join_late with the hop
/// @return the JOIN frame on each hop
Result<Json> check_joins(const Capture& capture, CapturedAgreement& agreed);

/// Checks every record on every hop as the hop's receiver does, and that nobody but authors and redactors has changed
/// one.
/// @return for each record its hop, place, tags, and what its receiver took of it
/// @fault those of the engines, and unexpected_frame, with the path of the frame; truncated: a flow without FIN
Result<Json> check_records(const Capture& capture, const CapturedAgreement& agreed);

}  // namespace louver::vectors

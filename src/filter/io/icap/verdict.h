#pragma once

#include <variant>

#include "filter/io/icap/message.h"

namespace louver::filter::icap {

/// What the heads of an answer with 200 or 206 say; the rest is in its body.
struct Blocks {
  std::string reason;  // printable
};
struct BodyDecides {};  // the message's heads came back: if the body did too, nothing has changed

/// The virus or rule that the server names, printable, or empty. `X-Infection-Found`, `X-Virus-ID`,
/// `X-Violations-Found`, which c-icap folds.
std::string named_threat(const Fields& icap);

using Judged = std::variant<Blocks, BodyDecides>;

/// @param enclosed  the octets behind the ICAP head that `head.encapsulated` says are heads
/// @fault bad_value, limit_exceeded  that is no answer to what was asked
/// @fault filter_failed  whoever may change the body changes the head
Result<Judged> judge_heads(const Message& asked, const IcapHead& head, Bytes enclosed);

}  // namespace louver::filter::icap

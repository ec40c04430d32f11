#include "wire/join.h"

namespace louver::wire {

Result<AlertBody> decode_alert(Bytes body) {
  if (body.empty()) return Error{Fault::input_too_short, "an empty ALERT"};
  const auto code = std::to_integer<std::uint8_t>(body[0]);
  if (!is_alert(code)) return Error{Fault::bad_value, "alert code " + std::to_string(code)};
  return AlertBody{code, printable(as_text(body.subspan(1)))};
}

/// The text is fixed by the code, so that nothing of a detail, a path or a payload can leak through it.
Buffer make_alert_frame(std::uint8_t party, Alert alert) {
  Buffer body{static_cast<std::byte>(alert)};
  append(body, louver::name_of(alert));
  return make_frame({FrameType::alert, party, 0, 0}, body);
}

}  // namespace louver::wire

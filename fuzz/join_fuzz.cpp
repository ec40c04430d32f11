#include "session/association_record.h"
#include "support/round_trip.h"

using namespace louver;
using fuzz::require;

/// The two bodies that come before anything is authenticated: JOIN and ALERT.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Buffer input = to_buffer(fuzz::input_of(data, size));
  fuzz::round_trip<wire::Join>(input);
  Buffer frame = wire::make_frame({wire::FrameType::join, 0, 0, 0}, input);
  const auto join =
      session::decode_join({wire::FrameHeader{wire::FrameType::join, 0, 0, static_cast<std::uint32_t>(size)}, frame});
  require(join.has_value() == (size == wire::join_body_octets), "a JOIN has one size");
  if (join) require(equal(wire::encode(*join), input), "a JOIN makes its octets again");

  const auto alert = wire::decode_alert(input);
  if (!alert) return 0;
  require(is_alert(alert->code) && alert->text.size() <= 256, "an ALERT has a known code and a short text");
  require(printable(alert->text) == alert->text, "the text of an ALERT is printable");
  const auto own = wire::decode_alert(
      Bytes{wire::make_alert_frame(1, static_cast<Alert>(alert->code))}.subspan(wire::header_octets));
  require(own && own->code == alert->code, "we take the ALERT that we make");
  return 0;
}

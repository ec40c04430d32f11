#include "support/round_trip.h"

using namespace louver;
using fuzz::require;
using fuzz::round_trip;

namespace {

void read(wire::MessageType type, Bytes body) {
  using enum wire::MessageType;
  switch (type) {
    case describe:
      return round_trip<wire::Describe>(body);
    case accept:
      return round_trip<wire::Accept>(body);
    case confirm:
      return round_trip<wire::Confirm>(body);
    case keys:
      return round_trip<wire::Keys>(body);
    case ready:
      return round_trip<wire::Ready>(body);
    case go:
      return round_trip<wire::Go>(body);
    case alive:
      return round_trip<wire::Alive>(body);
    case blocked:
      return round_trip<wire::Blocked>(body);
    case audit:
      return round_trip<wire::Audit>(body);
    case receipt:
      return round_trip<wire::Receipt>(body);
    case alert:
      return round_trip<wire::AlertMessage>(body);
    case close:
      return round_trip<wire::Close>(body);
  }
  require(false, "a message has a type that is listed");
}

}  // namespace

/// What a channel delivers: messages one behind the other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest = fuzz::input_of(data, size);
  while (true) {
    const auto message = wire::next_message(rest);
    if (!message || !*message) return 0;
    const wire::MessageView& view = **message;
    require(view.octets == wire::message_header_octets + view.body.size() && view.octets <= rest.size(),
            "a message lies in its input");
    require(equal(wire::make_message(view.type, view.body), rest.first(view.octets)),
            "a message makes its octets again");
    read(view.type, view.body);
    rest = rest.subspan(view.octets);
  }
}

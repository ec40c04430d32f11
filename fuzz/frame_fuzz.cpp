#include "base/limits.h"
#include "support/require.h"
#include "support/script.h"
#include "wire/frame.h"

using namespace louver;
using fuzz::require;

/// Whole frames from the front, each of which its header makes again; a partial one asks for more, never for less.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Buffer input = to_buffer(fuzz::input_of(data, size));
  MutableBytes rest{input};
  while (true) {
    const auto frame = wire::next_frame(rest, limits::channel_frame_bytes);
    if (!frame || !*frame) break;
    const wire::FrameView& view = **frame;
    require(view.whole.data() == rest.data() && view.whole.size() <= rest.size(),
            "a frame lies at the front of its input");
    require(view.header.length == view.body().size() && view.header.length <= limits::channel_frame_bytes,
            "the length is the body's");
    require(equal(wire::make_frame(view.header, view.body()), view.whole), "a header makes its octets again");
    const auto shorter = wire::next_frame(rest.first(view.whole.size() - 1), limits::channel_frame_bytes);
    require(shorter.has_value() && !*shorter, "a frame without its last octet is not whole");
    if (view.header.length > 0) require(!wire::next_frame(rest, view.header.length - 1), "the bound counts");
    rest = rest.subspan(view.whole.size());
  }
  return 0;
}

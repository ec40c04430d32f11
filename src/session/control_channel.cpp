#include "session/control_channel.h"

namespace louver::session {
namespace {
constexpr std::size_t piece_octets = 16 * 1024;
}

void ControlChannel::flush(Outbound& out) {
  const Buffer bytes = channel_.take_output();
  Bytes rest = bytes;
  while (!rest.empty()) {
    const Bytes piece = rest.first(std::min(rest.size(), piece_octets));
    rest = rest.subspan(piece.size());
    const MutableBytes frame = out.extend(wire::header_octets + piece.size());
    wire::write_header(frame, {wire::FrameType::channel, id_, flags_, static_cast<std::uint32_t>(piece.size())});
    std::ranges::copy(piece, frame.subspan(wire::header_octets).begin());
  }
}

bool ControlChannel::newly_established() {
  if (reported_ || !channel_.established()) return false;
  reported_ = true;
  return true;
}

}  // namespace louver::session

#include "filter/io/mirror/pcapng.h"

namespace louver::filter::mirror {
namespace {

constexpr std::uint32_t section_header = 0x0A0D0D0A, interface_description = 1, enhanced_packet = 6;
constexpr std::uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr std::uint16_t link_raw = 101;  // LINKTYPE_RAW
constexpr std::uint16_t opt_end = 0, opt_comment = 1, shb_application = 4;
constexpr std::size_t option_most = 4096;

/// A block that is being written; its length stands at both ends.
class Block {
 public:
  explicit Block(std::uint32_t type) {
    u32(type);
    u32(0);
  }
  void u16(std::uint16_t value) { little(value, 2); }
  void u32(std::uint32_t value) { little(value, 4); }
  void octets(Bytes bytes) {
    append(out_, bytes);
    while (out_.size() % 4 != 0) out_.push_back(std::byte{0});
  }
  void option(std::uint16_t code, std::string_view text) {
    const std::string_view kept = text.substr(0, option_most);
    u16(code);
    u16(static_cast<std::uint16_t>(kept.size()));
    octets(as_bytes(kept));
  }
  Buffer done() {
    const auto length = static_cast<std::uint32_t>(out_.size() + 4);
    u32(length);
    for (std::size_t i = 0; i < 4; ++i) out_[4 + i] = static_cast<std::byte>(length >> (8 * i));
    return std::move(out_);
  }

 private:
  void little(std::uint32_t value, unsigned octets) {
    for (unsigned i = 0; i < octets; ++i) out_.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  Buffer out_;
};

}  // namespace

Buffer pcapng_begin(std::string_view application) {
  Block section{section_header};
  section.u32(byte_order_magic);
  section.u16(1);  // version 1.0
  section.u16(0);
  section.u32(0xFFFFFFFF);  // its length is not known
  section.u32(0xFFFFFFFF);
  section.option(shb_application, application);
  section.u32(opt_end);
  Block interface { interface_description };
  interface.u16(link_raw);
  interface.u16(0);
  interface.u32(packet_most);
  Buffer out = section.done();
  append(out, interface.done());
  return out;
}

Buffer pcapng_packet(WallTime time, Bytes packet, std::string_view comment) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const auto micros = static_cast<std::uint64_t>(since);
  Block block{enhanced_packet};
  block.u32(0);  // the interface
  block.u32(static_cast<std::uint32_t>(micros >> 32));
  block.u32(static_cast<std::uint32_t>(micros));
  block.u32(static_cast<std::uint32_t>(packet.size()));
  block.u32(static_cast<std::uint32_t>(packet.size()));
  block.octets(packet);
  if (!comment.empty()) {
    block.option(opt_comment, comment);
    block.u32(opt_end);
  }
  return block.done();
}

}  // namespace louver::filter::mirror

#include "filter/io/mirror/pcap_reader.h"

#include "base/version.h"
#include "filter/io/mirror/pcapng.h"
#include "filter/io/mirror/tcp_stream.h"
#include "runtime/clock.h"

namespace louver::filter::mirror {

PcapReader::PcapReader(runtime::Loop& loop, runtime::Socket socket, runtime::ConnectionUser user, std::size_t queue,
                       std::function<void(PcapReader&, const std::string&)> on_gone)
    : user_(user),
      peer_(socket.remote.port == 0 ? "local" : socket.remote.to_string()),
      queue_(queue),
      on_gone_(std::move(on_gone)),
      taken_at_(runtime::now()),
      link_(loop, std::move(socket), *this) {
  link_.write(pcapng_begin("louver/" LOUVER_VERSION));
  link_.resume_reading();  // to learn of its end
}

PcapReader::Given PcapReader::give(const Copied& copied) {
  const bool known = shown_.contains(copied.stream);
  if (copied.last) shown_.erase(copied.stream);
  if ((!known && copied.entry == nullptr) || copied.block == nullptr) return {};
  const std::size_t size = copied.block->size() + (known ? 0 : copied.entry->size());
  if (link_.pending_bytes() + size > queue_) {
    const std::size_t lost = copied.packets + (known ? 0 : handshake_packets);
    lost_ += lost;
    return {lost, !known};
  }
  if (!known) {
    link_.write(Buffer{*copied.entry});
    if (!copied.last) shown_.insert(copied.stream);
  }
  link_.write(Buffer{*copied.block});
  given_ += size;
  return {};
}

bool PcapReader::is_stuck(TimePoint now) {
  const std::size_t pending = link_.pending_bytes();
  const std::uint64_t taken = given_ - std::min<std::uint64_t>(pending, given_);
  if (pending == 0 || taken != taken_) {
    taken_ = taken;
    taken_at_ = now;
    return false;
  }
  return now - taken_at_ > patience;
}

std::size_t PcapReader::on_bytes(MutableBytes input, const runtime::ChunkRef&) {
  const std::size_t size = input.size();
  said_ += size;
  if (said_ > said_most) leave("it sends, and a reader has nothing to say");
  return size;
}

/// Nothing of this reader is touched after the call, which may destroy it.
void PcapReader::leave(const std::string& why) {
  const auto on_gone = on_gone_;
  on_gone(*this, why);
}

}  // namespace louver::filter::mirror

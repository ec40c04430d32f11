#pragma once

#include <functional>
#include <string>
#include <unordered_set>

#include "base/time.h"
#include "filter/io/mirror/sink.h"
#include "runtime/connection_user.h"
#include "runtime/link.h"

namespace louver::filter::mirror {

/// A tool that is connected and reads pcapng: a section of its own from the first octet on, then whole sessions, and of
/// those that were open when it came, whole exchanges. Lives on its loop's thread.
class PcapReader final : runtime::LinkHandler {
 public:
  /// What it may send before it is cut off: it has nothing to say.
  static constexpr std::size_t said_most = std::size_t{64} << 10;
  /// A reader that takes nothing for so long, while there is something for it, is cut off.
  static constexpr Duration patience = std::chrono::minutes{1};

  /// @param queue    octets that may wait for it
  /// @param on_gone  is told why it has gone, never from within `give`; may destroy it
  PcapReader(runtime::Loop& loop, runtime::Socket socket, runtime::ConnectionUser user, std::size_t queue,
             std::function<void(PcapReader& reader, const std::string& why)> on_gone);

  /// What became of packets that were offered to it.
  struct Given {
    std::size_t lost = 0;
    bool needs_entry = false;  // it was to be shown a session and had no room
  };
  Given give(const Copied& copied);
  /// It has taken nothing for too long. To be asked after `give`.
  bool is_stuck(TimePoint now);

  const runtime::ConnectionUser& user() const { return user_; }
  const std::string& peer() const { return peer_; }
  std::uint64_t lost() const { return lost_; }
  /// It has said that it will send nothing more; maybe because it is gone.
  bool has_ended() const { return ended_; }
  /// Sends what waits and closes; the reader may be destroyed.
  void close(Duration at_most) { link_.close_when_written(at_most); }

 private:
  std::size_t on_bytes(MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end() override { ended_ = true; }
  void on_broken(const Error& error) override { leave(error.detail); }
  void on_drained() override {}
  void leave(const std::string& why);

  const runtime::ConnectionUser user_;
  const std::string peer_;
  const std::size_t queue_;
  const std::function<void(PcapReader&, const std::string&)> on_gone_;
  std::unordered_set<std::uint64_t> shown_;  // sessions, until their ends
  std::uint64_t given_ = 0, taken_ = 0;      // octets
  TimePoint taken_at_;
  std::uint64_t lost_ = 0;
  std::size_t said_ = 0;
  bool ended_ = false;
  runtime::Link link_;  // destroyed first
};

}  // namespace louver::filter::mirror

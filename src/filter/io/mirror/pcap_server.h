#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "base/result.h"
#include "filter/io/mirror/sink.h"
#include "runtime/connection_user.h"
#include "runtime/loop_thread.h"

namespace louver::filter::mirror {

/// Whether that user may read.
using Admits = std::function<bool(const runtime::ConnectionUser& user)>;

/// What an operator should know of a server and its readers. The texts live until the call returns.
struct ReaderNote {
  enum class Kind : std::uint8_t {
    listens,
    began,
    refused,  // may not read, or no place is free
    ended,
    trouble,  // connections cannot be accepted
  };
  Kind kind;
  std::string_view address;  // where it listens
  std::string_view peer = {};
  std::string_view user = {};
  std::string_view what = {};
};

struct PcapOptions {
  std::string listen = {};                    // "127.0.0.1:57012"; or empty, and
  std::string path = {};                      // of a Unix socket, which gets mode 0600
  std::size_t queue = std::size_t{16} << 20;  // octets that may wait for each reader
  Admits admits = {};
  std::function<void(const ReaderNote&)> note = {};  // from any thread
  Tell tell = {};

  std::string place() const { return path.empty() ? listen : "unix:" + path; }
};

/// Sends packets to whoever is connected (PCAP-over-IP: pcapng over a TCP connection or a Unix socket, and nothing
/// else). On a thread of its own: no reader slows a session, or another reader. A packet for which a reader has no room
/// is missing there.
class PcapServer final : public Sink {
 public:
  static constexpr std::size_t readers_most = 8;

  /// @fault configuration  the place cannot be had; or the kernel does not tell users apart, and not everybody may read
  static Result<std::shared_ptr<PcapServer>> open(PcapOptions options);
  PcapServer(const PcapServer&) = delete;
  PcapServer& operator=(const PcapServer&) = delete;
  /// Readers get what waits for them, within a second.
  ~PcapServer() override;

  bool wants() const override;  // somebody reads
  std::uint64_t arrivals() const override;
  void offer(Copied copied) override;

  /// Another edition of the rules begins to use it: from now on these may read, and who may not is cut off.
  void enter(Admits admits);
  /// One that used it does so no more. After the last, nobody listens here and every reader is cut off, whatever
  /// sessions still offer.
  void leave();
  bool is_closed() const;

  class Readers;
  struct Shared;

 private:
  PcapServer(std::size_t queue, std::shared_ptr<Shared> shared, std::shared_ptr<Readers> readers,
             std::unique_ptr<runtime::LoopThread> thread);
  void offer_now(Copied copied, std::size_t size);
  void close(Duration settle);

  const std::size_t queue_;
  const std::shared_ptr<Shared> shared_;
  mutable std::mutex mutex_;  // of what follows
  std::size_t users_ = 0;
  std::shared_ptr<Readers> readers_;  // lives on the thread, and is destroyed there
  std::unique_ptr<runtime::LoopThread> thread_;
};

}  // namespace louver::filter::mirror

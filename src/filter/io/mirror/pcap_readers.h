#pragma once

#include <atomic>
#include <list>
#include <optional>

#include "filter/io/mirror/loss_report.h"
#include "filter/io/mirror/pcap_reader.h"
#include "filter/io/mirror/pcap_server.h"
#include "runtime/listener.h"

namespace louver::filter::mirror {

/// What the threads of sessions see of a server.
struct PcapServer::Shared {
  std::atomic<std::size_t> readers = 0;
  std::atomic<std::uint64_t> arrivals = 0;
  std::atomic<std::size_t> waiting = 0;  // octets on their way to the thread of the readers
  std::atomic<std::uint64_t> lost = 0;   // packets that were too many there
};

/// The listener and who reads there. Lives on its loop's thread.
class PcapServer::Readers : public std::enable_shared_from_this<PcapServer::Readers> {
 public:
  Readers(PcapOptions options, std::shared_ptr<Shared> shared);
  /// Before the loop runs, on the thread that made it. @fault configuration
  Result<> listen(runtime::LoopPool& pool);

  void deliver(const Copied& copied);
  void admit_only(Admits admits);
  /// Nobody comes any more; who is there gets what waits for him.
  void close(Duration at_most);

 private:
  Result<> open_users();
  runtime::ConnectionUser user_of(const runtime::Socket& socket);
  void take(runtime::Loop& loop, runtime::Socket socket);
  bool make_room();
  std::list<PcapReader>::iterator end(std::list<PcapReader>::iterator reader, const std::string& why);
  void note(ReaderNote::Kind kind, std::string_view peer, std::string_view user, std::string_view what);
  void count() { shared_->readers = readers_.size(); }

  const PcapOptions options_;
  const std::shared_ptr<Shared> shared_;
  Admits admits_;
  std::string address_;
  std::optional<runtime::ConnectionUsers> users_;
  LossReport lost_;
  std::list<PcapReader> readers_;
  std::unique_ptr<runtime::Listener> listener_;  // destroyed first
};

}  // namespace louver::filter::mirror

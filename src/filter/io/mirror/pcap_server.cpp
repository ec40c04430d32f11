#include "filter/io/mirror/pcap_server.h"

#include "filter/io/mirror/pcap_readers.h"
#include "filter/io/mirror/tcp_stream.h"

namespace louver::filter::mirror {
namespace {

constexpr Duration last_words = std::chrono::seconds{1};  // for what readers have not taken yet, when the process ends

}  // namespace

Result<std::shared_ptr<PcapServer>> PcapServer::open(PcapOptions options) {
  if (!options.admits || !options.note || !options.tell)
    return Error{Fault::configuration, "filter mirror: nobody hears of its readers"};
  const std::size_t queue = options.queue;
  auto shared = std::make_shared<Shared>();
  auto readers = std::make_shared<Readers>(std::move(options), shared);
  LOUVER_ASSIGN(auto thread,
                runtime::LoopThread::start([&](runtime::LoopPool& pool) -> Result<> { return readers->listen(pool); }));
  return std::shared_ptr<PcapServer>{new PcapServer{queue, std::move(shared), std::move(readers), std::move(thread)}};
}

PcapServer::PcapServer(std::size_t queue, std::shared_ptr<Shared> shared, std::shared_ptr<Readers> readers,
                       std::unique_ptr<runtime::LoopThread> thread)
    : queue_(queue), shared_(std::move(shared)), readers_(std::move(readers)), thread_(std::move(thread)) {}

PcapServer::~PcapServer() { close(last_words); }

bool PcapServer::wants() const { return shared_->readers != 0; }
std::uint64_t PcapServer::arrivals() const { return shared_->arrivals; }

void PcapServer::offer(Copied copied) {
  const std::size_t size = copied.block->size() + (copied.entry == nullptr ? 0 : copied.entry->size());
  if (shared_->waiting.fetch_add(size) + size > queue_) {
    shared_->waiting -= size;
    shared_->lost += copied.packets;
    if (copied.entry != nullptr) ++shared_->arrivals;  // whom it was for still needs one
    if (!copied.last) return;
    // that the session is over must be heard, lest it be remembered for ever
    copied.block = nullptr;
    copied.entry = nullptr;
    return offer_now(std::move(copied), 0);
  }
  offer_now(std::move(copied), size);
}

void PcapServer::offer_now(Copied copied, std::size_t size) {
  const std::lock_guard lock{mutex_};
  if (thread_ == nullptr) return;
  thread_->loop().post(
      [readers = std::weak_ptr<Readers>{readers_}, shared = shared_, copied = std::move(copied), size] {
        if (const auto there = readers.lock()) there->deliver(copied);
        shared->waiting -= size;
      });
}

void PcapServer::enter(Admits admits) {
  const std::lock_guard lock{mutex_};
  ++users_;
  if (thread_ == nullptr) return;
  thread_->loop().post([readers = std::weak_ptr<Readers>{readers_}, admits = std::move(admits)]() mutable {
    if (const auto there = readers.lock()) there->admit_only(std::move(admits));
  });
}

void PcapServer::leave() {
  {
    const std::lock_guard lock{mutex_};
    if (users_ == 0 || --users_ != 0) return;
  }
  close(Duration{});
}

bool PcapServer::is_closed() const {
  const std::lock_guard lock{mutex_};
  return thread_ == nullptr;
}

void PcapServer::close(Duration settle) {
  std::unique_ptr<runtime::LoopThread> thread;
  std::shared_ptr<Readers> readers;
  {
    const std::lock_guard lock{mutex_};
    thread = std::move(thread_);
    readers = std::move(readers_);
  }
  if (thread == nullptr) return;
  thread->loop().post([readers = std::move(readers), settle]() mutable {
    readers->close(settle);
    readers.reset();
  });
  if (settle > Duration{}) thread->settle(settle);
}

}  // namespace louver::filter::mirror

#include "runtime/loop.h"

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "runtime/asio.h"

namespace louver::runtime {

struct LoopHandle::Gate {
  std::mutex mutex;
  Loop* loop;
};

bool LoopHandle::post(Task task) const {
  const std::scoped_lock lock{gate_->mutex};
  if (gate_->loop == nullptr) return false;
  gate_->loop->post(std::move(task));
  return true;
}

namespace {

struct SignalWatch : std::enable_shared_from_this<SignalWatch> {
  SignalWatch(boost::asio::io_context& io, std::function<void(int)> to_call) : set(io), callback(std::move(to_call)) {}

  void add(int signal) {
    boost::system::error_code ignored;  // only for numbers that are no signals
    set.add(signal, ignored);
  }

  void wait() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
      if (error || self->stopped) return;
      self->wait();
      self->callback(signal);
    });
  }

  void stop() {
    stopped = true;
    boost::system::error_code ignored;
    set.clear(ignored);
    set.cancel(ignored);
  }

  boost::asio::signal_set set;
  std::function<void(int)> callback;
  bool stopped = false;
};

}  // namespace

struct Loop::Impl {
  explicit Impl(std::size_t chunk_bytes) : chunks(chunk_bytes) {
    // Asio makes its own descriptors at the first use of each kind: here, where their lack ends the start and not a
    // session.
    const boost::asio::steady_timer timer{io};
    const boost::asio::posix::stream_descriptor descriptor{io};
  }

  ChunkPool chunks;
  std::atomic<std::thread::id> thread{std::this_thread::get_id()};
  std::shared_ptr<std::atomic<std::size_t>> load = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::size_t> lingering{0};
  std::unordered_map<const void*, std::shared_ptr<void>> kept;
  boost::asio::io_context io{1};  // one thread runs it; destroyed before the above, which its last tasks may use
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::shared_ptr<SignalWatch> signals;
};

Loop::Loop(std::size_t chunk_bytes)
    : gate_(std::make_shared<LoopHandle::Gate>()), impl_(std::make_unique<Impl>(chunk_bytes)) {
  gate_->loop = this;
}

Loop::~Loop() {
  {
    const std::scoped_lock lock{gate_->mutex};
    gate_->loop = nullptr;
  }
  if (impl_->signals) impl_->signals->stop();
  auto kept = std::move(impl_->kept);  // their destructors may ask for `forget`
  impl_->kept.clear();
  kept.clear();
}

void Loop::run() {
  impl_->thread = std::this_thread::get_id();
  impl_->io.run();
}

bool Loop::run_until(const std::function<bool()>& done, TimePoint deadline) {
  impl_->thread = std::this_thread::get_id();
  while (!done()) {
    if (impl_->io.run_one_until(deadline) == 0) return done();  // the deadline, or stopped
  }
  return true;
}

void Loop::stop() { impl_->io.stop(); }

void Loop::post(Task task) {
  boost::asio::post(impl_->io, [task = std::move(task)]() mutable { task(); });
}

bool Loop::on_own_thread() const { return impl_->thread.load() == std::this_thread::get_id(); }

void Loop::on_signals(const std::vector<int>& signals, std::function<void(int)> callback) {
  if (impl_->signals) impl_->signals->stop();
  impl_->signals = std::make_shared<SignalWatch>(impl_->io, std::move(callback));
  for (int signal : signals) impl_->signals->add(signal);
  impl_->signals->wait();
}

ChunkPool& Loop::chunks() { return impl_->chunks; }

std::size_t Loop::load() const { return impl_->load->load(std::memory_order_relaxed); }

std::shared_ptr<void> Loop::add_load() {
  impl_->load->fetch_add(1, std::memory_order_relaxed);
  return {impl_->load.get(), [load = impl_->load](void*) { load->fetch_sub(1, std::memory_order_relaxed); }};
}

void Loop::keep(std::shared_ptr<void> lingering) {
  const void* key = lingering.get();
  if (impl_->kept.emplace(key, std::move(lingering)).second) ++impl_->lingering;
}

void Loop::forget(const void* lingering) {
  if (auto found = impl_->kept.find(lingering); found != impl_->kept.end()) {
    const std::shared_ptr<void> last = std::move(found->second);  // destroyed when the map is in order again
    impl_->kept.erase(found);
    --impl_->lingering;
  }
}

std::size_t Loop::lingering() const { return impl_->lingering; }

boost::asio::io_context& Loop::context() { return impl_->io; }

void ignore_sigpipe() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

}  // namespace louver::runtime

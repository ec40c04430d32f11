#include "runtime/write_queue.h"

namespace louver::runtime {

namespace {

constexpr std::size_t least_block = std::size_t{4} * 1024;
constexpr std::size_t most_block = std::size_t{64} * 1024;
/// Sent runs that may lie in front of those that wait, and runs that an empty queue keeps room for.
constexpr std::size_t spare_runs = 8;

}  // namespace

void WriteQueue::push(session::Outbound&& out, ChunkRef keep) {
  if (worth_copying(out.size()) || (out.has_forwarded() && !keep)) {
    out.for_each_run([this](Bytes run) { push_copy(run); });
    return;
  }
  struct Held {
    session::Outbound out;
    ChunkRef keep;
  };
  const auto held =
      std::make_shared<const Held>(Held{std::move(out), std::move(keep)});  // first: views must lie in what stays
  held->out.for_each_run([&](Bytes run) { push_run(run, held); });
}

void WriteQueue::push(Buffer&& bytes) {
  if (worth_copying(bytes.size())) return push_copy(bytes);
  const auto owner = std::make_shared<const Buffer>(std::move(bytes));
  push_run(*owner, owner);
}

void WriteQueue::own_small_rest() {
  if (empty() || size_ >= copy_below_) return;
  const std::vector<Run> rest = std::exchange(runs_, {});
  const std::size_t first = first_;
  clear();
  for (const Run& run : std::span{rest}.subspan(first)) push_copy(run.bytes);
}

std::size_t WriteQueue::gather(std::span<iovec> into) const {
  std::size_t count = 0;
  for (const Run& run : waiting()) {
    if (count == into.size()) break;
    into[count++] = {.iov_base = const_cast<std::byte*>(run.bytes.data()), .iov_len = run.bytes.size()};
  }
  return count;
}

void WriteQueue::consume(std::size_t count) {
  size_ -= count;
  while (count > 0) {
    Run& first = runs_[first_];
    if (count < first.bytes.size()) {
      first.bytes = first.bytes.subspan(count);
      return;
    }
    count -= first.bytes.size();
    first.owner.reset();
    ++first_;
  }
  if (waiting().empty()) return clear();
  if (first_ > spare_runs && first_ > runs_.size() / 2) {
    runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void WriteQueue::clear() {
  if (runs_.capacity() > spare_runs) {
    runs_ = {};
  } else {
    runs_.clear();
  }
  first_ = 0;
  block_.reset();
  size_ = 0;
}

void WriteQueue::push_run(Bytes bytes, const std::shared_ptr<const void>& owner) {
  if (bytes.empty()) return;
  runs_.push_back({bytes, owner});
  size_ += bytes.size();
  block_.reset();
}

void WriteQueue::push_copy(Bytes bytes) {
  if (bytes.empty()) return;
  if (block_ && block_->capacity() - block_->size() >= bytes.size()) {
    append(*block_, bytes);  // within the capacity: what was written before stays where it is
    Bytes& last = runs_.back().bytes;
    last = Bytes{last.data(), last.size() + bytes.size()};
    size_ += bytes.size();
    return;
  }
  auto block = std::make_shared<Buffer>();
  block->reserve(std::max(bytes.size(), std::clamp(size_, least_block, most_block)));
  append(*block, bytes);
  push_run(*block, block);
  block_ = std::move(block);
}

}  // namespace louver::runtime

#pragma once

#include <sys/uio.h>

#include <memory>
#include <vector>

#include "runtime/chunk.h"
#include "session/output.h"

namespace louver::runtime {

/// What a link has yet to send, in order, without copying what is worth not copying.
///
/// A forwarded run pins the chunk that it lies in. So that a few octets cannot pin 128 KiB each, a small remainder is
/// copied into a block of its own, where small writes gather: memory stays within a small multiple of `size`.
class WriteQueue {
 public:
  /// @param copy_below  writes and remainders of fewer octets are copied while the socket takes no more
  explicit WriteQueue(std::size_t copy_below) : copy_below_(copy_below) {}

  /// @param keep  keeps the chunk that the forwarded runs lie in; without it they are copied
  void push(session::Outbound&& out, ChunkRef keep);
  void push(Buffer&& bytes);
  /// To be called when a socket did not take everything of what was pushed to the empty queue.
  void own_small_rest();

  /// The first runs, as the gather write of the system takes them; returns how many of `into` are set.
  std::size_t gather(std::span<iovec> into) const;
  /// The first `count` octets are sent.
  void consume(std::size_t count);
  void clear();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Run {
    Bytes bytes;
    std::shared_ptr<const void> owner;
  };
  std::span<const Run> waiting() const { return std::span{runs_}.subspan(first_); }
  void push_run(Bytes bytes, const std::shared_ptr<const void>& owner);
  void push_copy(Bytes bytes);
  bool worth_copying(std::size_t size) const { return !empty() && size < copy_below_; }

  std::size_t copy_below_;
  std::size_t size_ = 0;
  std::vector<Run> runs_;  // from `first_` on; an empty one takes little room or none: most links are idle
  std::size_t first_ = 0;
  std::shared_ptr<Buffer> block_;  // what the last run lies in, if that was copied: more may follow up to its capacity
};

}  // namespace louver::runtime

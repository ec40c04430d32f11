#pragma once

#include <chrono>

#include "base/limits.h"
#include "base/time.h"
#include "filter/ask/engine.h"

namespace louver::filter::exec {

struct PoolOptions {
  /// [0] is the path of the program, from the root; there is no search and no shell.
  std::vector<std::string> command = {};
  /// "NAME=value" each: all that a worker finds in its environment.
  std::vector<std::string> environment = {};
  std::size_t workers = 2;
  /// From the question to the answer, waiting for a free worker included.
  Duration answer_within = std::chrono::seconds{5};
  std::size_t octets_most = limits::held_bytes;  // that an answer may put in a message's place
  std::size_t queue_most = 1024;                 // questions that wait for a worker
  std::size_t queue_octets_most = std::size_t{64} << 20;
  Duration first_pause = std::chrono::milliseconds{100};  // before a worker is started again; doubled each time that it
  Duration longest_pause = std::chrono::seconds{30};      // ends without a good answer in between
  /// That a worker was started, failed, or wrote a line to its standard error. Called on the pool's thread.
  struct Note {
    enum class Kind : std::uint8_t { started, failed, line };
    Kind kind;
    std::int64_t pid;
    std::string_view text;  // printable; lives until the callback returns
  };
  std::function<void(const Note&)> tell = {};
};

/// Lasting processes of the operator's that are asked one question at a time. They live on a thread of the pool's own.
///
/// A worker that is late, ends, or says what is no answer is killed with its process group, the question that it had is
/// failed, and another is started, after a pause that grows. An answer to a question that is no longer open is dropped.
/// @fault configuration  the program is not there or cannot be run
Result<std::shared_ptr<ask::Engine>> make_pool(PoolOptions options);

}  // namespace louver::filter::exec

#pragma once

#include <deque>

#include "filter/io/exec/frames.h"
#include "filter/io/exec/worker_pool.h"
#include "runtime/subprocess.h"
#include "runtime/timer.h"

namespace louver::filter::exec {

/// The workers of a pool and the questions that wait for them. Lives on its loop's thread.
class Desk {
 public:
  Desk(runtime::Loop& loop, const PoolOptions& options);
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// Starts the workers, the first time.
  void warm_up();
  void ask(std::uint64_t number, ask::Question question, ask::Engine::Done done);
  void forget(std::uint64_t number);

 private:
  struct Open {
    std::uint64_t number;
    Buffer frame;
    TimePoint deadline;
    ask::Engine::Done done;  // empty: nobody waits any more
  };
  /// A worker's place: with a process, or with a pause until there is one.
  struct Seat {
    Seat(runtime::Loop& loop, const PoolOptions& options)
        : timer(loop), reader(options.octets_most), pause(options.first_pause) {}
    std::unique_ptr<runtime::Subprocess> process;
    std::optional<Open> open;
    runtime::Timer timer;  // the deadline of what is open, or the end of the pause
    AnswerReader reader;
    Duration pause;
    unsigned strays = 0;  // answers to nothing that is open, since the last good one
  };

  void start(Seat& seat);
  void rest(Seat& seat);
  void serve();
  void give(Seat& seat, Open open);
  void on_octets(Seat& seat, Bytes octets);
  bool on_answer(Seat& seat, Said said);
  void fail(Seat& seat, const std::string& why);
  void drop_late();
  void tell(PoolOptions::Note::Kind kind, const Seat& seat, std::string_view text) const;

  runtime::Loop& loop_;
  const PoolOptions& options_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::deque<Open> queue_;  // in the order of their deadlines
  std::size_t queued_octets_ = 0;
  runtime::Timer late_;
};

}  // namespace louver::filter::exec

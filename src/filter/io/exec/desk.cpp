#include "filter/io/exec/desk.h"

#include <algorithm>

#include "runtime/clock.h"
#include "runtime/loop.h"

namespace louver::filter::exec {
namespace {

constexpr unsigned strays_most = 16;

Error no_answer(std::string_view why) { return {Fault::filter_failed, std::string{why}}; }

}  // namespace

Desk::Desk(runtime::Loop& loop, const PoolOptions& options) : loop_(loop), options_(options), late_(loop) {}

void Desk::warm_up() {
  if (!seats_.empty()) return;
  for (std::size_t i = 0; i < options_.workers; ++i) seats_.push_back(std::make_unique<Seat>(loop_, options_));
  for (const auto& seat : seats_) start(*seat);
}

void Desk::start(Seat& seat) {
  runtime::SubprocessOptions options{
      .argv = options_.command,
      .environment = options_.environment,
      .on_line = [this, &seat](runtime::OutputStream,
                               std::string_view line) { tell(PoolOptions::Note::Kind::line, seat, printable(line)); },
      .on_octets = [this, &seat](Bytes octets) { on_octets(seat, octets); },
      .input = true,
      .on_exit = [this, &seat](const runtime::ExitStatus& status) { fail(seat, "it ended: " + status.to_string()); }};
  auto started = runtime::Subprocess::start(loop_, std::move(options));
  if (!started) {
    tell(PoolOptions::Note::Kind::failed, seat, started.error().detail);
    return rest(seat);
  }
  seat.process = *std::move(started);
  tell(PoolOptions::Note::Kind::started, seat, "");
  serve();
}

/// "Restart with back-off."
void Desk::rest(Seat& seat) {
  seat.timer.expires_at(runtime::now() + seat.pause, [this, &seat] { start(seat); });
  seat.pause = std::min(2 * seat.pause, options_.longest_pause);
}

void Desk::ask(std::uint64_t number, ask::Question question, ask::Engine::Done done) {
  warm_up();
  const std::size_t octets = question.octets.size();
  if (queue_.size() >= options_.queue_most || queued_octets_ + octets > options_.queue_octets_most)
    return done(no_answer("too many questions wait for the workers"));
  queue_.push_back({number, make_frame(number, question), runtime::now() + options_.answer_within, std::move(done)});
  queued_octets_ += queue_.back().frame.size();
  serve();
}

void Desk::forget(std::uint64_t number) {
  const auto waiting = std::ranges::find(queue_, number, &Open::number);
  if (waiting != queue_.end()) {
    queued_octets_ -= waiting->frame.size();
    queue_.erase(waiting);
    return serve();
  }
  for (const auto& seat : seats_) {
    if (seat->open && seat->open->number == number) seat->open->done = nullptr;  // its answer will be a stray
  }
}

void Desk::serve() {
  for (const auto& seat : seats_) {
    if (queue_.empty()) break;
    if (seat->process == nullptr || !seat->process->is_running() || seat->open) continue;
    Open next = std::move(queue_.front());
    queue_.pop_front();
    queued_octets_ -= next.frame.size();
    give(*seat, std::move(next));
  }
  if (queue_.empty()) return late_.cancel();
  late_.expires_at(queue_.front().deadline, [this] { drop_late(); });
}

void Desk::give(Seat& seat, Open open) {
  seat.timer.expires_at(open.deadline, [this, &seat] { fail(seat, "it did not answer in time"); });
  seat.process->write(open.frame);
  open.frame = {};
  seat.open = std::move(open);
}

void Desk::drop_late() {
  while (!queue_.empty() && queue_.front().deadline <= runtime::now()) {
    queued_octets_ -= queue_.front().frame.size();
    const ask::Engine::Done done = std::move(queue_.front().done);
    queue_.pop_front();
    done(no_answer("no worker was free in time"));
  }
  serve();
}

void Desk::on_octets(Seat& seat, Bytes octets) {
  seat.reader.add(octets);
  while (true) {
    auto said = seat.reader.next();
    if (!said) return fail(seat, said.error().detail);
    if (!*said) return;
    if (!on_answer(seat, **std::move(said))) return;
  }
}

/// "Answers carry the request's id and late answers for the previous message are dropped." False once the worker is
/// gone.
bool Desk::on_answer(Seat& seat, Said said) {
  const bool stray = !seat.open || said.id < seat.open->number;
  if (stray && ++seat.strays <= strays_most) return true;
  if (stray || said.id != seat.open->number) {
    fail(seat, stray ? "it answers what nobody asks" : "it answers what nobody has asked yet");
    return false;
  }
  const ask::Engine::Done done = std::move(seat.open->done);
  seat.open.reset();
  seat.timer.cancel();
  seat.strays = 0;
  seat.pause = options_.first_pause;
  if (done) done(std::move(said.answer));
  serve();
  return true;
}

void Desk::fail(Seat& seat, const std::string& why) {
  tell(PoolOptions::Note::Kind::failed, seat, why);
  const std::optional<Open> open = std::exchange(seat.open, std::nullopt);
  seat.process.reset();  // with its group
  seat.reader = AnswerReader{options_.octets_most};
  seat.strays = 0;
  rest(seat);
  if (open && open->done) open->done(no_answer("the worker failed: " + why));
}

void Desk::tell(PoolOptions::Note::Kind kind, const Seat& seat, std::string_view text) const {
  options_.tell({kind, seat.process == nullptr ? 0 : seat.process->pid(), text});
}

}  // namespace louver::filter::exec

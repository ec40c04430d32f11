#include "role/process.h"

#include <csignal>
#include <cstdlib>

#include <future>

#include "runtime/timer.h"

namespace louver::role {
namespace {
constexpr std::chrono::milliseconds drain_poll{50};
}

Process::Process(const config::Common& common, observe::Log& log)
    : log_(log),
      loops_(common.threads),
      station_(common, log, loops_),
      control_path_(common.control.socket),
      key_log_path_(common.debug.keylog) {
  take_signals();
  for (std::size_t i = 0; i < loops_.size(); ++i) households_.push_back(std::make_unique<Household>(loops_.at(i)));
  // From each source as many: behind a middlebox, all come from one.
  const std::size_t connections = station_.connections();
  connection_limits_ = std::make_shared<runtime::ConnectionLimits>(connections, connections);
}

/// Before anything listens: who has seen that a process is ready may send it signals, which then wait for run().
void Process::take_signals() {
  loops_.at(0).on_signals({SIGTERM, SIGINT, SIGHUP}, [this](int signal) {
    if (signal == SIGHUP) return on_hangup();
    if (station_.draining.exchange(true)) {
      cut_off_ = true;
      stop();
    } else {
      begin_drain();
    }
  });
}

Process::~Process() = default;

Household& Process::household_of(const runtime::Loop& loop) {
  for (const auto& household : households_) {
    if (&household->loop() == &loop) return *household;
  }
  return *households_.front();
}

Result<std::uint16_t> Process::listen(const config::Endpoint& where, std::string_view what,
                                      std::function<void(Household&, runtime::Socket)> on_socket, mode_t socket_mode) {
  runtime::ListenerOptions options;
  options.limits = connection_limits_;
  const auto taken = [this, on_socket = std::move(on_socket)](runtime::Loop& loop, runtime::Socket socket) {
    on_socket(household_of(loop), std::move(socket));
  };
  const auto trouble = [this](const std::string& words) {
    log_.write(observe::Level::warn, observe::Event::connection_refused, {{"what", words}});
  };
  auto opened = where.is_local()
                    ? runtime::Listener::open_local(loops_, where.path, socket_mode, options, taken, trouble)
                    : runtime::Listener::open(loops_, config::to_text(where), options, taken, trouble);
  LOUVER_ASSIGN(auto listener, std::move(opened));
  const std::uint16_t port = listener->port();
  log_.write(observe::Level::info, observe::Event::listen,
             {{"for", std::string{what}},
              {"address", where.is_local() ? config::to_text(where) : listener->address().to_string()}});
  listeners_.push_back(std::move(listener));
  return port;
}

int Process::run(const std::function<void()>& on_start) {
  runtime::Loop& first = loops_.at(0);
  drain_timer_ = std::make_unique<runtime::Timer>(first);
  if (on_start) first.post([on_start] { on_start(); });
  if (const auto ran = loops_.run(); !ran) {
    log_.write(observe::Level::error, observe::Event::process_stop, {{"fault", describe(ran.error())}});
    return 1;
  }
  return cut_off_ ? 1 : 0;
}

Result<> Process::manage(Manageable& role) {
  LOUVER_TRY(open_key_log());
  manager_ = std::make_unique<Manager>(loops_.at(0), station_, role);
  if (!control_path_) return {};
  LOUVER_ASSIGN(control_, ControlSocket::open(loops_.at(0), station_, *manager_, *control_path_));
  return {};
}

/// As an error, so that no level of the log hides it: who did not mean it must see it.
Result<> Process::open_key_log() {
  const char* const environment = std::getenv(observe::key_log_variable);
  const observe::KeyLogWish wish{key_log_path_.value_or(""), environment == nullptr ? "" : environment};
  if (wish.ignored()) {
    log_.write(observe::Level::warn, observe::Event::keylog_on,
               {{"what", std::string{observe::key_log_variable} +
                             " is set and does nothing: the configuration has no [debug] keylog"}});
  }
  LOUVER_TRY(wish.check());
  if (!wish.wanted()) return {};
  LOUVER_ASSIGN(station_.key_log, observe::KeyLog::open(*key_log_path_));
  log_.write(observe::Level::error, observe::Event::keylog_on,
             {{"file", *key_log_path_},
              {"what", "SECRETS ARE WRITTEN: whoever reads this file reads the traffic of all associations"}});
  return {};
}

void Process::on_hangup() {
  if (const auto reopened = log_.reopen(); !reopened) {
    log_.write(observe::Level::error, observe::Event::config_error, {{"fault", describe(reopened.error())}});
  }
  if (manager_ != nullptr && !station_.draining) manager_->reload();
}

void Process::on_every_loop(const std::function<void(Household&)>& task) {
  for (const auto& household : households_) household->loop().post([&one = *household, task] { task(one); });
}

void Process::begin_drain() {
  log_.write(observe::Level::info, observe::Event::process_drain,
             {{"deadline_ms", static_cast<std::int64_t>(station_.limits.drain_deadline.count())}});
  listeners_.clear();
  drain_until_ = runtime::now() + station_.limits.drain_deadline;
  on_every_loop([](Household& household) { household.drain(); });
  poll_drain();
}

void Process::poll_drain() {
  const bool audited = station_.audits.load() == 0;
  if (loops_.size() == 1 && !households_.front()->busy() && audited) return stop();
  if (loops_.size() > 1 && station_.sessions.used() == 0 && audited) return stop();
  if (runtime::now() >= drain_until_) {
    cut_off_ = true;
    return stop();
  }
  drain_timer_->expires_at(runtime::now() + drain_poll, [this] { poll_drain(); });
}

/// Every resident goes on its own thread, before the loops do.
void Process::stop() {
  drain_timer_->cancel();
  auto left = std::make_shared<std::atomic<std::size_t>>(households_.size());
  on_every_loop([this, left](Household& household) {
    household.abort();
    household.loop().post([this, left] {
      if (left->fetch_sub(1) == 1) loops_.stop();
    });
  });
}

}  // namespace louver::role

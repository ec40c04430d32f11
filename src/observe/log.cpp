#include "observe/log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <atomic>
#include <mutex>

#include "observe/log_output.h"

namespace louver::observe {
namespace {

constexpr Duration report_interval = std::chrono::seconds{1};

Now now_of_system() { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }

/// Puts the time before a line and writes it. Log holds the lock.
class LineSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit LineSink(LogOutput output) : output_(std::move(output)) {}
  /// The last line is out.
  bool written() const { return written_; }
  void use(LogOutput output) { output_ = std::move(output); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    written_ = output_.write({line.data(), line.size()});
  }
  void flush_() override {}

  LogOutput output_;
  bool written_ = false;
};

Result<LogOutput> open_output(const LogOptions& options) {
  return options.file ? LogOutput::open_file(*options.file) : LogOutput::on_descriptor(options.descriptor);
}

std::unique_ptr<spdlog::formatter> time_before(Format format) {
  const char* pattern = format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v)" : "%Y-%m-%dT%H:%M:%S.%eZ %v";
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n");
}

}  // namespace

class Log::Impl {
 public:
  Impl(LogOptions options, Clock clock, std::shared_ptr<LineSink> sink)
      : options_(std::move(options)), clock_(std::move(clock)), sink_(std::move(sink)), logger_("louver", sink_) {
    logger_.set_level(spdlog::level::trace);  // what is below the least level does not get here
    logger_.set_formatter(time_before(options_.format));
    logger_.set_error_handler([](const std::string&) {});  // spdlog would write to standard error, and wait there
  }

  ~Impl() {
    const Now now = clock_();
    report(now, Duration{});
  }

  void write(Level level, Event event, std::span<const Field> fields) {
    const std::lock_guard lock{mutex_};
    const Now now = clock_();
    report(now, report_interval);
    if (options_.rate && !limits_[static_cast<std::size_t>(event)].admit(*options_.rate, now.mono)) {
      ++suppressed_;
      any_suppressed_ = true;
      return;
    }
    if (put(now, level, event, fields)) return;
    ++dropped_;
    if (unreported_drops_++ == 0) first_drop_ = now.mono;
  }

  Result<> reopen() {
    LOUVER_ASSIGN(LogOutput output, open_output(options_));
    const std::lock_guard lock{mutex_};
    sink_->use(std::move(output));
    return {};
  }

  const LogOptions& options() const { return options_; }
  std::uint64_t suppressed() const { return suppressed_.load(); }
  std::uint64_t dropped() const { return dropped_.load(); }

 private:
  /// @return it is out
  bool put(const Now& now, Level level, Event event, std::span<const Field> fields) {
    logger_.log(now.wall, {}, spdlog::level::info, line_body(options_.format, level, event, fields));
    return sink_->written();
  }

  /// Tells of lines that were held back, if the first of them is at least `wait` ago. What cannot be told now is told
  /// later.
  void report(const Now& now, Duration wait) {
    if (unreported_drops_ != 0 && now.mono - first_drop_ >= wait) {
      const std::array fields = {Field{"lines", unreported_drops_}};
      if (put(now, Level::warn, Event::log_dropped, fields)) unreported_drops_ = 0;
    }
    if (!any_suppressed_) return;
    any_suppressed_ = false;
    for (std::size_t i = 0; i < event_count; ++i) {
      if (limits_[i].suppressed() != 0) any_suppressed_ = !report_one(now, wait, i) || any_suppressed_;
    }
  }

  bool report_one(const Now& now, Duration wait, std::size_t event) {
    EventLimit& limit = limits_[event];
    if (now.mono - limit.first_suppressed() < wait) return false;
    const std::array fields = {Field{"of", name_of(static_cast<Event>(event))}, Field{"lines", limit.suppressed()}};
    if (!put(now, Level::warn, Event::log_suppressed, fields)) return false;
    limit.told();
    return true;
  }

  LogOptions options_;
  Clock clock_;
  std::mutex mutex_;  // for all that follows
  std::shared_ptr<LineSink> sink_;
  spdlog::logger logger_;
  std::array<EventLimit, event_count> limits_;
  bool any_suppressed_ = false;  // some limit holds lines that were not yet told of
  std::uint64_t unreported_drops_ = 0;
  TimePoint first_drop_{};
  std::atomic<std::uint64_t> suppressed_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
};

Result<std::unique_ptr<Log>> Log::open(LogOptions options, Clock clock) {
  ignore_write_signals();
  LOUVER_ASSIGN(LogOutput output, open_output(options));
  auto sink = std::make_shared<LineSink>(std::move(output));
  auto impl =
      std::make_unique<Impl>(std::move(options), clock ? std::move(clock) : Clock{now_of_system}, std::move(sink));
  return std::unique_ptr<Log>{new Log{std::move(impl)}};
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

void Log::write(Level level, Event event, std::span<const Field> fields) {
  if (enabled(level)) impl_->write(level, event, fields);
}

bool Log::enabled(Level level) const { return level >= impl_->options().least; }
Result<> Log::reopen() { return impl_->reopen(); }
std::uint64_t Log::suppressed() const { return impl_->suppressed(); }
std::uint64_t Log::dropped() const { return impl_->dropped(); }

}  // namespace louver::observe

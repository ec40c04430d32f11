#include "filter/log/log_filter.h"

#include <algorithm>

#include "filter/context_list.h"
#include "filter/log/excerpt.h"
#include "filter/log/sample.h"
#include "filter/needs.h"

namespace louver::filter::log {
namespace {

constexpr std::string_view kind = "log";

bool holds_credentials(std::string_view context) { return context.ends_with("credentials"); }

/// A message that has begun.
struct Open {
  ContextId context;
  std::string context_name;
  Direction direction;
  Exchange exchange;
  std::uint64_t octets = 0;
  std::uint64_t redacted_octets = 0;
  std::optional<Excerpt> excerpt;
};

class LogFilter final : public Filter {
 public:
  LogFilter(std::shared_ptr<const LogOptions> options, const SessionInfo& session)
      : options_(std::move(options)), session_(session) {}

  Result<Verdict> on_part(const FilterPart& part, Emitter&) override {
    if (!in_sample(session_.id, part.exchange, options_->sample)) return Verdict::pass;
    const auto open = find_or_begin(part);
    open->octets += part.bytes.size();
    open->redacted_octets += part.redacted_bytes;
    if (open->excerpt) open->excerpt->add(part.bytes);
    if (part.end) {
      write(*open, true);
      open_.erase(open);
    }
    return Verdict::pass;
  }

  void on_session_end() override {
    for (const Open& open : open_) write(open, false);
    open_.clear();
  }

 private:
  using Place = std::vector<Open>::iterator;

  /// Few are open at a time: one for each context, as profiles do not multiplex.
  Place find_or_begin(const FilterPart& part) {
    const Place found = std::ranges::find_if(open_, [&](const Open& one) {
      return one.context == part.context && one.direction == part.direction && one.exchange == part.exchange;
    });
    if (found != open_.end()) return found;
    open_.push_back({part.context, std::string{part.context_name}, part.direction, part.exchange, 0, 0, {}});
    if (options_->payload && !holds_credentials(part.context_name)) open_.back().excerpt.emplace(excerpt_characters);
    return open_.end() - 1;
  }

  void write(const Open& open, bool complete) const {
    LogRecord record{session_.id, open.context_name,    open.direction, open.exchange,
                     open.octets, open.redacted_octets, complete,       {}};
    if (open.excerpt) record.excerpt = open.excerpt->text();
    options_->write(record);
  }

  std::shared_ptr<const LogOptions> options_;  // a new configuration may do away with the factory
  const SessionInfo& session_;
  std::vector<Open> open_;
};

class LogFactory final : public FilterFactory {
 public:
  explicit LogFactory(LogOptions options) : options_(std::make_shared<const LogOptions>(std::move(options))) {}
  std::string_view name() const override { return kind; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, options_->contexts);
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    if (options_->contexts.empty()) return granted_of(needs_everywhere(Grant::read, session), session);
    return needs_on(options_->contexts, Grant::read, session);
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    return std::unique_ptr<Filter>{std::make_unique<LogFilter>(options_, session)};
  }

 private:
  std::shared_ptr<const LogOptions> options_;
};

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_log(LogOptions options) {
  LOUVER_TRY(check_context_list(kind, options.contexts));
  if (!(options.sample >= 0 && options.sample <= 1))
    return Error{Fault::configuration, "filter log: sample is a share, 0 to 1"};
  if (!options.write) return Error{Fault::configuration, "filter log: it has nowhere to write to"};
  return std::shared_ptr<const FilterFactory>{std::make_shared<LogFactory>(std::move(options))};
}

}  // namespace louver::filter::log

#include "filter/scan/scan_filter.h"

#include <algorithm>

#include "filter/context_list.h"
#include "filter/needs.h"
#include "filter/scan/codings.h"

namespace louver::filter::scan {
namespace {

constexpr std::string_view kind = "scan";
using OnMatch = ScanOptions::OnMatch;

bool is_head(std::string_view context) { return context == "request-head" || context == "response-head"; }
bool is_body(std::string_view context) { return context == "request-body" || context == "response-body"; }

Grant least_for(OnMatch on_match) {
  switch (on_match) {
    case OnMatch::note:
      return Grant::read;
    case OnMatch::block:
      return Grant::inspect;
    case OnMatch::redact:
      return Grant::redact;
  }
  return Grant::write;
}

struct Setting {
  ScanOptions options;
  std::shared_ptr<const Patterns> patterns;
};

class ScanFilter final : public Filter {
 public:
  ScanFilter(std::shared_ptr<const Setting> setting, const SessionInfo& session, std::vector<std::string> searched)
      : setting_(std::move(setting)), session_(session), searched_(std::move(searched)) {}

  Result<Verdict> on_part(const FilterPart& part, Emitter&) override {
    if (!setting_->options.pass_coded && is_head(part.context_name)) {
      if (part.redacted) return Error{Fault::blocked_by_policy, "something of a head was redacted"};
      LOUVER_TRY(codings_.on_head(part.direction, part.exchange, part.bytes, part.end));
    }
    if (std::ranges::find(searched_, part.context_name) == searched_.end()) return Verdict::pass;
    LOUVER_TRY(check_coding(part));
    LOUVER_ASSIGN(const std::optional<std::size_t> rule, search(part));
    return rule ? act(part, *rule) : Verdict::pass;
  }

 private:
  /// What cannot be searched does not pass for searched.
  Result<> check_coding(const FilterPart& part) {
    if (setting_->options.pass_coded || !is_body(part.context_name)) return {};
    const std::optional<bool> coded = codings_.is_coded(part.direction, part.exchange);
    if (part.end) codings_.forget(part.direction, part.exchange);
    if (part.bytes.empty() || coded == false) return {};
    return Error{
        Fault::blocked_by_policy,
        std::string{part.context_name} + (coded ? " has a content coding or is a WebSocket's, so it cannot be searched"
                                                : " came before its head, so it cannot be searched")};
  }

  Result<std::optional<std::size_t>> search(const FilterPart& part) {
    auto& stream = streams_[{part.context, part.direction}];
    if (stream == nullptr) {
      LOUVER_ASSIGN(stream, setting_->patterns->begin());
    }
    LOUVER_ASSIGN(std::optional<std::size_t> rule, stream->search(part.bytes));
    if (!part.end) return rule;
    LOUVER_ASSIGN(const std::optional<std::size_t> at_end, stream->end());
    stream = nullptr;
    return rule ? rule : at_end;
  }

  Result<Verdict> act(const FilterPart& part, std::size_t rule) {
    const std::string& name = setting_->patterns->name(rule);
    setting_->options.write({session_.id, part.context_name, name, part.direction, part.exchange});
    switch (setting_->options.on_match) {
      case OnMatch::note:
        return Verdict::pass;
      case OnMatch::redact:
        if (!part.bytes.empty()) return Verdict::redact;
        break;  // the end alone decided: what matched has gone on, so the message must not be taken for whole
      case OnMatch::block:
        break;
    }
    return Error{Fault::blocked_by_policy, "rule \"" + name + "\" matches"};
  }

  std::shared_ptr<const Setting> setting_;
  const SessionInfo& session_;
  std::vector<std::string> searched_;
  Codings codings_;
  std::map<std::pair<ContextId, Direction>, std::unique_ptr<Patterns::Stream>> streams_;  // of open messages
};

class ScanFactory final : public FilterFactory {
 public:
  explicit ScanFactory(Setting setting) : setting_(std::make_shared<const Setting>(std::move(setting))) {}
  std::string_view name() const override { return kind; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, setting_->options.contexts);
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    std::vector<Need> out = searched(session);
    if (setting_->options.pass_coded) return out;
    for (const std::string_view way : {"request", "response"}) {
      const auto has = [&](std::string_view part) {
        return std::ranges::any_of(
            out, [&](const Need& one) { return one.context == std::string{way} + std::string{part}; });
      };
      if (!has("-body") || has("-head")) continue;
      out.push_back({std::string{way} + "-head", way == "request" ? Direction::c2s : Direction::s2c, Grant::read});
    }
    return out;
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    std::vector<std::string> names;
    for (const Need& need : searched(session)) names.push_back(need.context);
    return std::unique_ptr<Filter>{std::make_unique<ScanFilter>(setting_, session, std::move(names))};
  }

 private:
  std::vector<Need> searched(const SessionInfo& session) const {
    const Grant least = least_for(setting_->options.on_match);
    if (setting_->options.contexts.empty()) return granted_of(needs_everywhere(least, session), session);
    return needs_on(setting_->options.contexts, least, session);
  }

  std::shared_ptr<const Setting> setting_;
};

Error wrong(std::string_view what) {
  return {Fault::configuration, "filter " + std::string{kind} + ": " + std::string{what}};
}

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_scan(ScanOptions options) {
  LOUVER_TRY(check_context_list(kind, options.contexts));
  if (options.rules.empty()) return wrong("it has no rules");
  for (std::size_t i = 0; i < options.rules.size(); ++i) {
    const std::string& name = options.rules[i].name;
    if (name.empty() || name.size() > 64 || printable(name) != name)
      return wrong("rule \"" + printable(name) + "\": a name is 1 to 64 printable ASCII characters");
    const auto same = [&](const Rule& other) { return other.name == name; };
    if (std::ranges::count_if(options.rules, same) != 1) return wrong("two rules are called \"" + name + "\"");
  }
  if (!options.write) return wrong("it has nowhere to write to");
  LOUVER_ASSIGN(std::shared_ptr<const Patterns> patterns, Patterns::compile(options.rules));
  return std::shared_ptr<const FilterFactory>{
      std::make_shared<ScanFactory>(Setting{std::move(options), std::move(patterns)})};
}

}  // namespace louver::filter::scan

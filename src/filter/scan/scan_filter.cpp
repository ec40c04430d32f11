#include "filter/scan/scan_filter.h"

#include <algorithm>
#include <map>

#include "filter/context_list.h"
#include "filter/http/head_collector.h"
#include "filter/needs.h"
#include "filter/scan/body_facts.h"
#include "filter/scan/message_search.h"
#include "filter/scan/replacer.h"
#include "filter/scan/scan_needs.h"

namespace louver::filter::scan {
namespace {

constexpr std::string_view kind = "scan";
using OnMatch = ScanOptions::OnMatch;

struct Setting {
  ScanOptions options;
  std::shared_ptr<const Patterns> patterns;
  std::unique_ptr<const OpenMatch> open;  // where matches are replaced
};

/// A message that is under way: one of the two, from its first piece on.
struct OpenMessage {
  std::unique_ptr<MessageSearch> search;
  std::unique_ptr<Replacer> replacer;
};

class ScanFilter final : public Filter {
 public:
  ScanFilter(std::shared_ptr<const Setting> setting, const SessionInfo& session, ScanPlan plan)
      : setting_(std::move(setting)), session_(session), plan_(std::move(plan)) {}

  Result<Verdict> on_part(const FilterPart& part, Emitter& out) override {
    const bool searched = std::ranges::find(plan_.searched, part.context_name, &Need::context) != plan_.searched.end();
    Verdict verdict = Verdict::pass;
    if (searched) {
      LOUVER_ASSIGN(verdict, look(part, out));
    }
    if (!is_head(part.context_name)) return verdict;
    if (edits(part)) return edit(part, out);
    if (plan_.knows_bodies[slot(part.direction)]) LOUVER_TRY(collect(part));
    return verdict;
  }

 private:
  const ScanOptions& options() const { return setting_->options; }

  // --- heads

  bool edits(const FilterPart& part) const {
    return plan_.edit.does_something() && part.direction == Direction::c2s && part.right == Grant::write;
  }

  /// A whole head, and its message; nothing while it is not whole.
  struct Collected {
    Bytes message;
    http::Head head;
  };
  Result<std::optional<Collected>> collect(const FilterPart& part) {
    if (part.redacted) return Error{Fault::blocked_by_policy, "something of a head was redacted"};
    LOUVER_ASSIGN(const std::optional<Bytes> message, heads_.take(part.direction, part.bytes, part.end));
    if (!message) return std::optional<Collected>{};
    const auto way = part.direction == Direction::c2s ? http::HeadKind::request : http::HeadKind::response;
    LOUVER_ASSIGN(http::Head head, http::parse_head(way, *message));
    if (plan_.knows_bodies[slot(part.direction)]) LOUVER_TRY(bodies_.note(part.direction, part.exchange, head));
    return std::optional{Collected{*message, std::move(head)}};
  }

  Result<Verdict> edit(const FilterPart& part, Emitter& out) {
    LOUVER_ASSIGN(std::optional<Collected> collected, collect(part));
    if (!collected) return Verdict::hold;
    if (!apply(plan_.edit, collected->head)) {
      LOUVER_TRY(out.emit(collected->message, true));
      return Verdict::replaced;
    }
    LOUVER_ASSIGN(const std::string written, http::write_head(collected->head));
    LOUVER_TRY(out.emit(as_bytes(written), true));
    return Verdict::replaced;
  }

  // --- what is searched

  Result<Verdict> look(const FilterPart& part, Emitter& out) {
    auto& message = messages_[{part.context, part.direction}];
    if (message.search == nullptr && message.replacer == nullptr) LOUVER_TRY(begin(message, part));
    // The far end makes that many 'x' of a tombstone.
    const Buffer filler(part.redacted ? part.redacted_bytes : 0, std::byte{'x'});
    const Bytes piece = part.redacted ? Bytes{filler} : part.bytes;
    Verdict verdict = Verdict::pass;
    if (message.replacer != nullptr) {
      LOUVER_ASSIGN(verdict, replace(message, part, piece, out));
    } else {
      LOUVER_ASSIGN(verdict, search(*message.search, part, piece));
    }
    if (part.end) {
      if (is_body(part.context_name)) bodies_.forget(part.direction, part.exchange);
      message = {};
    }
    return verdict;
  }

  Result<> begin(OpenMessage& message, const FilterPart& part) {
    std::vector<coding::Coding> codings;
    bool as_it_is = true;
    if (is_body(part.context_name) && plan_.knows_bodies[slot(part.direction)] && !(part.bytes.empty() && part.end)) {
      const BodyFacts* facts = bodies_.find(part.direction, part.exchange);
      if (const auto unsearchable = why_unsearchable(facts)) {
        LOUVER_TRY(pass_unsearched(part, *unsearchable));
        as_it_is = false;
      } else if (facts->codings && !facts->codings->empty()) {
        codings = *facts->codings;
        as_it_is = false;
      }
    }
    if (as_it_is && setting_->open != nullptr) {
      LOUVER_ASSIGN(message.replacer, Replacer::make(*setting_->patterns, *setting_->open, options().fill));
      return {};
    }
    LOUVER_ASSIGN(message.search, MessageSearch::make(*setting_->patterns, codings, options().bounds));
    return {};
  }

  struct Unsearchable {
    std::string_view why;
    bool may_pass = true;  // if `pass_coded` says so
  };
  /// Nothing where a body can be searched.
  std::optional<Unsearchable> why_unsearchable(const BodyFacts* facts) const {
    if (facts == nullptr) return Unsearchable{"it came before its head"};
    if (facts->tunnel) return Unsearchable{"it is a WebSocket's"};
    if (facts->part && !options().pass_ranges)
      return Unsearchable{"it is a part of something, in which a pattern may be cut", false};
    if (!facts->codings) return Unsearchable{"its content coding is unknown, or one of too many"};
    return std::nullopt;
  }

  /// What cannot be searched does not pass for searched.
  Result<> pass_unsearched(const FilterPart& part, const Unsearchable& found) const {
    if (!options().pass_coded || !found.may_pass) {
      return Error{Fault::blocked_by_policy,
                   std::string{part.context_name} + " cannot be searched: " + std::string{found.why}};
    }
    if (options().write_unsearched)
      options().write_unsearched({session_.id, part.context_name, part.direction, part.exchange, found.why});
    return {};
  }

  Result<Verdict> search(MessageSearch& search, const FilterPart& part, Bytes piece) {
    if (search.is_coded() && part.redacted) {
      LOUVER_TRY(pass_unsearched(part, {"something of a content coding was redacted"}));
      return Verdict::pass;
    }
    LOUVER_ASSIGN(const MessageSearch::Outcome outcome, search.search(piece, part.end));
    Verdict verdict = Verdict::pass;
    if (outcome.rule) {
      LOUVER_ASSIGN(verdict, act(part, *outcome.rule, search.is_coded()));
    }
    if (outcome.unsearched) LOUVER_TRY(pass_unsearched(part, {outcome.unsearched->detail}));
    return verdict;
  }

  Result<Verdict> replace(OpenMessage& message, const FilterPart& part, Bytes piece, Emitter& out) {
    LOUVER_ASSIGN(const Replacer::Outcome outcome,
                  message.replacer->take(
                      piece, part.end, [&](std::size_t rule) { tell(part, rule); }, out));
    if (outcome.passes) return Verdict::pass;
    return outcome.holds ? Verdict::hold : Verdict::replaced;
  }

  void tell(const FilterPart& part, std::size_t rule) const {
    options().write({session_.id, part.context_name, setting_->patterns->name(rule), part.direction, part.exchange});
  }

  Result<Verdict> act(const FilterPart& part, std::size_t rule, bool coded) const {
    tell(part, rule);
    std::string why = "rule \"" + setting_->patterns->name(rule) + "\" matches";
    switch (options().on_match) {
      case OnMatch::note:
        return Verdict::pass;
      case OnMatch::redact:
        if (!part.bytes.empty() && !coded) return Verdict::redact;
        if (coded) why += " in a content coding, of which nothing can be redacted";
        break;  // or the end alone decided: what matched has gone on, so the message must not be taken for whole
      case OnMatch::replace:
        why += " where nothing can be replaced";
        break;
      case OnMatch::block:
        break;
    }
    return Error{Fault::blocked_by_policy, why};
  }

  std::shared_ptr<const Setting> setting_;
  const SessionInfo& session_;
  ScanPlan plan_;
  http::HeadCollector heads_;
  BodyFactsBook bodies_;
  std::map<std::pair<ContextId, Direction>, OpenMessage> messages_;
};

class ScanFactory final : public FilterFactory {
 public:
  explicit ScanFactory(Setting setting) : setting_(std::make_shared<const Setting>(std::move(setting))) {}
  std::string_view name() const override { return kind; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, setting_->options.contexts);
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    return plan_for(setting_->options, session).needs;
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    return std::unique_ptr<Filter>{
        std::make_unique<ScanFilter>(setting_, session, plan_for(setting_->options, session))};
  }

 private:
  std::shared_ptr<const Setting> setting_;
};

Error wrong_section(std::string_view what) {
  return {Fault::configuration, "filter " + std::string{kind} + ": " + std::string{what}};
}

Result<> check_rules(const std::vector<Rule>& rules) {
  if (rules.empty()) return wrong_section("it has no rules");
  std::map<std::string_view, const Rule*> known;
  for (const Rule& rule : rules) {
    if (rule.name.empty() || rule.name.size() > 64 || printable(rule.name) != rule.name)
      return wrong_section(title_of(rule) + ": a name is 1 to 64 printable ASCII characters");
    const auto [first, is_new] = known.try_emplace(rule.name, &rule);
    if (!is_new) return wrong_section(title_of(rule) + ": two rules are called so");
  }
  return {};
}

Result<> check_options(const ScanOptions& options) {
  LOUVER_TRY(check_context_list(kind, options.contexts));
  LOUVER_TRY(check_rules(options.rules));
  if (!options.write) return wrong_section("it has nowhere to write to");
  if (options.bounds.ratio_most == 0) return wrong_section("a ratio of 0 lets nothing be decoded");
  if (options.on_match != OnMatch::replace) return {};
  for (const std::string& context : options.contexts) {
    if (!can_be_replaced_in(context))
      return wrong_section("on " + context +
                           " nothing can be replaced, since that would break its form: block or redact there");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_scan(ScanOptions options) {
  LOUVER_TRY(check_options(options));
  const bool replaces = options.on_match == OnMatch::replace;
  auto patterns = Patterns::compile(options.rules, replaces ? Patterns::Want::whole : Patterns::Want::ends);
  if (!patterns) return wrong_section(patterns.error().detail);
  Setting setting{.options = {}, .patterns = *std::move(patterns), .open = {}};
  if (replaces) {
    auto open = OpenMatch::compile(options.rules, *setting.patterns);
    if (!open) return wrong_section(open.error().detail);
    setting.open = *std::move(open);
  }
  setting.options = std::move(options);
  setting.options.rules.clear();  // compiled: sessions need no copy of them
  return std::shared_ptr<const FilterFactory>{std::make_shared<ScanFactory>(std::move(setting))};
}

}  // namespace louver::filter::scan

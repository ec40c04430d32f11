#include "filter/ask/ask_filter.h"

#include <array>
#include <map>
#include <optional>

#include "filter/ask/known_heads.h"
#include "filter/context_list.h"
#include "filter/http/head.h"
#include "filter/needs.h"

namespace louver::filter::ask {
namespace {

using Unit = AskOptions::Unit;
using OnFailure = AskOptions::OnFailure;

/// What a writer lets pass of a tombstone is that many octets 'x': so that is what is asked about.
Buffer octets_of(const FilterPart& part) {
  return part.redacted ? Buffer(part.redacted_bytes, std::byte{'x'}) : to_buffer(part.bytes);
}

std::optional<http::HeadKind> head_kind(std::string_view context) {
  for (const http::HeadKind kind : {http::HeadKind::request, http::HeadKind::response}) {
    if (context == http::context_of(kind)) return kind;
  }
  return std::nullopt;
}
bool is_head(std::string_view context) { return head_kind(context).has_value(); }

/// Whoever passes a head on in another form would be blamed by the far end.
bool has_form(std::string_view context, Bytes message) {
  if (const auto kind = head_kind(context)) return static_cast<bool>(http::parse_head(*kind, message));
  return true;
}

std::shared_ptr<const Facts> facts_of(const SessionInfo& session) {
  Facts facts;
  facts.session = session.id;
  facts.profile = session.terms->profile();
  facts.self = raw(session.self) - 1U;
  for (std::size_t i = 1; i <= session.terms->middleboxes() + 1; ++i)
    facts.path.push_back(session.terms->name(PartyIndex{static_cast<std::uint8_t>(i)}));
  return std::make_shared<const Facts>(std::move(facts));
}

class AskFilter final : public Filter {
 public:
  AskFilter(std::shared_ptr<const AskOptions> options, const SessionInfo& session)
      : options_(std::move(options)), facts_(facts_of(session)), recall_(session.recall) {}

  Result<Verdict> on_part(const FilterPart& part, Emitter& out) override {
    if (const auto kind = head_kind(part.context_name); kind && options_->with_heads) heads_.add(*kind, part);
    if (!options_->asks_about(part.context_name)) return Verdict::pass;
    Message& message = messages_[{part.context, part.direction}];
    if (message.unchecked) {
      if (part.end) message = {};
      return Verdict::pass;
    }
    return asks_in_pieces(part) ? on_piece(message, part) : on_more(message, part, out);
  }

  Result<Verdict> on_answer(const FilterPart& part, Emitter& out) override {
    Slot& slot = *slots_[louver::slot(part.direction)];
    if (!slot.answer) return Verdict::later;
    const Result<Answer> answer = *std::exchange(slot.answer, std::nullopt);
    slot.waits = false;
    Message& message = messages_[{part.context, part.direction}];
    const std::optional<std::string> trouble = answer ? check(part, *answer) : answer.error().detail;
    if (trouble) LOUVER_TRY(give_up(part, *trouble));
    const Result<Verdict> done = trouble ? release(message, part, out) : obey(message, part, out, *answer);
    if (part.end) {
      message = {};
    } else {
      message.unchecked = trouble.has_value();
    }
    return done;
  }

  void on_session_end() override {
    for (const auto& slot : slots_) {
      if (std::exchange(slot->waits, false)) options_->engine->forget(slot->number);
    }
    options_->engine->leave(facts_);
  }

 private:
  /// A message that has not ended.
  struct Message {
    Buffer octets;  // so far, where the whole is asked about
    bool has_content = false;
    bool unchecked = false;  // the engine has failed, and the rest goes on without it
  };
  /// A direction stands still while a question is open, so there is one at most.
  struct Slot {
    bool waits = false;
    std::uint64_t number = 0;
    std::optional<Result<Answer>> answer;
  };

  bool writes() const { return options_->access == Grant::write; }
  /// A head is a head only as a whole; a tombstone takes the place of one record.
  bool asks_in_pieces(const FilterPart& part) const {
    return options_->unit == Unit::piece && (options_->access == Grant::redact || !is_head(part.context_name));
  }

  Result<Verdict> on_piece(Message& message, const FilterPart& part) {
    Buffer octets = octets_of(part);
    message.has_content = message.has_content || !octets.empty();
    const bool worth_asking = !octets.empty() || (part.end && message.has_content);
    if (worth_asking) return ask(part, std::move(octets));
    if (part.end) message = {};
    return Verdict::pass;
  }

  Result<Verdict> on_more(Message& message, const FilterPart& part, Emitter& out) {
    const std::size_t more = part.redacted ? part.redacted_bytes : part.bytes.size();
    if (message.octets.size() + more > options_->message_most) {
      LOUVER_TRY(give_up(part, "the message has more than " + std::to_string(options_->message_most) + " octets"));
      if (writes()) LOUVER_TRY(out.emit(message.octets, false));
      message = {};
      message.unchecked = !part.end;
      return Verdict::pass;
    }
    append(message.octets, octets_of(part));
    if (!part.end) return writes() && !message.octets.empty() ? Verdict::hold : Verdict::pass;
    return message.octets.empty() ? Verdict::pass : ask(part, message.octets);
  }

  Result<Verdict> ask(const FilterPart& part, Buffer octets) {
    if (recall_ == nullptr) return Error{Fault::internal_error, "a session without a way back for answers"};
    const std::shared_ptr<Slot>& slot = slots_[louver::slot(part.direction)];
    slot->waits = true;
    slot->answer.reset();
    Question question{
        facts_,           std::string{part.context_name}, part.direction, part.exchange, options_->access, part.end,
        std::move(octets)};
    if (options_->with_heads && !is_head(part.context_name)) {
      question.request_head = heads_.find(http::HeadKind::request, part.exchange);
      question.response_head = heads_.find(http::HeadKind::response, part.exchange);
    }
    slot->number = options_->engine->ask(
        std::move(question), [slot, recall = recall_, direction = part.direction](Result<Answer> answer) {
          recall->recall(direction, [slot, answer = std::move(answer)]() mutable { slot->answer = std::move(answer); });
        });
    return Verdict::later;
  }

  /// Why this is no answer to what was asked; nothing if it is one.
  std::optional<std::string> check(const FilterPart& part, const Answer& answer) const {
    switch (answer.judgement) {
      case Judgement::pass:
        return std::nullopt;
      case Judgement::block:
        if (options_->access == Grant::read) return "it blocks, but may only watch";
        return std::nullopt;
      case Judgement::redact:
        if (options_->access != Grant::redact) return "it redacts, but may not";
        return std::nullopt;
      case Judgement::replace:
        if (!writes()) return "it replaces, but may not write";
        if (answer.octets.size() > options_->message_most) return "it puts too much in a message's place";
        if (!has_form(part.context_name, answer.octets)) return "it puts something in the place of a head that is none";
        return std::nullopt;
    }
    return "its answer is none";
  }

  Result<Verdict> obey(const Message& message, const FilterPart& part, Emitter& out, const Answer& answer) {
    switch (answer.judgement) {
      case Judgement::pass:
        return release(message, part, out);
      case Judgement::redact:
        return Verdict::redact;
      case Judgement::replace:
        LOUVER_TRY(out.emit(answer.octets, part.end));
        return Verdict::replaced;
      case Judgement::block:
        break;
    }
    return Error{Fault::blocked_by_policy, answer.reason.empty() ? "blocked" : answer.reason};
  }

  /// What was asked about goes on as it came: a writer has kept back all of it, of which `part` is the end.
  Result<Verdict> release(const Message& message, const FilterPart& part, Emitter& out) {
    if (!writes() || asks_in_pieces(part)) return Verdict::pass;
    LOUVER_TRY(out.emit(message.octets, part.end));
    return Verdict::replaced;
  }

  /// @fault filter_failed  unless failures pass
  Result<> give_up(const FilterPart& part, const std::string& why) {
    const bool pass = options_->on_failure == OnFailure::pass;
    options_->write({options_->kind, facts_->session, part.context_name, part.direction, part.exchange, why, pass});
    return pass ? Result<>{} : Error{Fault::filter_failed, why};
  }

  std::shared_ptr<const AskOptions> options_;
  std::shared_ptr<const Facts> facts_;
  std::shared_ptr<Recall> recall_;
  std::map<std::pair<ContextId, Direction>, Message> messages_;
  KnownHeads heads_;
  std::array<std::shared_ptr<Slot>, 2> slots_{std::make_shared<Slot>(), std::make_shared<Slot>()};
};

/// Heads are read where they may be, and are not missed where they may not.
void add_heads(std::vector<Need>& needs, const SessionInfo& session) {
  for (const http::HeadKind kind : {http::HeadKind::request, http::HeadKind::response}) {
    const std::string context{http::context_of(kind)};
    for (Need& need : needs_on(std::vector{context}, Grant::read, session)) {
      const bool there = std::ranges::any_of(
          needs, [&](const Need& one) { return one.context == need.context && one.direction == need.direction; });
      if (!there && missing_grants("", std::span{&need, 1}, session).empty()) needs.push_back(std::move(need));
    }
  }
}

class AskFactory final : public FilterFactory {
 public:
  explicit AskFactory(AskOptions options) : options_(std::make_shared<const AskOptions>(std::move(options))) {}
  std::string_view name() const override { return options_->kind; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, options_->contexts);
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    std::vector<Need> needs = options_->contexts.empty() ? needs_everywhere(options_->access, session)
                                                         : needs_on(options_->contexts, options_->access, session);
    if (options_->contexts.empty()) {
      std::erase_if(needs, [&](const Need& need) { return !options_->asks_about(need.context); });
      needs = granted_of(std::move(needs), session);
    }
    if (options_->with_heads) add_heads(needs, session);
    return needs;
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    if (session.recall != nullptr) options_->engine->warm_up();
    return std::unique_ptr<Filter>{std::make_unique<AskFilter>(options_, session)};
  }

 private:
  std::shared_ptr<const AskOptions> options_;
};

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_ask(AskOptions options) {
  const auto wrong = [&](std::string_view what) {
    return Error{Fault::configuration, "filter " + std::string{options.kind} + ": " + std::string{what}};
  };
  LOUVER_TRY(check_context_list(options.kind, options.contexts));
  if (options.access == Grant::none) return wrong("it may do nothing");
  if (options.access == Grant::redact && options.unit == Unit::message)
    return wrong("a tombstone takes the place of one record, so it is asked about in pieces");
  if (options.message_most == 0 || options.message_most > limits::held_bytes)
    return wrong("a message that is asked about has 1 to " + std::to_string(limits::held_bytes) + " octets");
  if (options.engine == nullptr || !options.write) return wrong("it has nobody to ask or nowhere to write to");
  return std::shared_ptr<const FilterFactory>{std::make_shared<AskFactory>(std::move(options))};
}

}  // namespace louver::filter::ask

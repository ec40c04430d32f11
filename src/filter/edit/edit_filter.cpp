#include "filter/edit/edit_filter.h"

#include <array>

#include "filter/edit/rules.h"
#include "filter/http/bound_target.h"
#include "filter/needs.h"

namespace louver::filter::edit {
namespace {

using http::bound_anew;
using http::bound_target;
using http::context_of;
using http::Head;
using http::head_bytes_most;
using http::HeadKind;
using http::parse_head;
using http::write_head;

constexpr std::string_view credentials_context = "request-credentials";

/// The credentials of these requests are to be bound to the targets that their heads have now.
class Rebinding {
 public:
  /// A whole request head has gone on, changed or not.
  /// @fault blocked_by_policy  credentials of another one are still due
  Result<> on_head(Exchange exchange, const Head& before, const Head& after) {
    if (due_) return Error{Fault::blocked_by_policy, "request-head came before the request-credentials in front of it"};
    newest_ = exchange;
    const std::string from = bound_target(before);
    const std::string to = bound_target(after);
    if (from != to) due_ = Due{from, to};
    return {};
  }
  /// @fault blocked_by_policy  they came before their head, or were given for another target than it had
  Result<std::string> on_credentials(Exchange exchange, Bytes message) {
    if (newest_ != exchange)
      return Error{Fault::blocked_by_policy, "request-credentials came before their request-head"};
    if (!due_) return std::string{as_text(message)};
    const Due due = *std::exchange(due_, std::nullopt);
    return bound_anew(message, due.from, due.to);
  }

 private:
  struct Due {
    std::string from;
    std::string to;
  };
  std::optional<Due> due_;
  std::optional<Exchange> newest_;
};

class EditFilter final : public Filter {
 public:
  EditFilter(std::shared_ptr<const Rules> rules, bool rebinds) : rules_(std::move(rules)) {
    if (rebinds) rebinding_.emplace();
  }

  Result<Verdict> on_part(const FilterPart& part, Emitter& out) override {
    const bool credentials = part.context_name == credentials_context;
    Buffer& held = credentials ? held_credentials_ : held_[slot(part.direction)];
    if (part.redacted)
      return Error{Fault::blocked_by_policy, "something of the " + std::string{part.context_name} + " was redacted"};
    if (held.size() + part.bytes.size() > head_bytes_most) {
      return Error{Fault::limit_exceeded, "a head is longer than " + std::to_string(head_bytes_most) + " octets"};
    }
    if (!part.end || !held.empty()) append(held, part.bytes);
    if (!part.end) return held.empty() ? Verdict::replaced : Verdict::hold;

    const Buffer whole = std::exchange(held, {});
    const Bytes message = whole.empty() ? part.bytes : Bytes{whole};
    LOUVER_ASSIGN(const std::optional<std::string> edited, credentials ? rebind(part, message) : edit(part, message));
    if (!edited && whole.empty()) return Verdict::pass;
    LOUVER_TRY(out.emit(edited ? as_bytes(*edited) : message, true));
    return Verdict::replaced;
  }

 private:
  /// Nothing if the rules have nothing to change.
  Result<std::optional<std::string>> edit(const FilterPart& part, Bytes message) {
    const HeadKind kind = part.direction == Direction::c2s ? HeadKind::request : HeadKind::response;
    LOUVER_ASSIGN(const Head before, parse_head(kind, message));
    Head head = before;
    LOUVER_ASSIGN(const bool changed, rules_->apply(head));
    if (kind == HeadKind::request && rebinding_) LOUVER_TRY(rebinding_->on_head(part.exchange, before, head));
    if (!changed) return std::optional<std::string>{};
    LOUVER_ASSIGN(std::string written, write_head(head));
    return std::optional<std::string>{std::move(written)};
  }

  Result<std::optional<std::string>> rebind(const FilterPart& part, Bytes message) {
    LOUVER_ASSIGN(std::string bound, rebinding_->on_credentials(part.exchange, message));
    if (bound == as_text(message)) return std::optional<std::string>{};
    return std::optional<std::string>{std::move(bound)};
  }

  std::shared_ptr<const Rules> rules_;
  std::array<Buffer, 2>
      held_;  // by direction: what came of the head that is open; profiles with heads do not multiplex
  Buffer held_credentials_;
  std::optional<Rebinding> rebinding_;  // where it may write both
};

class EditFactory final : public FilterFactory {
 public:
  explicit EditFactory(Rules rules) : rules_(std::make_shared<const Rules>(std::move(rules))) {}
  std::string_view name() const override { return "edit"; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    const auto has = [&](HeadKind kind) {
      return rules_->is_for(kind) && has_contexts(profile, std::array{std::string{context_of(kind)}});
    };
    return has(HeadKind::request) || has(HeadKind::response);
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    std::vector<Need> out;
    if (rules_->is_for(HeadKind::request)) out.push_back({"request-head", Direction::c2s, Grant::write});
    if (rules_->is_for(HeadKind::response)) out.push_back({"response-head", Direction::s2c, Grant::write});
    if (!rules_->contexts_listed()) out = granted_of(std::move(out), session);
    if (rebinds(session)) out.push_back({std::string{credentials_context}, Direction::c2s, Grant::write});
    return out;
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    return std::unique_ptr<Filter>{std::make_unique<EditFilter>(rules_, rebinds(session))};
  }

 private:
  /// Who changes targets binds the credentials to the new ones where it may; where not, the gateway refuses them unless
  /// both ends do without (HT-04).
  bool rebinds(const SessionInfo& session) const {
    const auto may_write = [&](std::string_view name) {
      const session::ContextInfo* context = session.terms->find_context(name);
      return context != nullptr && session.grant(context->id, Direction::c2s) == Grant::write;
    };
    return rules_->rewrites_targets() && may_write("request-head") && may_write(credentials_context);
  }

  std::shared_ptr<const Rules> rules_;
};

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_edit(EditOptions options) {
  LOUVER_ASSIGN(Rules rules, Rules::make(std::move(options)));
  return std::shared_ptr<const FilterFactory>{std::make_shared<EditFactory>(std::move(rules))};
}

}  // namespace louver::filter::edit

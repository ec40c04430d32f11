#include "filter/edit/edit_filter.h"

#include <array>

#include "filter/edit/rules.h"
#include "filter/needs.h"

namespace louver::filter::edit {
namespace {

using http::context_of;
using http::Head;
using http::head_bytes_most;
using http::HeadKind;
using http::parse_head;
using http::write_head;

class EditFilter final : public Filter {
 public:
  explicit EditFilter(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

  Result<Verdict> on_part(const FilterPart& part, Emitter& out) override {
    Buffer& held = held_[slot(part.direction)];
    if (part.redacted)
      return Error{Fault::blocked_by_policy, "something of the " + std::string{part.context_name} + " was redacted"};
    if (held.size() + part.bytes.size() > head_bytes_most) {
      return Error{Fault::limit_exceeded, "a head is longer than " + std::to_string(head_bytes_most) + " octets"};
    }
    if (!part.end || !held.empty()) append(held, part.bytes);
    if (!part.end) return held.empty() ? Verdict::replaced : Verdict::hold;

    const Buffer whole = std::exchange(held, {});
    const Bytes message = whole.empty() ? part.bytes : Bytes{whole};
    LOUVER_ASSIGN(const std::optional<std::string> edited, edit(part.direction, message));
    if (!edited && whole.empty()) return Verdict::pass;
    LOUVER_TRY(out.emit(edited ? as_bytes(*edited) : message, true));
    return Verdict::replaced;
  }

 private:
  /// Nothing if the rules have nothing to change.
  Result<std::optional<std::string>> edit(Direction direction, Bytes message) const {
    const HeadKind kind = direction == Direction::c2s ? HeadKind::request : HeadKind::response;
    LOUVER_ASSIGN(Head head, parse_head(kind, message));
    LOUVER_ASSIGN(const bool changed, rules_->apply(head));
    if (!changed) return std::optional<std::string>{};
    LOUVER_ASSIGN(std::string written, write_head(head));
    return std::optional<std::string>{std::move(written)};
  }

  std::shared_ptr<const Rules> rules_;
  std::array<Buffer, 2>
      held_;  // by direction: what came of the head that is open; profiles with heads do not multiplex
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
    return rules_->contexts_listed() ? out : granted_of(std::move(out), session);
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo&) const override {
    return std::unique_ptr<Filter>{std::make_unique<EditFilter>(rules_)};
  }

 private:
  std::shared_ptr<const Rules> rules_;
};

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_edit(EditOptions options) {
  LOUVER_ASSIGN(Rules rules, Rules::make(std::move(options)));
  return std::shared_ptr<const FilterFactory>{std::make_shared<EditFactory>(std::move(rules))};
}

}  // namespace louver::filter::edit

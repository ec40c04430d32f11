#include "filter/validate/validate_filter.h"

#include <algorithm>
#include <array>
#include <map>

#include "filter/context_list.h"
#include "filter/http/head_collector.h"
#include "filter/needs.h"
#include "filter/validate/json_type.h"

namespace louver::filter::validate {
namespace {

constexpr std::string_view kind = "validate";
constexpr std::array<std::string_view, 2> bodies = {"request-body", "response-body"};  // by direction
constexpr std::array<std::string_view, 2> heads = {"request-head", "response-head"};   // likewise

bool grants_head(Direction direction, const SessionInfo& session) {
  const Need need{std::string{heads[slot(direction)]}, direction, Grant::inspect};
  return missing_grants(kind, {&need, 1}, session).empty();
}

/// The first octet of a JSON text: so that frames of a tunnel, or a coded body, are stopped before anything of them has
/// gone on.
bool may_begin(std::byte octet) {
  return std::string_view{" \t\r\n{[\"-0123456789tfn"}.find(static_cast<char>(octet)) != std::string_view::npos;
}

class ValidateFilter final : public Filter {
 public:
  ValidateFilter(std::shared_ptr<const ValidateOptions> options, const SessionInfo& session)
      : options_(std::move(options)) {
    for (const Direction direction : both_directions) knows_heads_[slot(direction)] = grants_head(direction, session);
  }

  Result<Verdict> on_part(const FilterPart& part, Emitter& out) override {
    if (part.context_name == heads[slot(part.direction)]) return on_head(part);
    Buffer& held = held_[part.context];
    if (part.redacted) return stopped(part, "something of it was redacted");
    if (held.size() + part.bytes.size() > options_->message_most)
      return stopped(part, "it has more than " + std::to_string(options_->message_most) + " octets");
    if (held.empty() && !part.bytes.empty()) {
      if (const char* why = why_not(part)) return stopped(part, why);
    }
    append(held, part.bytes);
    const bool writes = part.right == Grant::write;
    if (!part.end) return writes && !held.empty() ? Verdict::hold : Verdict::pass;
    const Buffer message = std::exchange(held, {});
    if (message.empty()) return Verdict::pass;
    LOUVER_TRY(judge(part, message));
    if (!writes || message.size() == part.bytes.size()) return Verdict::pass;
    LOUVER_TRY(out.emit(message, true));
    return Verdict::replaced;
  }

 private:
  Result<Verdict> on_head(const FilterPart& part) {
    if (part.redacted) return stopped(part, "something of it was redacted");
    LOUVER_ASSIGN(const std::optional<Bytes> message, heads_.take(part.direction, part.bytes, part.end));
    if (!message) return Verdict::pass;
    const auto way = part.direction == Direction::c2s ? http::HeadKind::request : http::HeadKind::response;
    LOUVER_ASSIGN(const http::Head head, http::parse_head(way, *message));
    if (!http::is_interim(head)) told_[slot(part.direction)] = Told{part.exchange, why_no_json(head)};
    return Verdict::pass;
  }

  /// Why this body, of which the first octets are here, cannot be what is wanted.
  const char* why_not(const FilterPart& part) const {
    const Told& told = told_[slot(part.direction)];
    if (knows_heads_[slot(part.direction)]) {
      if (told.exchange != part.exchange) return "it came before its head";
      if (told.why != nullptr) return told.why;
    }
    return may_begin(part.bytes.front()) ? nullptr : "it is no JSON";
  }

  Result<> judge(const FilterPart& part, Bytes message) const {
    const Result<Json> value = read_json(message, options_->bounds);
    if (!value) return stopped(part, value.error().detail);  // a bound that it breaks is a rule like others
    const std::optional<Mismatch> wrong = options_->schema->check(*value);
    if (!wrong) return {};
    return stopped(part, "it is not as the schema wants it at \"" + wrong->path + "\" (" + wrong->keyword + ")");
  }
  static Error stopped(const FilterPart& part, const std::string& why) {
    return {Fault::blocked_by_policy, std::string{part.context_name} + ": " + why};
  }

  struct Told {
    Exchange exchange{};
    const char* why = nullptr;  // it says that its body is no JSON
  };
  std::shared_ptr<const ValidateOptions> options_;
  std::array<bool, 2> knows_heads_{};
  http::HeadCollector heads_;
  std::array<Told, 2> told_;
  std::map<ContextId, Buffer> held_;  // of bodies that are open; profiles with bodies do not multiplex
};

class ValidateFactory final : public FilterFactory {
 public:
  explicit ValidateFactory(ValidateOptions options)
      : options_(std::make_shared<const ValidateOptions>(std::move(options))) {}
  std::string_view name() const override { return kind; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, std::array{std::string{bodies[0]}, std::string{bodies[1]}});
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    std::vector<Need> out;
    for (const std::string_view body : bodies) {
      const bool wanted =
          options_->contexts.empty() || std::ranges::find(options_->contexts, body) != options_->contexts.end();
      const Direction direction = body == bodies[0] ? Direction::c2s : Direction::s2c;
      if (wanted) out.push_back({std::string{body}, direction, Grant::inspect});
    }
    if (options_->contexts.empty()) out = granted_of(std::move(out), session);
    for (std::size_t i = out.size(); i-- > 0;) {  // what the head says of it counts too, where it may be looked at
      if (grants_head(out[i].direction, session))
        out.push_back({std::string{heads[slot(out[i].direction)]}, out[i].direction, Grant::inspect});
    }
    for (Need& need : out) {
      if (need.context == heads[slot(need.direction)]) continue;
      const Need more{need.context, need.direction, Grant::write};
      if (missing_grants(kind, {&more, 1}, session).empty()) need.least = Grant::write;
    }
    return out;
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    return std::unique_ptr<Filter>{std::make_unique<ValidateFilter>(options_, session)};
  }

 private:
  std::shared_ptr<const ValidateOptions> options_;
};

Error wrong(const std::string& what) { return {Fault::configuration, "filter " + std::string{kind} + ": " + what}; }

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_validate(ValidateOptions options) {
  LOUVER_TRY(check_context_list(kind, options.contexts));
  for (const std::string& one : options.contexts) {
    if (std::ranges::find(bodies, one) == bodies.end()) return wrong("\"" + one + "\" is no body");
  }
  if (options.schema == nullptr) return wrong("it has no schema");
  return std::shared_ptr<const FilterFactory>{std::make_shared<ValidateFactory>(std::move(options))};
}

}  // namespace louver::filter::validate

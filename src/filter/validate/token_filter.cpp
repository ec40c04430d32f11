#include "filter/validate/token_filter.h"

#include <algorithm>
#include <array>

#include "filter/http/credentials.h"
#include "filter/http/grammar.h"
#include "filter/http/head.h"
#include "filter/needs.h"
#include "tls/secret_bytes.h"

namespace louver::filter::validate {
namespace {

constexpr const char* context = "request-credentials";
using http::CredentialLine;

struct Setting {
  TokenRules rules;
  std::function<WallTime()> now;
};

class TokenFilter final : public Filter {
 public:
  explicit TokenFilter(std::shared_ptr<const Setting> setting) : setting_(std::move(setting)) {}

  Result<Verdict> on_part(const FilterPart& part, Emitter&) override {
    if (part.redacted) return Error{Fault::blocked_by_policy, "something of the credentials was redacted"};
    if (held_.size() + part.bytes.size() > http::head_bytes_most)
      return Error{Fault::limit_exceeded, "the credentials are too long"};
    held_.insert(held_.end(), part.bytes.begin(), part.bytes.end());
    if (!part.end) return Verdict::pass;
    const tls::SecretBytes message = std::exchange(held_, {});
    LOUVER_ASSIGN(const std::vector<CredentialLine> lines, http::parse_credentials(message));
    LOUVER_ASSIGN(const std::string_view token, token_in(lines));
    LOUVER_TRY(check_token(token, setting_->rules, setting_->now()));
    return Verdict::pass;
  }

 private:
  static Result<std::string_view> token_in(const std::vector<CredentialLine>& lines) {
    constexpr std::string_view scheme = "bearer ";
    const auto is_it = [](const CredentialLine& line) { return line.name == "authorization"; };
    const auto found = std::ranges::find_if(lines, is_it);
    const bool has_form =
        std::ranges::count_if(lines, is_it) == 1 && http::lowered(found->value.substr(0, scheme.size())) == scheme;
    if (!has_form) return Error{Fault::blocked_by_policy, "the request carries no bearer token"};
    return found->value.substr(scheme.size());
  }

  std::shared_ptr<const Setting> setting_;
  tls::SecretBytes held_;  // of the message that is open
};

class TokenFactory final : public FilterFactory {
 public:
  explicit TokenFactory(Setting setting) : setting_(std::make_shared<const Setting>(std::move(setting))) {}
  std::string_view name() const override { return "validate"; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, std::array{std::string{context}});
  }
  std::vector<Need> needs(const SessionInfo&) const override { return {{context, Direction::c2s, Grant::inspect}}; }
  Result<std::unique_ptr<Filter>> make(const SessionInfo&) const override {
    return std::unique_ptr<Filter>{std::make_unique<TokenFilter>(setting_)};
  }

 private:
  std::shared_ptr<const Setting> setting_;
};

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_token_filter(TokenRules rules, std::function<WallTime()> now) {
  if (rules.key == nullptr || !now) return Error{Fault::configuration, "filter validate: it has no key, or no clock"};
  return std::shared_ptr<const FilterFactory>{
      std::make_shared<TokenFactory>(Setting{std::move(rules), std::move(now)})};
}

}  // namespace louver::filter::validate

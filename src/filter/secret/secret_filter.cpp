#include "filter/secret/secret_filter.h"

#include <algorithm>
#include <array>

#include "filter/http/grammar.h"
#include "filter/http/head.h"
#include "filter/http/request_edit.h"
#include "filter/needs.h"
#include "filter/secret/answer_guard.h"
#include "filter/secret/credentials_message.h"

namespace louver::filter::secret {
namespace {

constexpr std::string_view kind = "secret";
constexpr std::array answer_contexts = {"response-head", "response-credentials", "response-body"};
constexpr std::size_t credentials_bytes_most = http::head_bytes_most;
constexpr http::RequestEdit readable{.whole = true, .plain = true};  // answers that can be searched

using Otherwise = SecretOptions::Otherwise;
using OnEcho = SecretOptions::OnEcho;

/// "/v1" fits "/v1", "/v1?x" and "/v1/x", not "/v12".
bool fits(std::string_view prefix, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

std::string_view without_port(std::string_view authority) {
  const std::size_t end = authority.starts_with('[') ? authority.find(']') : std::size_t{0};
  return authority.substr(0, authority.find(':', end));
}

/// An entry without a port watches every port: routes and origins without one lead all of them to one server, which may
/// tell on one what it was given on another.
bool is_watched_host(const SecretOptions& options, const http::Head& head) {
  return std::ranges::any_of(options.hosts,
                             [&](std::string_view one) { return one == head.host || one == without_port(head.host); });
}
bool is_listed(const SecretOptions& options, const http::Head& head) {
  return std::ranges::find(options.hosts, head.host) != options.hosts.end() &&
         std::ranges::any_of(options.paths, [&](const std::string& one) { return fits(one, head.target); });
}

class SecretFilter final : public Filter {
 public:
  SecretFilter(std::shared_ptr<const SecretOptions> options, const SessionInfo& session)
      : options_(std::move(options)), guard_(*options_, session) {}

  Result<Verdict> on_part(const FilterPart& part, Emitter& out) override {
    if (part.direction == Direction::s2c) return guard_.on_part(part, out);
    if (part.redacted)
      return Error{Fault::blocked_by_policy, "something of the " + std::string{part.context_name} + " was redacted"};
    return part.context_name == "request-head" ? on_head(part, out) : on_credentials(part, out);
  }

 private:
  /// Held if it may be written, since it may have to be changed.
  Result<Verdict> on_head(const FilterPart& part, Emitter& out) {
    const bool writes = part.right == Grant::write;
    if (head_.size() + part.bytes.size() > http::head_bytes_most)
      return Error{Fault::limit_exceeded, "a head is longer than " + std::to_string(http::head_bytes_most) + " octets"};
    append(head_, part.bytes);
    if (!part.end) return writes && !head_.empty() ? Verdict::hold : Verdict::pass;
    const Buffer message = std::exchange(head_, {});
    LOUVER_ASSIGN(http::Head head, http::parse_head(http::HeadKind::request, message));
    const bool watched = options_->watch_answers && is_watched_host(*options_, head);
    const bool listed = is_listed(*options_, head);
    if (watched && head.upgrade)
      return Error{Fault::blocked_by_policy, "a WebSocket to a host of the credential cannot be watched"};
    if (options_->watch_answers) LOUVER_TRY(guard_.expect(part.exchange, watched));
    exchange_ = part.exchange;
    listed_ = listed;
    if (!writes) return Verdict::pass;
    if (!watched || !http::apply(readable, head)) {
      if (message.size() == part.bytes.size()) return Verdict::pass;  // nothing was held
      LOUVER_TRY(out.emit(message, true));
      return Verdict::replaced;
    }
    LOUVER_ASSIGN(const std::string written, http::write_head(head));
    LOUVER_TRY(out.emit(as_bytes(written), true));
    return Verdict::replaced;
  }

  Result<Verdict> on_credentials(const FilterPart& part, Emitter& out) {
    if (credentials_.size() + part.bytes.size() > credentials_bytes_most)
      return Error{Fault::limit_exceeded,
                   "the credentials are longer than " + std::to_string(credentials_bytes_most) + " octets"};
    if (part.exchange != exchange_)
      return Error{Fault::blocked_by_policy, "request-credentials came before its head, which says where they go"};
    credentials_.insert(credentials_.end(), part.bytes.begin(), part.bytes.end());
    if (!part.end) return credentials_.empty() ? Verdict::replaced : Verdict::hold;
    const tls::SecretBytes message = std::exchange(credentials_, {});
    LOUVER_ASSIGN(const std::optional<tls::SecretBytes> changed, fill_in(message));
    LOUVER_TRY(out.emit(changed ? Bytes{*changed} : Bytes{message}, true));
    return Verdict::replaced;
  }

  /// Nothing if the message goes on as it is.
  Result<std::optional<tls::SecretBytes>> fill_in(Bytes message) const {
    if (!listed_) return std::optional<tls::SecretBytes>{};
    LOUVER_ASSIGN(const std::vector<CredentialLine> lines, http::parse_credentials(message));
    const std::shared_ptr<const Credential> credential = options_->source->current();
    if (credential == nullptr) return Error{Fault::blocked_by_policy, "there is no credential at hand at present"};
    if (options_->placeholder.empty())
      return std::optional{set_field(lines, options_->field, options_->scheme, credential->expose())};
    auto out = replace_placeholder(lines, options_->field, options_->placeholder, credential->expose());
    if (!out && options_->without_placeholder == Otherwise::block)
      return Error{Fault::blocked_by_policy, "the request does not carry the placeholder of a credential"};
    return out;
  }

  std::shared_ptr<const SecretOptions> options_;
  AnswerGuard guard_;
  Buffer head_;  // of the request that is open
  tls::SecretBytes credentials_;
  Exchange exchange_{};  // of the last request head
  bool listed_ = false;  // where it goes
};

class SecretFactory final : public FilterFactory {
 public:
  explicit SecretFactory(SecretOptions options) : options_(std::make_shared<const SecretOptions>(std::move(options))) {}
  std::string_view name() const override { return kind; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, std::array<std::string, 2>{"request-head", "request-credentials"});
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    std::vector<Need> out = {{"request-credentials", Direction::c2s, Grant::write},
                             {"request-head", Direction::c2s, Grant::inspect}};
    if (!options_->watch_answers) return out;
    out[1].least = more_if_granted(out[1], session);
    for (const char* context : answer_contexts) out.push_back(watch(context, session));
    // And what else of answers this session has: trailers, values with contexts of their own.
    for (const session::ContextInfo& context : session.terms->contexts()) {
      const bool told = std::ranges::find(answer_contexts, context.name) != answer_contexts.end();
      if (context.has[slot(Direction::s2c)] && !told) out.push_back(watch(context.name, session));
    }
    return out;
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    return std::unique_ptr<Filter>{std::make_unique<SecretFilter>(options_, session)};
  }

 private:
  Need watch(std::string_view context, const SessionInfo& session) const {
    Need need{std::string{context}, Direction::s2c, Grant::inspect};
    need.least = options_->on_echo == OnEcho::redact ? Grant::write : more_if_granted(need, session);
    return need;
  }
  /// Write if the session has it, else what is needed at least.
  static Grant more_if_granted(const Need& need, const SessionInfo& session) {
    Need more = need;
    more.least = Grant::write;
    return missing_grants(kind, {&more, 1}, session).empty() ? Grant::write : need.least;
  }

  std::shared_ptr<const SecretOptions> options_;
};

Error wrong_section(const std::string& what) {
  return {Fault::configuration, "filter " + std::string{kind} + ": " + what};
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

Result<> check_places(const SecretOptions& options) {
  if (options.hosts.empty() || options.paths.empty())
    return wrong_section("it has no hosts or no paths, so it does nothing");
  for (const std::string& host : options.hosts) {
    if (!http::is_authority(host)) return wrong_section("\"" + printable(host) + "\" is no host");
  }
  for (const std::string& path : options.paths) {
    if (!http::is_origin_form(path) || path.find('?') != std::string::npos)
      return wrong_section("\"" + printable(path) + "\" is no path that a request can have");
  }
  return {};
}

Result<> check_field(const SecretOptions& options) {
  if (options.field != "authorization" && options.field != "cookie")
    return wrong_section("credentials stand in \"authorization\" or \"cookie\"");
  if (options.field == "cookie" && options.placeholder.empty())
    return wrong_section("a cookie holds more than one value: it needs a placeholder");
  if (!options.scheme.empty() && !http::is_token(options.scheme)) return wrong_section("the scheme is no token");
  const std::string& placeholder = options.placeholder;
  if (!placeholder.empty() && (placeholder.size() < 8 || placeholder.size() > 256 || !is_plain(placeholder)))
    return wrong_section("a placeholder is 8 to 256 characters of printable ASCII without blanks");
  return {};
}

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_secret(SecretOptions options) {
  LOUVER_TRY(check_places(options));
  LOUVER_TRY(check_field(options));
  if (options.source == nullptr || !options.write) return wrong_section("it has no credential, or nowhere to write to");
  return std::shared_ptr<const FilterFactory>{std::make_shared<SecretFactory>(std::move(options))};
}

}  // namespace louver::filter::secret

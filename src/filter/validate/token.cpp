#include "filter/validate/token.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "filter/validate/json_text.h"

namespace louver::filter::validate {
namespace {

constexpr std::size_t token_bytes_most = 16 * 1024;
constexpr JsonBounds small{.depth_most = 8, .values_most = 1000};

Error refused(const std::string& why) { return {Fault::blocked_by_policy, "the token " + why}; }

/// RFC 4648 section 5 without padding, in its one form.
std::optional<Buffer> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string plain{text};
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  plain.append((4 - plain.size() % 4) % 4, '=');
  return from_base64(plain);
}

Result<Json> read_part(std::string_view part, const char* name) {
  const std::optional<Buffer> text = from_base64url(part);
  if (!text) return refused(std::string{"has a "} + name + " that is no base64url");
  Result<Json> value = read_json(*text, small);
  if (!value || !value->is_object()) return refused(std::string{"has a "} + name + " that is no JSON object");
  return value;
}

Result<> check_header(const Json& header, const TokenRules& rules) {
  const auto algorithm = header.find("alg");
  if (algorithm == header.end() || *algorithm != std::string{crypto::name_of(rules.algorithm)})
    return refused("is not signed by " + std::string{crypto::name_of(rules.algorithm)});
  if (header.contains("crit")) return refused("demands extensions that are not known here");
  return {};
}

/// Seconds since 1970, with a fraction or not.
Result<std::optional<double>> time_in(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::optional<double>{};
  if (!found->is_number()) return refused(std::string{"has a "} + name + " that is no time");
  return std::optional{found->get<double>()};
}

Result<> check_times(const Json& claims, const TokenRules& rules, WallTime now) {
  const auto seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  const auto leeway = static_cast<double>(rules.leeway.count());
  LOUVER_ASSIGN(const std::optional<double> until, time_in(claims, "exp"));
  if (!until) return refused("does not say when it expires");
  if (seconds >= *until + leeway) return refused("has expired");
  LOUVER_ASSIGN(const std::optional<double> from, time_in(claims, "nbf"));
  if (from && seconds < *from - leeway) return refused("is not yet valid");
  return {};
}

bool is_for(const Json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  return found->is_array() ? std::find(found->begin(), found->end(), audience) != found->end() : *found == audience;
}

Result<> check_claims(const Json& claims, const TokenRules& rules, WallTime now) {
  LOUVER_TRY(check_times(claims, rules, now));
  const auto issuer = claims.find("iss");
  if (rules.issuer && (issuer == claims.end() || *issuer != *rules.issuer)) return refused("is from another issuer");
  if (rules.audience && !is_for(claims, *rules.audience)) return refused("is for another audience");
  return {};
}

}  // namespace

Result<> check_token(std::string_view token, const TokenRules& rules, WallTime now) {
  if (token.size() > token_bytes_most) return refused("is too long");
  if (std::ranges::count(token, '.') != 2) return refused("does not have three parts");
  const std::size_t first = token.find('.'), second = token.rfind('.');
  LOUVER_ASSIGN(const Json header, read_part(token.substr(0, first), "header"));
  LOUVER_TRY(check_header(header, rules));
  const std::optional<Buffer> signature = from_base64url(token.substr(second + 1));
  if (!signature || !rules.key->verifies(as_bytes(token.substr(0, second)), *signature))
    return refused("has a signature that does not hold");
  LOUVER_ASSIGN(const Json claims, read_part(token.substr(first + 1, second - first - 1), "body"));
  return check_claims(claims, rules, now);
}

}  // namespace louver::filter::validate

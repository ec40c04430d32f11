#include "role/validate_rules.h"

#include "filter/validate/token_filter.h"
#include "filter/validate/validate_filter.h"
#include "runtime/clock.h"
#include "runtime/files.h"
#include "tls/file.h"

namespace louver::role {
namespace {

using FactoryResult = Result<std::shared_ptr<const filter::FilterFactory>>;
using Algorithm = config::ValidateFilter::Algorithm;
using crypto::TokenAlgorithm;

constexpr std::size_t schema_bytes_most = std::size_t{1024} * 1024;

TokenAlgorithm algorithm_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256:
      return TokenAlgorithm::rs256;
    case Algorithm::ps256:
      return TokenAlgorithm::ps256;
    case Algorithm::es256:
      return TokenAlgorithm::es256;
    case Algorithm::eddsa:
      return TokenAlgorithm::eddsa;
    case Algorithm::hs256:
      break;
  }
  return TokenAlgorithm::hs256;
}

FactoryResult make_for_bodies(const config::ValidateFilter& options, const std::vector<std::string>& contexts) {
  const std::string& file = *options.schema;
  LOUVER_ASSIGN(const Buffer text, runtime::read_file_checked(file, schema_bytes_most));
  const auto document = filter::validate::read_json(text);
  if (!document) return Error{Fault::configuration, file + ": " + document.error().detail};
  auto schema = filter::validate::Schema::compile(*document);
  if (!schema) return Error{Fault::configuration, file + ": " + schema.error().detail};
  filter::validate::ValidateOptions made;
  made.contexts = contexts;
  made.schema = *std::move(schema);
  made.message_most = options.message_most;
  return filter::validate::make_validate(std::move(made));
}

FactoryResult make_for_tokens(const config::ValidateFilter& options, const std::vector<std::string>& contexts) {
  if (!contexts.empty())
    return Error{Fault::configuration,
                 "filter validate: tokens stand in request-credentials: it takes no \"contexts\""};
  const std::string& file = *options.jwt_key;
  filter::validate::TokenRules made;
  made.algorithm = algorithm_of(*options.jwt_algorithm);
  const auto access = made.algorithm == TokenAlgorithm::hs256 ? tls::FileAccess::owner_only : tls::FileAccess::anybody;
  LOUVER_ASSIGN(const tls::SecretBytes text, tls::read_file(file, access));
  auto key = crypto::TokenKey::make(made.algorithm, text);
  if (!key) return Error{Fault::configuration, file + ": " + key.error().detail};
  made.key = *std::move(key);
  made.issuer = options.jwt_issuer;
  made.audience = options.jwt_audience;
  made.leeway = std::chrono::duration_cast<std::chrono::seconds>(options.jwt_leeway);
  return filter::validate::make_token_filter(std::move(made), [] { return runtime::wall_now(); });
}

}  // namespace

FactoryResult make_validate_filter(const config::ValidateFilter& options, const std::vector<std::string>& contexts) {
  return options.schema ? make_for_bodies(options, contexts) : make_for_tokens(options, contexts);
}

}  // namespace louver::role

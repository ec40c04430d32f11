#include "filter/validate/schema.h"
#include "filter/validate/token.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::filter::validate;
using fuzz::require;

/// Bodies, schemas and tokens of strangers: read in one way, checked in bounded time, never good by chance.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = fuzz::input_of(data, size);
  const auto value = read_json(input);
  if (value) {
    const auto again = read_json(as_bytes(value->dump()));
    require(again.has_value() && *again == *value, "what is read is read alike once it is written");
    const auto schema = Schema::compile(*value);
    if (schema) static_cast<void>((*schema)->check(*value));
  }
  static const TokenRules rules{
      .algorithm = crypto::TokenAlgorithm::hs256,
      .key = *crypto::TokenKey::make(crypto::TokenAlgorithm::hs256, as_bytes(std::string(32, 's')))};
  static_cast<void>(check_token(as_text(input), rules, WallTime{}));
  return 0;
}

#include "filter/secret/credentials_message.h"
#include "filter/secret/echo_search.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::filter;
using namespace louver::filter::secret;
using fuzz::require;

namespace {

std::size_t echoes_in(const std::shared_ptr<const Credential>& credential, Bytes message, std::size_t piece) {
  EchoSearch search{credential};
  std::vector<Echo> found;
  for (std::size_t at = 0; at < message.size(); at += piece) {
    const std::size_t before = found.size();
    search.search(message.subspan(at, std::min(piece, message.size() - at)), found);
    for (std::size_t i = before; i < found.size(); ++i) {
      require(found[i].begin < found[i].end && found[i].end <= message.size(), "an echo lies in the message");
    }
    require(search.settled() <= message.size(), "what is settled has come");
  }
  search.end(found);
  return found.size();
}

}  // namespace

/// A credential comes to light wherever it stands and however the message is cut; credentials of clients are read as
/// what they are or not at all.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = fuzz::input_of(data, size);
  static const std::shared_ptr<const Credential> credential = *Credential::make(as_bytes("sk-aab+/=\"aab<"));
  const std::size_t whole = echoes_in(credential, input, std::max<std::size_t>(input.size(), 1));
  require(whole == echoes_in(credential, input, 1), "octet by octet the same is found");
  Buffer around = to_buffer(input);
  append(around, credential->expose());
  require(echoes_in(credential, around, 3) > 0, "it is found behind anything");

  const auto lines = http::parse_credentials(input);
  if (!lines) return 0;
  for (const CredentialLine& line : *lines) require(!line.name.empty(), "a field has a name");
  const auto set = set_field(*lines, "authorization", "Bearer", credential->expose());
  require(http::parse_credentials(set).has_value(), "what is written can be read");
  const auto replaced = replace_placeholder(*lines, "authorization", "PLACEHOLDER", credential->expose());
  if (replaced) require(http::parse_credentials(*replaced).has_value(), "what is replaced can be read");
  return 0;
}

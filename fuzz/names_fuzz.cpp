#include "profile/http1/target.h"
#include "support/require.h"
#include "support/script.h"
#include "tls/names.h"
#include "tls/role_pattern.h"
#include "wire/hello.h"

using namespace louver;
using fuzz::require;

/// The names of parties, in each place that judges them, and the authority of a request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(fuzz::input_of(data, size));
  const auto fault = tls::party_name_fault(text);
  if (wire::is_party_name(text)) require(!fault, "a name in a route can be one in a certificate");
  if (!fault) require(text.size() <= tls::longest_name, "a party's name is short");
  if (!fault)
    require(!(tls::is_spiffe(text) ? tls::spiffe_id_fault(text) : tls::dns_name_fault(text)),
            "a party's name is a certificate's");
  if (!tls::spiffe_id_fault(text)) require(tls::is_spiffe(text), "a SPIFFE id looks like one");
  if (!tls::role_pattern_fault(text) && !tls::spiffe_id_fault(text))
    require(tls::matches(text, text), "a pattern without '*' matches itself");

  const auto authority = profile::http1::parse_authority(text, 80);
  if (authority) {
    const auto again = profile::http1::parse_authority(authority->text(), 80);
    require(again && *again == *authority, "an authority that is written is read again");
  }
  return 0;
}

#include "filter/http/head.h"
#include "profile/http1/head.h"
#include "profile/http1/trailers.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::profile;
using fuzz::require;

/// Canonical heads: each says one thing in one way, and an editing middlebox takes none that the far end refuses.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = fuzz::input_of(data, size);
  const http1::Limits limits;
  const auto request = http1::parse_request_head(input, limits);
  if (request) require(http1::write_head(*request) == as_text(input), "a request head makes its octets again");
  const auto response = http1::parse_response_head(input, limits);
  if (response) require(http1::write_head(*response) == as_text(input), "a response head makes its octets again");
  require(!request || !response, "a head is a request's or a response's");
  for (std::string_view context : {"request-credentials", "response-credentials"}) {
    const auto credentials = http1::parse_credentials(input, context, limits);
    if (credentials)
      require(http1::write_credentials(*credentials) == as_text(input), "credentials make their octets again");
  }
  const auto trailers = http1::parse_trailers(input, "request-trailers", limits);
  if (trailers) require(http1::write_trailers(*trailers) == as_text(input), "trailers make their octets again");
  using filter::http::HeadKind;
  const auto edited_request = filter::http::parse_head(HeadKind::request, input);
  if (edited_request)
    require(*filter::http::write_head(*edited_request) == as_text(input), "an edited head makes its octets again");
  if (edited_request) require(request.has_value(), "the far end takes a request head that a middlebox takes");
  const auto edited_response = filter::http::parse_head(HeadKind::response, input);
  if (edited_response)
    require(*filter::http::write_head(*edited_response) == as_text(input), "an edited head makes its octets again");
  if (edited_response) require(response.has_value(), "the far end takes a response head that a middlebox takes");
  return 0;
}

#include "profile/http1/raw_head.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "profile/http1/grammar.h"

// The one file of the profiles that knows Boost.Beast. It parses heads only: its chunk parser takes blanks and
// extensions of any length, merges trailers into the head, and wants the last chunk and all trailers in one buffer
// (body_decoder.h does without).

namespace louver::profile::http1 {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using Text = boost::beast::string_view;

std::string_view view(Text text) { return {text.data(), text.size()}; }

template <bool is_request>
class HeadParser final : public http::basic_parser<is_request> {
 public:
  explicit HeadParser(RawHead& out) : out_(out) {}

 private:
  void on_request_impl(http::verb, Text method, Text target, int version, error_code&) override {
    out_.method = view(method);
    out_.target = view(target);
    out_.http_1_0 = version == 10;
  }
  void on_response_impl(int status, Text reason, int version, error_code&) override {
    out_.status = static_cast<unsigned>(status);
    out_.reason = view(reason);
    out_.http_1_0 = version == 10;
  }
  void on_field_impl(http::field, Text name, Text value, error_code&) override {
    out_.fields.push_back({lowered(view(name)), std::string{view(value)}});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  RawHead& out_;
};

Refusal refusal_for(error_code error) {
  if (error == http::error::bad_content_length)
    return {400, "Content-Length is no number, or stands beside Transfer-Encoding"};
  if (error == http::error::multiple_content_length) return {400, "two Content-Length fields"};
  if (error == http::error::bad_transfer_encoding) return {400, "Transfer-Encoding twice, or beside Content-Length"};
  if (error == http::error::bad_target) return {400, "a character in the request target that may not stand there"};
  if (error == http::error::bad_method) return {400, "the method is no token"};
  return {400, "the head is not well-formed"};
}

template <bool is_request>
Verdict parse(Bytes block, std::size_t field_count, RawHead& out) {
  out = {};
  out.fields.reserve(field_count);
  HeadParser<is_request> parser{out};
  parser.header_limit(static_cast<std::uint32_t>(block.size()));
  parser.body_limit(boost::none);
  parser.skip(true);  // the head alone
  error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer{block.data(), block.size()}, error);
  if (error) return refusal_for(error);
  if (used != block.size() || !parser.is_header_done() || out.fields.size() != field_count) {
    return Refusal{400, "the head can be read in two ways"};
  }
  out.chunked = parser.chunked();
  if (const auto length = parser.content_length()) out.content_length = *length;
  return {};
}

}  // namespace

Verdict parse_raw_request(Bytes block, std::size_t field_count, RawHead& out) {
  return parse<true>(block, field_count, out);
}

Verdict parse_raw_response(Bytes block, std::size_t field_count, RawHead& out) {
  return parse<false>(block, field_count, out);
}

}  // namespace louver::profile::http1

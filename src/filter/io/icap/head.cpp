#include "filter/io/icap/head.h"

#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>

#include "filter/http/grammar.h"
#include "filter/http/list.h"

// The one file of the filters that knows Boost.Beast. Its parser joins folded lines, as c-icap writes them.

namespace louver::filter::icap {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using Text = boost::beast::string_view;

std::string_view view(Text text) { return {text.data(), text.size()}; }
template <bool is_request>
class HeadParser final : public beast_http::basic_parser<is_request> {
 public:
  explicit HeadParser(HttpHead& out) : out_(out) {}

 private:
  void on_request_impl(beast_http::verb, Text method, Text target, int, error_code&) override {
    out_.method = view(method);
    out_.target = view(target);
  }
  void on_response_impl(int status, Text, int, error_code&) override { out_.status = static_cast<unsigned>(status); }
  void on_field_impl(beast_http::field, Text name, Text value, error_code& error) override {
    if (out_.fields.all().size() == fields_most) error = beast_http::error::header_limit;
    out_.fields.add(http::lowered(view(name)), std::string{view(value)});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  HttpHead& out_;
};

template <bool is_request>
Result<HttpHead> parse(Bytes block, std::string_view what) {
  if (block.size() > http_head_most) return Error{Fault::limit_exceeded, std::string{what} + " is too long"};
  HttpHead out;
  HeadParser<is_request> parser{out};
  parser.header_limit(static_cast<std::uint32_t>(block.size()));
  parser.body_limit(boost::none);
  parser.skip(true);  // the head alone
  error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer{block.data(), block.size()}, error);
  if (error || used != block.size() || !parser.is_header_done())
    return wrong(std::string{what} + " is not well-formed");
  for (const auto& [name, value] : out.fields.all()) {
    // Beast leaves HTAB and what is above ASCII, both harmless; it must not leave a line's end or NUL.
    if (value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos)
      return wrong(std::string{what} + " has a field of several lines that is not folded");
  }
  return out;
}

/// The names that may stand in `Encapsulated`, in the only order in which they may come. RFC 3507 §4.4.1
std::optional<Encapsulated::Body> body_named(std::string_view name) {
  using Body = Encapsulated::Body;
  if (name == "null-body") return Body::none;
  if (name == "req-body") return Body::request;
  if (name == "res-body") return Body::response;
  if (name == "opt-body") return Body::options;
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (const auto& [n, value] : items_) {
    if (n == name) return value;
  }
  return std::nullopt;
}

std::size_t Fields::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count(items_, name, [](const auto& item) { return item.first; }));
}

bool Fields::has_word(std::string_view name, std::string_view word) const {
  bool found = false;
  for (const auto& [n, value] : items_) {
    if (n != name) continue;
    http::for_each_element(value, [&](std::string_view element) {
      found = found || http::lowered(element) == http::lowered(word);
      return !found;
    });
  }
  return found;
}

Result<Encapsulated> parse_encapsulated(std::string_view text) {
  Encapsulated out;
  std::optional<std::size_t> last;  // where the part before begins
  std::size_t* open = nullptr;      // its length, once the next begins
  bool ended = false, fine = true;
  http::for_each_element(text, [&](std::string_view element) {
    const std::size_t equals = element.find('=');
    fine = equals != std::string_view::npos && !ended;
    if (!fine) return false;
    const std::string name = http::lowered(element.substr(0, equals));
    const std::string_view digits = element.substr(equals + 1);
    std::size_t offset = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
    fine = error == std::errc{} && rest == digits.data() + digits.size() && digits.size() <= 7;
    // An empty head is none: every part lies behind the one before.
    fine = fine && (last ? offset > *last : offset == 0);
    if (!fine) return false;
    if (open != nullptr) *open = offset - *last;
    fine = open == nullptr || *open <= http_head_most;
    last = offset;
    if (const auto body = body_named(name)) {
      out.body = *body;
      ended = true;
    } else if (name == "req-hdr" && offset == 0) {
      open = &out.request_head;
    } else if (name == "res-hdr" && open != &out.response_head) {
      open = &out.response_head;
    } else {
      fine = false;
    }
    return fine;
  });
  if (!fine || !ended) return wrong("the field Encapsulated is none");
  return out;
}

Result<std::optional<IcapHead>> read_icap_head(Bytes in) {
  constexpr std::string_view version = "ICAP/1.0 ";
  const std::string_view text = as_text(in.first(std::min(in.size(), icap_head_most)));
  if (text.substr(0, version.size()) != version.substr(0, std::min(text.size(), version.size())))
    return wrong("the server speaks something else than ICAP/1.0");
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (in.size() >= icap_head_most) return Error{Fault::limit_exceeded, "the ICAP head is too long"};
    return std::optional<IcapHead>{};
  }
  IcapHead out;
  out.octets = end + 4;
  // Of an ICAP head only the version differs from an HTTP head. RFC 3507 §4.3.3
  const std::string as_http = "HTTP/1.1 " + std::string{text.substr(version.size(), out.octets - version.size())};
  LOUVER_ASSIGN(HttpHead head, parse<false>(as_bytes(as_http), "the ICAP head"));
  if (head.status < 100 || head.status > 599) return wrong("the ICAP status is none");
  out.status = head.status;
  out.fields = std::move(head.fields);
  if (out.fields.count("encapsulated") > 1) return wrong("the ICAP head has Encapsulated twice");
  if (out.fields.count("transfer-encoding") != 0) return wrong("the ICAP head has Transfer-Encoding");
  if (const auto value = out.fields.find("encapsulated")) {
    LOUVER_ASSIGN(out.encapsulated, parse_encapsulated(*value));
  }
  return std::optional{std::move(out)};
}

Result<HttpHead> read_http_request_head(Bytes block) { return parse<true>(block, "the enclosed request head"); }
Result<HttpHead> read_http_response_head(Bytes block) { return parse<false>(block, "the enclosed response head"); }

}  // namespace louver::filter::icap

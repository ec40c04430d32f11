#include "filter/io/icap/message.h"

#include <charconv>

#include "base/version.h"
#include "filter/http/head.h"

namespace louver::filter::icap {
namespace {

std::string made_up_request(std::string_view server, bool has_body) {
  std::string out = has_body ? "POST / HTTP/1.1\r\nhost: " : "GET / HTTP/1.1\r\nhost: ";
  out += server;
  if (has_body) out += "\r\ncontent-type: application/octet-stream";
  return out + "\r\n\r\n";
}
constexpr std::string_view made_up_response = "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n\r\n";

std::optional<std::size_t> announced_in(http::HeadKind kind, std::string_view text) {
  const auto head = http::parse_head(kind, as_bytes(text));
  if (!head || !head->content_length) return std::nullopt;
  std::size_t out = 0;
  const std::string& digits = *head->content_length;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), out).ec != std::errc{}) return std::nullopt;
  return out;
}

std::string common_head(std::string_view method, std::string_view host, std::string_view service) {
  std::string out{method};
  out.append(" icap://").append(host).append("/").append(service);
  out.append(" ICAP/1.0\r\nHost: ").append(host).append("\r\nUser-Agent: louver/" LOUVER_VERSION "\r\n");
  return out;
}

}  // namespace

Message message_of(const ask::Question& question) {
  Message out;
  out.may_change = question.right == Grant::write;
  const bool from_client = question.direction == Direction::c2s;
  out.method = from_client ? Method::reqmod : Method::respmod;
  const std::string_view server =
      question.facts->path.empty() ? "server" : std::string_view{question.facts->path.back()};
  const bool is_head = question.context == http::context_of(http::HeadKind::request) ||
                       question.context == http::context_of(http::HeadKind::response);
  out.has_body = !is_head;
  const auto told = [](const std::shared_ptr<const std::string>& head) {
    return head == nullptr ? std::string{} : *head;
  };
  out.request_head = is_head && from_client ? std::string{as_text(question.octets)} : told(question.request_head);
  if (!from_client) out.response_head = is_head ? std::string{as_text(question.octets)} : told(question.response_head);
  if (!out.request_head.empty() && from_client) out.announced = announced_in(http::HeadKind::request, out.request_head);
  if (!out.response_head.empty()) out.announced = announced_in(http::HeadKind::response, out.response_head);
  if (out.request_head.empty()) out.request_head = made_up_request(server, from_client && out.has_body);
  if (!from_client && out.response_head.empty()) out.response_head = made_up_response;
  return out;
}

std::string write_request(const Message& message, std::string_view host, std::string_view service, const Offer& offer,
                          std::optional<std::size_t> preview) {
  const bool is_request = message.method == Method::reqmod;
  std::string out = common_head(is_request ? "REQMOD" : "RESPMOD", host, service);
  if (offer.allow_204) out += message.may_change && offer.allow_206 ? "Allow: 204, 206\r\n" : "Allow: 204\r\n";
  if (preview) out += "Preview: " + std::to_string(*preview) + "\r\n";
  out += "Encapsulated: req-hdr=0";
  if (!is_request) out += ", res-hdr=" + std::to_string(message.request_head.size());
  out += !message.has_body ? ", null-body=" : is_request ? ", req-body=" : ", res-body=";
  out += std::to_string(message.request_head.size() + message.response_head.size());
  return out + "\r\n\r\n" + message.request_head + message.response_head;
}

std::string write_options(std::string_view host, std::string_view service) {
  return common_head("OPTIONS", host, service) + "Encapsulated: null-body=0\r\n\r\n";
}

}  // namespace louver::filter::icap

#include "role/demo/requests.h"

namespace louver::role::demo {
namespace {

constexpr std::size_t upload_octets = 300 * 1024;

std::string url(std::string_view path) { return "http://" + std::string{server.name} + std::string{path}; }

std::string upload() { return Origin::large_body().substr(0, upload_octets); }

bool has_field(const Answer& answer, std::string_view name, std::string_view value) {
  const auto found = answer.fields.find(std::string{name});
  return found != answer.fields.end() && found->second == value;
}

/// What every answer through this path must be.
void look_at_answer(const Answer& answer, std::vector<Check>& checks) {
  checks.push_back({"the client has a whole answer with status 200", answer.whole && answer.status == 200});
  checks.push_back({"the editor's field has been added", has_field(answer, added_field, added_value)});
  checks.push_back({"the field that the editor removes is gone", !answer.fields.contains(std::string{removed_field})});
}

/// And what the origin must have received.
void look_at_received(const Received* received, const Request& request, std::vector<Check>& checks) {
  checks.push_back({"the origin has the whole request",
                    received != nullptr && received->complete && received->method == request.method});
  if (received == nullptr) return;
  for (const auto& [name, value] : request.fields) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    checks.push_back({"the origin has the " + name, received->field(lower) == value});
  }
  checks.push_back({"the origin has the body octet by octet", received->body_sha256 == sha256_text(request.body)});
  checks.push_back(
      {"the origin is told the middleboxes",
       received->field("louver-middleboxes") == std::string{scanner.name} + ", " + std::string{editor.name}});
  checks.push_back({"the origin is told the client", received->field("louver-client") == client.name});
}

PlannedRequest plan(std::string what, Request request, std::function<bool(const Answer&)> body_is_right) {
  PlannedRequest made;
  made.what = std::move(what);
  made.request = request;
  made.look = [request = std::move(request), right = std::move(body_is_right)](
                  const Answer& answer, const Received* received, std::vector<Check>& checks) {
    look_at_answer(answer, checks);
    look_at_received(received, request, checks);
    checks.push_back({"the client has the body octet by octet", right(answer)});
  };
  return made;
}

bool echoes(const Answer& answer, const std::string& body) {
  return answer.body.find(sha256_text(body)) != std::string::npos;
}

}  // namespace

std::vector<PlannedRequest> planned_requests() {
  Request report{.url = url("/report"),
                 .fields = {{"Cookie", std::string{request_cookie}}, {"Authorization", std::string{bearer}}}};
  Request order{.method = "POST", .url = url("/orders"), .body = "card=" + std::string{card_number} + "&amount=12.00"};
  Request parcel{.method = "PUT", .url = url("/upload"), .body = upload(), .chunked = true};
  Request large{.url = url("/large")};
  std::vector<PlannedRequest> all;
  all.push_back(plan("a report, with Cookie and Authorization", report, [](const Answer& answer) {
    return answer.body == Origin::report_text && has_field(answer, "set-cookie", Origin::cookie);
  }));
  all.push_back(plan("an order with a card number in it", order,
                     [body = order.body](const Answer& answer) { return echoes(answer, body); }));
  all.push_back(plan("an upload of 300 KiB in chunks", parcel,
                     [body = parcel.body](const Answer& answer) { return echoes(answer, body); }));
  all.push_back(
      plan("a download of 1 MiB", large, [](const Answer& answer) { return answer.body == Origin::large_body(); }));
  return all;
}

PlannedRequest request_of(const std::string& url) {
  PlannedRequest made;
  made.what = "the real origin";
  made.request.url = url;
  made.look = [](const Answer& answer, const Received*, std::vector<Check>& checks) {
    checks.push_back(
        {"the client has a whole answer that the path did not make: status " + std::to_string(answer.status),
         answer.whole && answer.status >= 200 && answer.status != 502 && answer.status != 504});
    checks.push_back({"the editor's field has been added", has_field(answer, added_field, added_value)});
    checks.push_back(
        {"the field that the editor removes is gone", !answer.fields.contains(std::string{removed_field})});
  };
  return made;
}

}  // namespace louver::role::demo

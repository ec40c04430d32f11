#pragma once

// For tests only: the two codecs with everything around them recorded.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "profile/http1/agent.h"
#include "profile/http1/gateway.h"
#include "profile/http1/request_credentials.h"

namespace louver::profile::http1::test {

inline const std::string simple_get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";  // as an application writes it
inline const std::string get_head = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";    // as it lies in its context
inline const std::string no_content = "HTTP/1.1 204 No Content\r\n\r\n";
inline const std::string websocket_key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";

inline constexpr ContextIds ids = {.request_head = ContextId{1},
                                   .request_credentials = ContextId{2},
                                   .request_body = ContextId{3},
                                   .response_head = ContextId{4},
                                   .response_credentials = ContextId{5},
                                   .response_body = ContextId{6}};

inline constexpr TrailerIds trailer_ids = {.request = ContextId{7}, .response = ContextId{8}};

/// A part that owns its bytes.
struct OwnedPart {
  ContextId context{};
  Direction direction{};
  Exchange exchange{};
  std::string bytes;
  bool end = false;
  bool redacted = false;
  std::uint32_t redacted_bytes = 0;

  session::Part view() const { return {context, direction, exchange, as_bytes(bytes), end, redacted, redacted_bytes}; }
};

inline OwnedPart request_part(ContextId context, std::uint32_t exchange, std::string bytes, bool end = true) {
  return {context, Direction::c2s, Exchange{exchange}, std::move(bytes), end};
}

inline OwnedPart response_part(ContextId context, std::uint32_t exchange, std::string bytes, bool end = true) {
  return {context, Direction::s2c, Exchange{exchange}, std::move(bytes), end};
}

struct RecordingSink final : session::PartSink {
  Result<> on_part(const session::Part& part) override {
    parts.push_back({part.context, part.direction, part.exchange, std::string{as_text(part.bytes)}, part.end,
                     part.redacted, part.redacted_bytes});
    return {};
  }

  /// All octets of one context and exchange.
  std::string text(ContextId context, std::uint32_t exchange = 1) const {
    std::string out;
    for (const OwnedPart& part : parts) {
      if (part.context == context && raw(part.exchange) == exchange) out += part.bytes;
    }
    return out;
  }
  /// The message of that context and exchange has ended.
  bool ended(ContextId context, std::uint32_t exchange = 1) const {
    for (const OwnedPart& part : parts) {
      if (part.context == context && raw(part.exchange) == exchange && part.end) return true;
    }
    return false;
  }

  std::vector<OwnedPart> parts;
};

/// An agent with an application that hands over bytes and keeps what was not consumed.
struct Agent : AgentEvents {
  explicit Agent(AgentOptions options = {}) : codec(std::move(options), ids, *this, sink) {}

  AgentDecision on_request(const RequestTarget& request) override {
    seen.push_back(std::string{request.method} + " " + std::string{request.host} + ":" + std::to_string(request.port) +
                   " " + std::string{request.path});
    return decision;
  }

  Result<> send(std::string_view bytes) {
    unread += bytes;
    LOUVER_ASSIGN(const std::size_t used, codec.from_application(as_bytes(unread)));
    unread.erase(0, used);
    return {};
  }
  std::string take_output() {
    std::string out{as_text(codec.output())};
    codec.output_taken(out.size());
    return out;
  }
  Result<> receive(const OwnedPart& part) { return codec.from_path(part.view()); }
  /// A whole response, credentials and body empty unless given.
  Result<> respond(std::uint32_t exchange, std::string head, std::string body = {}, std::string credentials = {}) {
    LOUVER_TRY(receive(response_part(ids.response_head, exchange, std::move(head))));
    LOUVER_TRY(receive(response_part(ids.response_credentials, exchange, std::move(credentials))));
    return receive(response_part(ids.response_body, exchange, std::move(body)));
  }

  RecordingSink sink;
  AgentDecision decision;
  std::vector<std::string> seen;
  std::string unread;
  AgentCodec codec;
};

/// The first line of the credentials that are given for this target.
inline std::string bound_to(std::string method, std::string host, std::string target) {
  RequestHead head;
  head.method = std::move(method);
  head.host = std::move(host);
  head.target = std::move(target);
  return write_request_credentials({.fields = {}, .bound_target = bound_target(head)});
}

inline AgentOptions forward_proxy() {
  AgentOptions out;
  out.rules.mode = ListenerMode::forward_proxy;
  return out;
}

/// A gateway whose origin hands over bytes; what was not consumed is kept.
struct Gateway : GatewayEvents {
  /// By itself it takes requests that are bound to no target, which most tests are not about.
  explicit Gateway(const Limits& limits = {}, SessionPlan plan = {.bind_target = false})
      : codec({.plan = std::move(plan), .limits = limits}, ids, *this, sink) {}

  GatewayDecision on_request(const RequestTarget& request) override {
    seen.push_back(std::string{request.method} + " " + std::string{request.host} + " " + std::string{request.path});
    unread.clear();
    return decision;
  }
  void on_origin_done(bool reusable) override { origin_done.push_back(reusable); }

  Result<> receive(const OwnedPart& part) { return codec.from_path(part.view()); }
  Result<> request(std::uint32_t exchange, std::string head, std::string body = {}, std::string credentials = {}) {
    LOUVER_TRY(receive(request_part(ids.request_head, exchange, std::move(head))));
    LOUVER_TRY(receive(request_part(ids.request_credentials, exchange, std::move(credentials))));
    return receive(request_part(ids.request_body, exchange, std::move(body)));
  }
  Result<> origin_sends(std::string_view bytes) {
    unread += bytes;
    LOUVER_ASSIGN(const std::size_t used, codec.from_origin(as_bytes(unread)));
    unread.erase(0, used);
    return {};
  }
  std::string take_output() {
    std::string out{as_text(codec.output())};
    codec.output_taken(out.size());
    return out;
  }

  RecordingSink sink;
  GatewayDecision decision;
  std::vector<std::string> seen;
  std::vector<bool> origin_done;
  std::string unread;
  GatewayCodec codec;
};

#define EXPECT_OK(expr)                                                      \
  do {                                                                       \
    const auto result_ = (expr);                                             \
    EXPECT_TRUE(result_.has_value()) << ::louver::describe(result_.error()); \
  } while (false)
#define ASSERT_OK(expr)                                                      \
  do {                                                                       \
    const auto result_ = (expr);                                             \
    ASSERT_TRUE(result_.has_value()) << ::louver::describe(result_.error()); \
  } while (false)
#define EXPECT_FAULT(expected, expr)                                                     \
  do {                                                                                   \
    const auto result_ = (expr);                                                         \
    EXPECT_FALSE(result_.has_value()) << "succeeded";                                    \
    if (!result_) {                                                                      \
      EXPECT_EQ(result_.error().fault, expected) << ::louver::describe(result_.error()); \
    }                                                                                    \
  } while (false)

}  // namespace louver::profile::http1::test

#pragma once

// For tests only: exchanges made from a seed, and a peer that reads what comes of them simply and trustingly.

#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "profile/http1/grammar.h"

namespace louver::profile::http1::test {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(engine_); }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  std::string bytes(std::size_t size) {
    std::string out(size, 0);
    for (char& c : out) c = static_cast<char>(below(256));
    return out;
  }
  /// Small sizes often, large ones sometimes.
  std::size_t size() { return chance(30) ? 0 : chance(80) ? below(200) : below(40'000); }
  /// A first piece of `text`, never empty unless the text is.
  std::string cut(std::string& text) {
    const std::size_t size = text.empty() ? 0
                             : chance(30) ? text.size()
                                          : 1 + below(std::min<std::size_t>(text.size(), 3000));
    std::string out = text.substr(0, size);
    text.erase(0, size);
    return out;
  }

 private:
  std::mt19937 engine_;
};

struct Message {
  std::string start_line;
  std::multimap<std::string, std::string> fields;
  std::string body;
  std::string trailers;
  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string{} : found->second;
  }
};

enum class Ending { none, length, chunked, until_close };

/// @param trailers  lines of them; by itself one that nobody carries, or none
inline std::string in_chunks(const std::string& body, Random& random,
                             const std::optional<std::string>& trailers = std::nullopt) {
  std::string rest = body;
  std::string out;
  while (!rest.empty()) {
    const std::string piece = random.cut(rest);
    char size[20];
    std::snprintf(size, sizeof size, random.chance(50) ? "%zx" : "%04zX", piece.size());
    out += size + std::string{random.chance(20) ? ";ext=\"a;b\"" : ""} + "\r\n" + piece + "\r\n";
  }
  return out + "0\r\n" + trailers.value_or(random.chance(30) ? "x-trailer: t\r\n" : "") + "\r\n";
}

/// Reads messages simply and trustingly: the peers under test are held to what it understands.
class SimpleReader {
 public:
  /// @param bodiless  the message at hand has no content whatever its head says
  std::optional<Message> next(std::string& input, bool response, bool bodiless, bool closed) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    Message out = head(input.substr(0, end + 2));
    std::string rest = input.substr(end + 4);
    const bool chunked = out.field("transfer-encoding") == "chunked";
    const std::string length = out.field("content-length");
    if (bodiless) {
    } else if (chunked) {
      if (!unchunk(rest, out)) return std::nullopt;
    } else if (!length.empty()) {
      if (rest.size() < std::stoul(length)) return std::nullopt;
      out.body = rest.substr(0, std::stoul(length));
      rest.erase(0, out.body.size());
    } else if (response) {
      if (!closed) return std::nullopt;
      out.body = std::exchange(rest, {});
    }
    input = rest;
    return out;
  }

 private:
  static Message head(const std::string& text) {
    Message out;
    std::size_t at = text.find("\r\n");
    out.start_line = text.substr(0, at);
    for (at += 2; at < text.size(); at = text.find("\r\n", at) + 2) {
      const std::string line = text.substr(at, text.find("\r\n", at) - at);
      out.fields.emplace(lowered(line.substr(0, line.find(':'))), trimmed(line.substr(line.find(':') + 1)));
    }
    return out;
  }
  static bool unchunk(std::string& rest, Message& out) {
    std::string in = rest;
    while (true) {
      const std::size_t end = in.find("\r\n");
      if (end == std::string::npos) return false;
      const std::size_t size = std::stoul(in.substr(0, end), nullptr, 16);
      if (size == 0) {
        const std::size_t last = in.find("\r\n\r\n", end);
        if (last == std::string::npos) return false;
        out.trailers = in.substr(end + 2, last - end);
        in.erase(0, last + 4);
        break;
      }
      if (in.size() < end + 2 + size + 2) return false;
      out.body += in.substr(end + 2, size);
      in.erase(0, end + 2 + size + 2);
    }
    rest = in;
    return true;
  }
};

/// One exchange as both ends should see it.
struct Plan {
  std::string method;
  Ending request_ending = Ending::none;
  std::string request_body;
  std::string cookie;
  bool expect = false;
  unsigned status = 200;
  int interim = 0;
  Ending response_ending = Ending::length;
  std::string response_body;
  std::string set_cookie;
  bool origin_closes = false;
  // lines behind chunked bodies, where the session carries them
  std::optional<std::string> request_trailers;
  std::optional<std::string> response_trailers;
  bool takes_trailers = false;
  bool no_content() const { return method == "HEAD" || status == 204 || status == 304; }
};

inline Plan make_plan(Random& random) {
  static const char* methods[] = {"GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PURGE"};
  Plan plan;
  plan.method = methods[random.below(std::size(methods))];
  plan.request_ending = static_cast<Ending>(random.below(3));
  if (plan.request_ending != Ending::none) plan.request_body = random.bytes(random.size());
  if (random.chance(50)) plan.cookie = "c=" + std::to_string(random.below(1000));
  plan.expect = random.chance(20) && !plan.request_body.empty();
  const unsigned statuses[] = {200, 200, 200, 204, 304, 404};
  plan.status = statuses[random.below(std::size(statuses))];
  plan.interim = random.chance(20) ? static_cast<int>(random.below(4)) : 0;
  plan.response_ending = static_cast<Ending>(1 + random.below(3));
  if (plan.no_content() && plan.response_ending == Ending::until_close) plan.response_ending = Ending::length;
  if (!plan.no_content()) plan.response_body = random.bytes(random.size());
  if (random.chance(40)) plan.set_cookie = "s=" + std::to_string(random.below(1000));
  plan.origin_closes = random.chance(20) || plan.response_ending == Ending::until_close;
  return plan;
}

/// Adds trailers to it, as they are written in a session.
inline void add_trailers(Plan& plan, Random& random) {
  const auto lines = [&] {
    std::string out;
    for (std::size_t i = random.below(4); i > 0; --i)
      out += "x-t" + std::to_string(i) + ": v" + std::to_string(random.below(1000)) + "\r\n";
    return out;
  };
  plan.request_trailers = lines();
  plan.response_trailers = lines();
  plan.takes_trailers = random.chance(50);
}

inline std::string request_bytes(const Plan& plan, std::size_t index, Random& random) {
  std::string out = plan.method + " /" + std::to_string(index) + " HTTP/1.1\r\nHost: a.example\r\n";
  if (!plan.cookie.empty()) out += "Cookie: " + plan.cookie + "\r\n";
  if (plan.expect) out += "Expect: 100-continue\r\n";
  if (plan.takes_trailers) out += "Connection: TE\r\nTE: trailers\r\n";
  if (plan.request_ending == Ending::length) {
    return out + "Content-Length: " + std::to_string(plan.request_body.size()) + "\r\n\r\n" + plan.request_body;
  }
  if (plan.request_ending == Ending::none) return out + "\r\n";
  return out + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(plan.request_body, random, plan.request_trailers);
}

inline std::string response_bytes(const Plan& plan, std::size_t index, Random& random) {
  std::string out;
  for (int i = 0; i < plan.interim; ++i) out += "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  out += "HTTP/1.1 " + std::to_string(plan.status) + " Status\r\nX-Id: " + std::to_string(index) + "\r\n";
  if (!plan.set_cookie.empty()) out += "Set-Cookie: " + plan.set_cookie + "\r\n";
  if (plan.origin_closes) out += "Connection: close\r\n";
  if (plan.status == 204) return out + "\r\n";
  if (plan.response_ending == Ending::length) {
    return out + "Content-Length: " + std::to_string(plan.response_body.size()) + "\r\n\r\n" + plan.response_body;
  }
  if (plan.response_ending == Ending::until_close) return out + "\r\n" + plan.response_body;
  out += "Transfer-Encoding: chunked\r\n\r\n";
  return plan.no_content() ? out : out + in_chunks(plan.response_body, random, plan.response_trailers);
}

}  // namespace louver::profile::http1::test

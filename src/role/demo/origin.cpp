#include "role/demo/origin.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "crypto/hash.h"
#include "role/demo/requests.h"

namespace louver::role::demo {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

constexpr std::size_t request_octets_most = 8 * 1024 * 1024;
constexpr std::chrono::seconds connection_deadline{15};
constexpr int rounds_to_settle = 8;

/// What the threads share.
struct Ledger {
  std::mutex mutex;
  std::vector<Received> received;
  std::atomic<std::uint64_t> octets{0};
};

http::response<http::string_body> answer_to(const http::request<http::string_body>& request) {
  http::response<http::string_body> answer{http::status::ok, 11};
  answer.set(http::field::server, "demo-origin/1");
  answer.set(http::field::content_type, "text/plain");
  if (request.target() == "/report") {
    answer.set(http::field::set_cookie, Origin::cookie);
    answer.body() = Origin::report_text;
  } else if (request.target() == "/large") {
    answer.body() = Origin::large_body();
  } else {
    answer.set(http::field::content_type, "application/json");
    answer.body() = "{\"octets\": " + std::to_string(request.body().size()) + ", \"sha256\": \"" +
                    sha256_text(request.body()) + "\"}\n";
  }
  answer.keep_alive(false);
  answer.prepare_payload();
  return answer;
}

/// One connection, one request.
class Visit : public std::enable_shared_from_this<Visit> {
 public:
  Visit(tcp::socket socket, Ledger& ledger) : stream_(std::move(socket)), ledger_(ledger) {
    parser_.body_limit(request_octets_most);
    parser_.eager(true);
  }
  void start() {
    stream_.expires_after(connection_deadline);
    read();
  }

 private:
  void read() {
    stream_.async_read_some(
        buffer_.prepare(64 * 1024),
        [self = shared_from_this()](beast::error_code error, std::size_t octets) { self->on_octets(error, octets); });
  }

  /// Counted as they arrive: what belongs to a request that never comes whole counts too.
  void on_octets(beast::error_code error, std::size_t octets) {
    ledger_.octets += octets;
    total_octets_ += octets;
    buffer_.commit(octets);
    while (!error && !parser_.is_done() && buffer_.size() != 0) {
      buffer_.consume(parser_.put(buffer_.data(), error));
      if (error == http::error::need_more) {
        error = {};
        break;
      }
    }
    if (error) return note(false);
    if (!parser_.is_done()) return read();
    note(true);
    answer();
  }

  void note(bool complete) {
    if (total_octets_ == 0) return;
    const auto& request = parser_.get();
    Received made;
    made.method = std::string{request.method_string()};
    made.target = std::string{request.target()};
    made.octets = total_octets_;
    made.head_octets = made.method.size() + made.target.size() + std::string_view{"  HTTP/1.1\r\n\r\n"}.size();
    for (const auto& field : request) {
      std::string name{field.name_string()};
      std::ranges::transform(name, name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      made.head_octets += line_octets(name, field.value());
      made.fields.emplace_back(std::move(name), std::string{field.value()});
    }
    made.body_octets = request.body().size();
    made.body_sha256 = sha256_text(request.body());
    made.complete = complete;
    const std::lock_guard lock{ledger_.mutex};
    ledger_.received.push_back(std::move(made));
  }

  void answer() {
    response_.emplace(answer_to(parser_.get()));
    http::async_write(stream_, *response_, [self = shared_from_this()](beast::error_code, std::size_t) {
      beast::error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  Ledger& ledger_;
  beast::flat_buffer buffer_;
  http::request_parser<http::string_body> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::uint64_t total_octets_ = 0;
};

class OriginThread final : public Origin {
 public:
  /// Throws what Asio throws.
  OriginThread()
      : acceptor_(context_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}),
        port_(acceptor_.local_endpoint().port()) {
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  ~OriginThread() override {
    context_.stop();
    thread_.join();
  }
  std::uint16_t port() const override { return port_; }
  std::uint64_t octets() const override { return ledger_.octets; }
  void settle() override {
    std::promise<void> done;
    settle_after(rounds_to_settle, done);
    done.get_future().wait();
  }
  std::vector<Received> received() const override {
    const std::lock_guard lock{ledger_.mutex};
    return ledger_.received;
  }

 private:
  /// Between two tasks the context looks at its sockets.
  void settle_after(int rounds, std::promise<void>& done) {
    asio::post(context_, [this, rounds, &done] {
      if (rounds == 0) return done.set_value();
      settle_after(rounds - 1, done);
    });
  }
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) std::make_shared<Visit>(std::move(socket), ledger_)->start();
      accept();
    });
  }

  mutable Ledger ledger_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Origin>> Origin::start() {
  try {
    return std::unique_ptr<Origin>{std::make_unique<OriginThread>()};
  } catch (const std::exception& error) {
    return Error{Fault::configuration, std::string{"the embedded origin cannot listen on 127.0.0.1: "} + error.what()};
  }
}

std::string Origin::large_body() {
  std::string body(large_octets, '\0');
  std::uint32_t state = 1;
  for (char& c : body) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return body;
}

std::string Received::field(std::string_view name) const {
  const auto found = std::ranges::find_if(fields, [&](const auto& one) { return one.first == name; });
  return found == fields.end() ? std::string{} : found->second;
}

std::string sha256_text(std::string_view content) { return to_hex(crypto::sha256({as_bytes(content)})); }

}  // namespace louver::role::demo

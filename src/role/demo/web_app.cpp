#include "role/demo/web_app.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/clock.h"

namespace louver::role::demo {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

constexpr std::size_t asked_octets_most = 64 * 1024;
constexpr std::chrono::seconds visit_deadline{15};

/// What the threads share.
struct Diary {
  std::mutex mutex;
  std::vector<Asked> asked;
  TimePoint last_piece_at{};
};

/// One connection, one request.
class Caller : public std::enable_shared_from_this<Caller> {
 public:
  Caller(tcp::socket socket, const WebApp::Answer& answer, Diary& diary)
      : stream_(std::move(socket)), timer_(stream_.get_executor()), answer_(answer), diary_(diary) {
    parser_.body_limit(asked_octets_most);
  }

  void start() {
    stream_.expires_after(visit_deadline);
    http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->on_request();
    });
  }

 private:
  void on_request() {
    auto& request = parser_.get();
    const Asked asked{std::string{request.method_string()}, std::string{request.target()},
                      std::string{request[http::field::authorization]}, std::move(request.body())};
    {
      const std::lock_guard lock{diary_.mutex};
      diary_.asked.push_back(asked);
    }
    reply_ = answer_(asked);
    head_.result(reply_.status);
    head_.set(http::field::content_type, reply_.type);
    head_.keep_alive(false);
    if (reply_.pieces.size() > 1) return begin_pieces();
    if (!reply_.pieces.empty()) head_.body() = reply_.pieces.front();
    head_.prepare_payload();
    http::async_write(stream_, head_, [self = shared_from_this()](beast::error_code, std::size_t) { self->end(); });
  }

  void begin_pieces() {
    head_.chunked(true);
    serializer_.emplace(head_);
    http::async_write_header(stream_, *serializer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->send_piece(0);
    });
  }

  void send_piece(std::size_t index) {
    if (index == reply_.pieces.size()) {
      asio::async_write(stream_, http::make_chunk_last(),
                        [self = shared_from_this()](beast::error_code, std::size_t) { self->end(); });
      return;
    }
    asio::async_write(stream_, http::make_chunk(asio::buffer(reply_.pieces[index])),
                      [self = shared_from_this(), index](beast::error_code error, std::size_t) {
                        if (!error) self->on_piece(index);
                      });
  }

  void on_piece(std::size_t index) {
    {
      const std::lock_guard lock{diary_.mutex};
      diary_.last_piece_at = runtime::now();
    }
    timer_.expires_after(reply_.pause);
    timer_.async_wait([self = shared_from_this(), index](beast::error_code error) {
      if (!error) self->send_piece(index + 1);
    });
  }

  void end() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  asio::steady_timer timer_;
  const WebApp::Answer& answer_;
  Diary& diary_;
  beast::flat_buffer buffer_;
  http::request_parser<http::string_body> parser_;
  Reply reply_;
  http::response<http::string_body> head_{http::status::ok, 11};
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

class WebAppThread final : public WebApp {
 public:
  /// Throws what Asio throws.
  explicit WebAppThread(Answer answer)
      : answer_(std::move(answer)),
        acceptor_(context_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}),
        port_(acceptor_.local_endpoint().port()) {
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  WebAppThread(const WebAppThread&) = delete;
  WebAppThread& operator=(const WebAppThread&) = delete;
  ~WebAppThread() override {
    context_.stop();
    thread_.join();
  }
  std::uint16_t port() const override { return port_; }
  std::vector<Asked> asked() const override {
    const std::lock_guard lock{diary_.mutex};
    return diary_.asked;
  }
  TimePoint last_piece_at() const override {
    const std::lock_guard lock{diary_.mutex};
    return diary_.last_piece_at;
  }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) std::make_shared<Caller>(std::move(socket), answer_, diary_)->start();
      accept();
    });
  }

  Answer answer_;
  mutable Diary diary_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<WebApp>> WebApp::start(Answer answer) {
  try {
    return std::unique_ptr<WebApp>{std::make_unique<WebAppThread>(std::move(answer))};
  } catch (const std::exception& error) {
    return Error{Fault::configuration, std::string{"an application cannot listen on 127.0.0.1: "} + error.what()};
  }
}

}  // namespace louver::role::demo

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <sstream>

#include "role/demo/client.h"
#include "runtime/clock.h"
#include "runtime/timer.h"

namespace louver::role::demo {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::chrono::seconds request_deadline{8};
constexpr std::size_t answer_octets_most = 16 * 1024 * 1024;

/// One request through a proxy, step by step; each step begins the next.
class Fetch {
 public:
  Fetch(asio::io_context& context, const Request& request) : stream_(context) {
    // "http://host/path": what a client gives a proxy.
    const std::string rest = request.url.substr(std::string_view{"http://"}.size());
    message_.method_string(request.method);
    message_.target(request.url);
    message_.version(11);
    message_.set(http::field::host, rest.substr(0, rest.find('/')));
    message_.set(http::field::user_agent, "louver-demo");
    for (const auto& [name, value] : request.fields) message_.set(name, value);
    message_.body() = request.body;
    if (request.chunked) {
      message_.chunked(true);
    } else {
      message_.prepare_payload();
    }
    message_.keep_alive(false);
    parser_.body_limit(answer_octets_most);
  }

  void start(std::uint16_t proxy_port) {
    stream_.expires_after(request_deadline);
    stream_.async_connect(
        asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), proxy_port}, [this](beast::error_code error) {
          if (error) return fail(error);
          http::async_write(stream_, message_, [this](beast::error_code wrong, std::size_t) {
            if (wrong) return fail(wrong);
            http::async_read(stream_, buffer_, parser_,
                             [this](beast::error_code end, std::size_t) { return end ? fail(end) : finish(); });
          });
        });
  }
  Answer take() {
    if (!parser_.is_header_done()) return std::move(answer_);
    const auto& response = parser_.get();
    std::ostringstream head;
    head << response.base();
    take_head(head.str(), answer_);
    answer_.body = response.body();
    return std::move(answer_);
  }

 private:
  void fail(beast::error_code error) { answer_.trouble = error.message(); }
  void finish() { answer_.whole = true; }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> message_;
  http::response_parser<http::string_body> parser_;
  Answer answer_;
};

class LibraryClient final : public HttpClient {
 public:
  explicit LibraryClient(Stage& stage) : stage_(stage) {}
  std::string name() const override { return "Boost.Beast " + std::to_string(BOOST_BEAST_VERSION) + " (not curl)"; }

  Result<Answer> make(const Path& path, const Request& request) override {
    asio::io_context context{1};
    Fetch exchange{context, request};
    exchange.start(path.proxy_port());
    try {
      // In turns with the stage's own loop, so that what the parties say is heard meanwhile. That loop asks whether the
      // answer is there only when something has happened in it: the timer sees to that where all parties are quiet.
      runtime::Timer timer{stage_.loop()};
      const std::function<void()> tick = [&] { timer.expires_at(runtime::now() + std::chrono::milliseconds{1}, tick); };
      tick();
      const auto is_over = [&] {
        context.poll();
        return context.stopped();
      };
      LOUVER_TRY(stage_.wait(is_over, "the answer"));
    } catch (const std::exception& error) {
      return Error{Fault::internal_error, error.what()};
    }
    return exchange.take();
  }

 private:
  Stage& stage_;
};

}  // namespace

std::unique_ptr<HttpClient> make_library_client(Stage& stage) { return std::make_unique<LibraryClient>(stage); }

}  // namespace louver::role::demo

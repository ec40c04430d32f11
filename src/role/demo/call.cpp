#include "role/demo/call.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <sstream>

#include "runtime/clock.h"

namespace louver::role::demo {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::chrono::seconds call_longest{10};
constexpr std::size_t piece_octets = std::size_t{16} * 1024;
constexpr std::size_t got_octets_most = 1024 * 1024;

/// Reads an answer piece by piece, and notes when its body began.
class Hearing {
 public:
  explicit Hearing(beast::tcp_stream& stream) : stream_(stream) {
    parser_.body_limit(got_octets_most);
    parser_.eager(true);
  }
  void start() {
    stream_.async_read_some(buffer_.prepare(piece_octets), [this](beast::error_code error, std::size_t octets) {
      buffer_.commit(octets);
      on_octets(error);
    });
  }
  Got take() {
    Got out{.body = std::move(parser_.get().body()), .whole = parser_.is_done(), .body_from = body_from_};
    if (!parser_.is_header_done()) return out;
    out.status = parser_.get().result_int();
    std::ostringstream head;
    head << parser_.get().base();
    out.head = head.str();
    return out;
  }

 private:
  /// Parsed as they arrive: a whole read would end with the answer, not with its first words.
  void on_octets(beast::error_code error) {
    beast::error_code wrong;
    while (!wrong && !parser_.is_done() && buffer_.size() != 0) buffer_.consume(parser_.put(buffer_.data(), wrong));
    if (error == asio::error::eof && parser_.is_header_done() && !parser_.is_done()) {
      wrong = {};
      parser_.put_eof(wrong);
    }
    if (!body_from_ && !parser_.get().body().empty()) body_from_ = runtime::now();
    if (!error && (!wrong || wrong == http::error::need_more) && !parser_.is_done()) start();
  }

  beast::tcp_stream& stream_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  std::optional<TimePoint> body_from_;
};

}  // namespace

Result<Got> call(std::uint16_t agent_port, const Call& call) {
  http::request<http::string_body> message;
  message.method_string(call.method);
  message.target(call.target);
  message.version(11);
  message.set(http::field::host, call.host);
  for (const auto& [name, value] : call.fields) message.set(name, value);
  message.body() = call.body;
  message.prepare_payload();
  message.keep_alive(false);

  asio::io_context context{1};
  beast::tcp_stream stream{context};
  beast::error_code error;
  stream.connect({asio::ip::address_v4::loopback(), agent_port}, error);
  if (!error) http::write(stream, message, error);
  if (error) return Error{Fault::connection_lost, "the agent: " + error.message()};
  Hearing hearing{stream};
  hearing.start();
  context.run_for(call_longest);
  if (!context.stopped()) return Error{Fault::timeout, "the agent has not answered within 10 s"};
  return hearing.take();
}

}  // namespace louver::role::demo

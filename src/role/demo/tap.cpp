#include "role/demo/tap.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <mutex>
#include <thread>

namespace louver::role::demo {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t heard_most = std::size_t{16} << 20;

struct Record {
  mutable std::mutex mutex;
  std::string text;
  void add(std::string_view more) {
    const std::scoped_lock lock{mutex};
    text += more.substr(0, heard_most - std::min(heard_most, text.size()));
  }
};

/// One connection and the one behind it.
class Pair : public std::enable_shared_from_this<Pair> {
 public:
  Pair(tcp::socket client, Record& record)
      : client_(std::move(client)), server_(client_.get_executor()), record_(record) {}

  void start(const tcp::endpoint& server) {
    server_.async_connect(server, [self = shared_from_this()](error_code error) {
      if (error) return;
      self->carry(self->client_, self->server_, self->from_client_, true);
      self->carry(self->server_, self->client_, self->from_server_, false);
    });
  }

 private:
  using Room = std::array<char, 16384>;
  void carry(tcp::socket& from, tcp::socket& to, Room& room, bool heard) {
    from.async_read_some(asio::buffer(room), [=, this, self = shared_from_this(), &from, &to, &room](
                                                 error_code error, std::size_t count) {
      error_code ignored;
      if (error) {
        to.shutdown(tcp::socket::shutdown_send, ignored);
        return;
      }
      if (heard) record_.add({room.data(), count});
      asio::async_write(to, asio::buffer(room.data(), count),
                        [=, this, again = self, &from, &to, &room](error_code failed, std::size_t) {
                          if (!failed) carry(from, to, room, heard);
                        });
    });
  }

  tcp::socket client_, server_;
  Record& record_;
  Room from_client_{}, from_server_{};
};

tcp::endpoint loopback(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

Error no_port(const error_code& error) { return {Fault::configuration, "a port on loopback: " + error.message()}; }

}  // namespace

struct Tap::State {
  asio::io_context context;
  tcp::acceptor acceptor{context};
  tcp::endpoint server;
  Record record;
  std::thread thread;

  void accept() {
    acceptor.async_accept([this](error_code error, tcp::socket accepted) {
      if (error) return;
      std::make_shared<Pair>(std::move(accepted), record)->start(server);
      accept();
    });
  }
};

Tap::Tap(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Tap>> Tap::start(std::uint16_t to_port) {
  auto state = std::make_unique<State>();
  state->server = loopback(to_port);
  error_code error;
  state->acceptor.open(tcp::v4(), error);
  if (!error) state->acceptor.bind(loopback(0), error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return no_port(error);
  state->accept();
  state->thread = std::thread{[raw = state.get()] { raw->context.run(); }};
  return std::unique_ptr<Tap>{new Tap{std::move(state)}};
}

Tap::~Tap() {
  state_->context.stop();
  state_->thread.join();
}

std::uint16_t Tap::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

std::string Tap::heard() const {
  const std::scoped_lock lock{state_->record.mutex};
  return state_->record.text;
}

Result<std::uint16_t> find_free_port() {
  asio::io_context context;
  tcp::acceptor probe{context};
  error_code error;
  probe.open(tcp::v4(), error);
  if (!error) probe.bind(loopback(0), error);
  if (error) return no_port(error);
  return probe.local_endpoint(error).port();
}

bool is_answered(std::uint16_t port) {
  asio::io_context context;
  tcp::socket probe{context};
  error_code error;
  probe.connect(loopback(port), error);
  return !error;
}

bool is_answered(const std::string& socket_path) {
  asio::io_context context;
  asio::local::stream_protocol::socket probe{context};
  error_code error;
  probe.connect(asio::local::stream_protocol::endpoint{socket_path}, error);
  return !error;
}

}  // namespace louver::role::demo

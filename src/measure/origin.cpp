#include "measure/origin.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "measure/message.h"

namespace louver::measure {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t read_octets = std::size_t{256} * 1024;

/// What all connections share: they live on one thread, nobody looks at what came, and all answers are zeros.
struct Rooms {
  Buffer taken = Buffer(read_octets);
  const Buffer answer = Buffer(MessageHead::answer_octets_most);
};

class Visitor : public std::enable_shared_from_this<Visitor> {
 public:
  Visitor(tcp::socket socket, Rooms& rooms) : socket_(std::move(socket)), rooms_(rooms) {}

  void start() {
    error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    next();
  }

 private:
  /// An end or a fault closes the connection: nothing keeps it then.
  void next() {
    asio::async_read(socket_, asio::buffer(head_), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return;
      self->message_ = MessageHead::read(self->head_);
      if (self->message_.answer <= MessageHead::answer_octets_most) self->take();
    });
  }

  void take() {
    if (message_.follow == 0) return answer();
    const std::size_t most = std::min<std::uint64_t>(message_.follow, rooms_.taken.size());
    socket_.async_read_some(asio::buffer(rooms_.taken.data(), most),
                            [self = shared_from_this()](error_code error, std::size_t octets) {
                              if (error) return;
                              self->message_.follow -= octets;
                              self->take();
                            });
  }

  void answer() {
    asio::async_write(socket_, asio::buffer(rooms_.answer.data(), message_.answer),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error) self->next();
                      });
  }

  tcp::socket socket_;
  Rooms& rooms_;
  std::array<std::byte, MessageHead::octets> head_{};
  MessageHead message_{};
};

class OriginThread final : public Origin {
 public:
  /// Throws what Asio throws.
  OriginThread() : acceptor_(context_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}) {
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  OriginThread(const OriginThread&) = delete;
  OriginThread& operator=(const OriginThread&) = delete;
  ~OriginThread() override {
    context_.stop();
    thread_.join();
  }
  std::uint16_t port() const override { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) std::make_shared<Visitor>(std::move(socket), rooms_)->start();
      accept();
    });
  }

  Rooms rooms_;  // first: connections in the context use them
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Origin>> Origin::start() {
  try {
    return std::unique_ptr<Origin>{std::make_unique<OriginThread>()};
  } catch (const std::exception& error) {
    return Error{Fault::configuration, std::string{"an origin cannot listen on 127.0.0.1: "} + error.what()};
  }
}

}  // namespace louver::measure

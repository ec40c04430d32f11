#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tls/channel.h"
#include "tls/test_certificates.h"

namespace louver::tls::test {

/// A TLS peer of the library without any of our rules: it can be old, careless or hostile. It believes every
/// certificate.
class RawPeer {
 public:
  struct Options {
    bool is_server = false;
    std::vector<std::string> alpn{};  // client: offered; server: what it picks, whatever is offered; empty: none
    const Party* identity = nullptr;
    std::vector<const Party*> intermediates{};
    int highest_version = TLS1_3_VERSION;
    bool asks_for_certificate = false;  // server
    bool sends_tickets = false;         // server
    const char* groups = nullptr;
    SSL_SESSION* resume = nullptr;  // client
    bool early_data = false;        // client: sends some with `resume`
  };
  explicit RawPeer(const Options& options);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  /// Moves on with what came; returns what is to be sent.
  Buffer step(Bytes from_peer);
  void send(std::string_view plaintext);
  /// Sends one KeyUpdate.
  void update_keys();
  void close();
  /// A record that this end would never make, under its application keys: `content` and its type with padding behind.
  /// Only once nothing else has been sent.
  Buffer seal(std::string_view content, std::uint8_t type, std::size_t padding = 0);

  bool is_done() const;
  bool failed() const { return failed_; }
  const std::string& error() const { return error_; }  // the library's reason
  const std::string& received() const { return received_; }
  bool was_resumed() const;
  int seen(int handshake_type) const;  // messages that arrived
  SSL_SESSION* session();              // the newest that a ticket brought; owned by this
  SSL* ssl() const { return ssl_.get(); }
  void remember_secret(std::string_view line);  // a line of a key log
  void count(int handshake_type) { ++seen_.at(static_cast<std::size_t>(handshake_type)); }
  void keep(SSL_SESSION* session);

 private:
  void make_context(const Options& options);
  void set_identity(const Options& options);
  void advance();
  void note_failure(int result);

  std::vector<std::string> alpn_;
  SslContextHandle context_;
  SslHandle ssl_;
  bool early_data_;
  bool failed_ = false;
  std::string error_, received_;
  std::vector<int> seen_ = std::vector<int>(256);
  std::shared_ptr<SSL_SESSION> session_;
  Buffer secret_;  // of what this end sends
  std::uint64_t sealed_ = 0;
};

/// What a ClientHello in one record holds, by extension type.
std::map<int, std::string> extensions_of(Bytes client_hello_record);

/// Carries bytes both ways until nobody has more to say. Each gets the first fault of the channel.
Result<> run(Channel& channel, RawPeer& peer);
struct Faults {
  Result<> client, server;
};
Faults run(Channel& client, Channel& server, std::size_t at_most_bytes_at_once = SIZE_MAX);

}  // namespace louver::tls::test

#pragma once

#include <optional>

#include "tls/byte_pipe.h"
#include "tls/web_context_impl.h"

namespace louver::tls {

/// What the TLS library's callbacks have seen of one web connection, and their reason if they stopped it.
///
/// SSL_set_app_data points to it, so it must not move while the SSL object lives.
class WebWatch {
 public:
  WebWatch(BytePipe& pipe, const WebContext::Impl& context, WallTime now) : pipe_(pipe), context_(context), now_(now) {}
  WebWatch(const WebWatch&) = delete;
  WebWatch& operator=(const WebWatch&) = delete;

  /// Sets the callbacks on a context of which connections have such a watch.
  static void attach(SSL_CTX* ssl);
  /// And those of a server.
  static void attach_server(SSL_CTX* ssl);

  /// From now on handshake messages are what no peer needs many of.
  void set_established() { established_ = true; }
  /// Application octets have come: what was counted in a row begins anew.
  void on_plaintext() { idle_records_ = idle_messages_ = 0; }
  const std::optional<Error>& fault() const { return fault_; }

 private:
  struct Callbacks;
  void on_received(int content_type, Bytes message);
  bool on_server_name(SSL& ssl);
  void stop(Error error);

  BytePipe& pipe_;
  const WebContext::Impl& context_;
  WallTime now_;
  std::optional<Error> fault_;
  bool established_ = false;
  unsigned idle_records_ = 0;
  unsigned idle_messages_ = 0;
};

}  // namespace louver::tls

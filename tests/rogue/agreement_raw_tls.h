#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tls/certificate.h"
#include "tls/openssl_handles.h"

namespace louver::rogue {

/// A TLS peer of the library without any rule of ours: what a web server, a browser or an attacker's own tool would be.
/// It believes every certificate.
class RawTls {
 public:
  struct Options {
    bool is_server = false;
    std::vector<std::string> alpn{};  // client: what it offers; server: what it picks, whatever is offered; empty: none
    std::shared_ptr<const tls::Identity> identity = nullptr;
    int highest_version = TLS1_3_VERSION;
    bool asks_for_certificate = false;
    bool sends_tickets = false;
  };
  explicit RawTls(Options options);

  /// Moves on with what came; returns what is to be sent.
  Buffer step(Bytes from_peer);
  bool is_done() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  SSL* ssl() const { return ssl_.get(); }
  const Options& options() const { return options_; }

 private:
  Options options_;
  tls::SslContextHandle context_;
  tls::SslHandle ssl_;
};

}  // namespace louver::rogue

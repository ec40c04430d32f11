#pragma once

#include <memory>
#include <optional>

#include "runtime/tcp.h"
#include "tls/web_stream.h"

namespace louver::runtime {

/// TLS between a link and its socket: what `receive` and `is_quiet` of tcp.h are for plain connections.
class LinkTls {
 public:
  /// @param stream  established
  explicit LinkTls(std::unique_ptr<tls::WebStream> stream) : stream_(std::move(stream)) {}

  /// Decrypts what has come. An error EPROTO is one of TLS: `fault` tells. The connection's end without close_notify is
  /// such an error, since what came before may be cut off.
  /// @param room  not empty
  Received receive(int socket, MutableBytes room);
  /// After `receive`: the socket had no more. Else more may wait here, of which the socket knows nothing.
  bool is_dry() const { return dry_; }
  bool is_quiet(int socket);

  /// @return the octets for the socket; nothing after a fault
  std::optional<Buffer> seal(Bytes plaintext);
  /// close_notify, the first time.
  void close() { stream_->close(); }
  /// What TLS itself has to say.
  Buffer take_output() { return stream_->take_output(); }
  const std::optional<Error>& fault() const { return fault_; }

 private:
  bool fill(int socket);

  std::unique_ptr<tls::WebStream> stream_;
  std::optional<Error> fault_;
  bool dry_ = false;
  bool drained_ = false;  // within one call: the socket has given all that it had
};

}  // namespace louver::runtime

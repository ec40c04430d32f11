#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "runtime/socket.h"
#include "tls/web_stream.h"

namespace louver::runtime {

class Loop;

/// A connected socket and the TLS on it, if there is any (null: plain).
struct WrappedSocket {
  Socket socket;
  std::unique_ptr<tls::WebStream> tls;
};

/// One try to agree on TLS over a connected socket.
///
/// Nothing of an application is sent before it is complete. Lives on the loop's thread; destroying it cancels and
/// closes the connection.
class TlsHandshake {
 public:
  using Callback = std::function<void(Result<WrappedSocket>)>;

  /// Calls `callback` once, later, not after the handshake is gone; it may destroy the handshake. After a fault the
  /// peer is sent the alert that fits.
  ///
  /// @param first  goes out in front of TLS, such as a header of the PROXY protocol
  /// @fault those of tls::WebStream, each with the reason; timeout; connection_lost
  TlsHandshake(Loop& loop, Socket socket, std::unique_ptr<tls::WebStream> stream, Buffer first, TimePoint deadline,
               Callback callback);
  TlsHandshake(const TlsHandshake&) = delete;
  TlsHandshake& operator=(const TlsHandshake&) = delete;
  ~TlsHandshake();

 private:
  class Attempt;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace louver::runtime

#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/time.h"
#include "tls/web_context.h"

namespace louver::tls {

/// One connection of ordinary TLS over memory: no socket. It moves octets only when called.
///
/// Life: what the peer sent goes into `room` and is told by `add`; `handshake` until `established`; then `read` and
/// `write`. After each call `take_output` must be carried to the peer. A fault is final: every later call returns it
/// again.
class WebStream {
 public:
  /// @param now  by which certificates are judged
  WebStream(std::shared_ptr<const WebContext> context, WallTime now);
  ~WebStream();
  WebStream(const WebStream&) = delete;
  WebStream& operator=(const WebStream&) = delete;

  /// Room for octets of the peer; empty while enough wait to be read.
  MutableBytes room();
  void add(std::size_t count);

  /// Moves the handshake on as far as what has come allows.
  /// @fault tls_failed, tls_parameters, certificate_invalid, certificate_name, limit_exceeded: in words for the log
  Result<> handshake();
  /// Both Finisheds and every check on the peer are through.
  bool established() const;

  struct Got {
    std::size_t count = 0;  // 0 without end: more of the peer's octets are needed
    bool end = false;       // the peer's close_notify, behind everything that it sent
  };
  /// Decrypts into `into`, at most one record. @fault as above
  Result<Got> read(MutableBytes into);
  enum class Waiting : std::uint8_t {
    nothing,
    part,       // of a record: more of the peer's octets are needed to say
    something,  // application octets, the end, or a fault
  };
  /// What is in that which has come. Takes nothing but what TLS itself says (session tickets, for instance).
  Waiting waiting();

  /// Encrypts everything. Legal only when established. @fault as above
  Result<> write(Bytes plaintext);
  /// Queues close_notify: nothing is written after it.
  void close();
  /// Ciphertext for the peer; empties the queue.
  Buffer take_output();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace louver::tls

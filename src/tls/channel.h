#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tls/certificate.h"

namespace louver::tls {

/// Which pairwise connection this is; each has an ALPN and roles of its own. docs/protocol.md §4
enum class ChannelKind : std::uint8_t {
  end_to_end,   // "louver-x/1-e": client - server; the client's certificate is optional
  client_side,  // "louver-x/1-c": client - middlebox; no client certificate
  server_side,  // "louver-x/1-s": middlebox (TLS client) - server; both certificates required
};

/// What one end of one kind of channel needs; wraps an SSL_CTX, made once and shared by all channels of its kind and
/// thread-safe to share.
class ChannelContext {
 public:
  struct Options {
    bool require_client_certificate = false;  // end_to_end, server end only: an anonymous client is refused
    bool require_hybrid_group = false;        // refuse a key exchange without a post-quantum part
  };
  /// For the end that acts as TLS client. `identity` may be null for client_side, and for an anonymous client on
  /// end_to_end.
  static Result<std::shared_ptr<const ChannelContext>> for_tls_client(ChannelKind kind,
                                                                      std::shared_ptr<const Identity> identity,
                                                                      std::shared_ptr<const Trust> trust,
                                                                      Options options);
  /// For the end that acts as TLS server; always with an identity. `trust` may be null for client_side, and for
  /// end_to_end without require_client_certificate: then no client is asked for its certificate.
  static Result<std::shared_ptr<const ChannelContext>> for_tls_server(ChannelKind kind,
                                                                      std::shared_ptr<const Identity> identity,
                                                                      std::shared_ptr<const Trust> trust,
                                                                      Options options);
  ~ChannelContext();
  ChannelContext(const ChannelContext&) = delete;
  ChannelContext& operator=(const ChannelContext&) = delete;
  const Identity* identity() const;
  struct Impl;
  const Impl& impl() const { return *impl_; }
 private:
  explicit ChannelContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One pairwise TLS 1.3 connection over memory: no socket. It moves bytes only when called.
///
/// Life: start() (TLS client: makes the ClientHello) -> receive() as bytes arrive; after each call take_output() must
/// be carried to the peer. `send` is legal before the handshake is complete on a TLS server that has answered (0.5-RTT
/// data: it goes out right behind Finished; queued until the ClientHello has been answered) and queued on a TLS client
/// until its handshake is complete. A fault is final: every later call returns it again.
class Channel {
 public:
  /// `expected_name`: the route's name of the peer, which must be among the leaf's names; empty where the TLS server
  /// takes any client name (end_to_end).
  Channel(std::shared_ptr<const ChannelContext> context, std::string expected_name);
  ~Channel();
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;

  /// TLS client: queues the ClientHello. TLS server: nothing.
  Result<> start();
  /// Takes bytes of the peer's TLS stream (any split) and moves the handshake on; decrypted application bytes are
  /// appended to `received()`.
  /// @fault tls_failed, tls_parameters, certificate_invalid, certificate_role, certificate_name (each with the reason
  /// in `detail`);
  ///        limit_exceeded (KeyUpdates, empty records, bytes before the peer is verified: limits.h); closed after
  ///        close_notify
  Result<> receive(Bytes from_peer, WallTime now);
  /// Queues application bytes (see above when they leave).
  Result<> send(Bytes plaintext);
  /// Ciphertext for the peer; empties the queue.
  Buffer take_output();
  /// Decrypted application bytes not yet consumed. On a TLS server nothing appears before the client's Finished has
  /// been verified.
  Bytes received() const;
  void consume(std::size_t count);

  /// The handshake is complete, both Finisheds are verified, and every check on the peer (version, ALPN, chain, role,
  /// name) has passed.
  bool established() const;
  /// Null until established; also null then for an anonymous client on end_to_end.
  const VerifiedPeer* peer() const;
  /// The peer's TLS close_notify has come.
  bool peer_closed() const;
  /// Queues close_notify.
  void close();
  /// TLS-Exporter(label, context, out.size()). Legal only when established.
  Result<> export_secret(std::string_view label, Bytes context, MutableBytes out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace louver::tls

#pragma once

#include <chrono>
#include <memory>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/time.h"
#include "runtime/chunk.h"
#include "runtime/socket.h"
#include "session/output.h"

namespace louver::tls {
class WebStream;
}

namespace louver::runtime {

class Loop;

/// Who uses a link. Called on the link's loop only, never from within a method of the link, and never again once the
/// link is destroyed, aborted or told to close; each callback may do that. Must live until then.
class LinkHandler {
 public:
  /// Everything that has come and was not consumed yet, in one piece, at least one octet; it may be changed in place.
  ///
  /// What is consumed stays as the handler left it for as long as somebody holds `chunk`. The rest comes again,
  /// unchanged, at the front of a later call: with more behind it, or alone after `resume_reading`. Consuming nothing
  /// of a full chunk without pausing breaks the link (limit_exceeded): nothing so large exists.
  ///
  /// @return  how many octets from the front were consumed
  virtual std::size_t on_bytes(MutableBytes input, const ChunkRef& chunk) = 0;
  /// The peer has sent its last octet; what is not consumed by now (`buffered_bytes`) stays incomplete. Sending goes
  /// on.
  virtual void on_end() = 0;
  /// The connection is lost and closed; what was not sent is dropped. Nothing else is called. The detail is for the log
  /// only.
  virtual void on_broken(const Error& error) = 0;
  /// The bytes to be written have been above the high-water mark and are now at or below the low one.
  virtual void on_drained() = 0;

 protected:
  LinkHandler() = default;
  LinkHandler(const LinkHandler&) = default;
  LinkHandler& operator=(const LinkHandler&) = default;
  ~LinkHandler() = default;
};

/// What the writer does next.
enum class Then : bool {
  perhaps_more,
  end,  // ends this side at once, by `shutdown_send` or `close_when_written`: the end then shares the last packet
};

struct LinkOptions {
  std::size_t high_water_bytes = std::size_t{256} * 1024;
  std::size_t low_water_bytes = std::size_t{64} * 1024;
};

/// One TCP connection with a neighbour. Lives on its loop's thread; made paused, so that nothing comes before
/// `resume_reading`.
///
/// A link never drops or refuses what it is given to write: whoever writes watches `above_high_water` and pauses the
/// link that the bytes come from. An idle link holds no chunk. Destroying it closes the connection: with a reset if
/// something was still to be written, so that the peer cannot take a cut stream for a whole one.
class Link {
 public:
  /// A socket that the system cannot watch is reported as a broken link, later.
  Link(Loop& loop, Socket socket, LinkHandler& handler, const LinkOptions& options = {});
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  /// From now on everything goes through this TLS connection, of which the handshake is complete. Before anything is
  /// read or written. The end is then a close_notify, ours and the peer's: without one the link is broken.
  void wrap(std::unique_ptr<tls::WebStream> stream);

  /// Sends these runs after everything before them, as much as possible at once, the rest when the socket takes it.
  /// @param keep  the chunk that the forwarded runs lie in; held until they are written
  void write(session::Outbound&& out, ChunkRef keep, Then then = Then::perhaps_more);
  void write(Buffer bytes);
  std::size_t pending_bytes() const;
  /// From when `pending_bytes` exceeds the high-water mark until `on_drained`.
  bool above_high_water() const;

  /// Breaks the link when more than so many octets wait to be written (limit_exceeded). For connections whose writer
  /// pauses for nobody: a peer that takes nothing must not make what waits for it grow.
  void limit_pending(std::size_t most);
  /// Breaks the link when the peer has been silent for `idle` and its host answers nothing for some time more. For
  /// connections on which nothing may come for long: a peer that vanished without a word would be waited for for ever.
  void probe_when_idle(std::chrono::seconds idle);

  /// No `on_bytes` and no `on_end` until `resume_reading`; may be called from within `on_bytes`.
  void pause_reading();
  /// Soon brings what is buffered, even if nothing has come since, and then what the socket has.
  void resume_reading();
  bool is_paused() const;
  /// Come but not consumed.
  std::size_t buffered_bytes() const;
  /// Everything written has arrived at the peer's host; on a Unix socket, has been read.
  bool is_delivered() const;
  /// At this moment the connection has nothing that `on_bytes`, `on_end` or `on_broken` has not been told, or is about
  /// to be.
  bool is_quiet() const;

  /// Tells the peer that nothing follows, once everything is written. Reading goes on; later writes are ignored.
  void shutdown_send();
  /// Sends what is pending, ends our side, waits until the peer has ended its own (dropping what it sends, so that it
  /// does not lose our last words to a reset) and closes; after `at_most` it resets instead. Needs no more attention:
  /// the link may be destroyed, the loop keeps the connection (Loop::lingering).
  void close_when_written(Duration at_most = std::chrono::seconds{5});
  /// Resets the connection at once.
  void abort();
  /// Neither broken, aborted nor told to close.
  bool is_open() const;

  const SocketAddress& local_address() const;
  const SocketAddress& remote_address() const;

 private:
  class Connection;
  std::shared_ptr<Connection> connection_;
};

}  // namespace louver::runtime

#pragma once

#include <sys/uio.h>

#include <chrono>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/address.h"
#include "runtime/descriptor.h"

/// The system's calls on TCP sockets, without interruptions and without blocking. Errors are errno values, 0 for none.
namespace louver::runtime {

/// A non-blocking socket that children do not inherit.
/// @fault internal_error  no descriptors left
Result<Descriptor> make_tcp_socket(bool v4);

/// Small writes go out at once (TCP_NODELAY): frames are written whole.
void prepare_connected(int socket);
/// Probes a peer that has been silent for `idle`, and gives the connection up when it has answered nothing, neither
/// probes nor octets, for three times as long.
void probe_when_idle(int socket, std::chrono::seconds idle);
/// Makes closing send a reset and drop what is unsent.
void reset_on_close(int socket);
/// The error that a socket has kept, and clears it.
int pending_error(int socket);

struct Received {
  std::size_t count = 0;  // 0 without end and error: nothing there now
  bool end = false;
  int error = 0;
};
/// @param room  not empty
Received receive(int socket, MutableBytes room);

/// Neither octets nor the end nor an error wait to be received. Takes nothing.
bool is_quiet(int socket);

/// What was sent and is still the system's: not acknowledged by the peer's host, or on a Unix socket not read. 0 if it
/// cannot tell.
std::size_t unacknowledged_bytes(int socket);

struct SentBytes {
  std::size_t count = 0;  // 0 without error: no room now
  int error = 0;
};
/// Never raises SIGPIPE.
/// @param more  something follows at once (octets or the end): what does not fill a packet may wait for it
SentBytes send(int socket, std::span<iovec> runs, bool more = false);

}  // namespace louver::runtime

#include "runtime/link_tls.h"

#include <cerrno>

#include "runtime/system_error.h"

namespace louver::runtime {

/// Takes from the socket; false if there is nothing now, or never again.
bool LinkTls::fill(int socket) {
  if (drained_) {
    dry_ = true;
    return false;
  }
  const MutableBytes room = stream_->room();
  const Received raw = runtime::receive(socket, room);
  if (raw.error != 0) {
    fault_ = Error{Fault::connection_lost, words_of(raw.error)};
  } else if (raw.end) {
    fault_ = Error{Fault::truncated, "the connection ended without a TLS close_notify: what came may be cut off"};
  } else {
    drained_ = raw.count < room.size();  // the socket is empty
    dry_ = raw.count == 0;
  }
  stream_->add(raw.count);
  return raw.count > 0;
}

Received LinkTls::receive(int socket, MutableBytes room) {
  Received out;
  dry_ = drained_ = false;
  while (out.count < room.size() && !fault_) {
    const auto got = stream_->read(room.subspan(out.count));
    if (!got) {
      fault_ = got.error();
      break;
    }
    out.count += got->count;
    if (got->end) {
      out.end = out.count == 0;  // else it is told again
      return out;
    }
    if (got->count == 0 && !fill(socket)) break;
  }
  if (fault_ && out.count == 0) out.error = EPROTO;
  return out;
}

bool LinkTls::is_quiet(int socket) {
  dry_ = drained_ = false;
  while (!fault_) {
    const tls::WebStream::Waiting waiting = stream_->waiting();
    if (waiting == tls::WebStream::Waiting::something) return false;
    if (!fill(socket)) return !fault_ && waiting == tls::WebStream::Waiting::nothing;
  }
  return false;
}

std::optional<Buffer> LinkTls::seal(Bytes plaintext) {
  if (const auto written = stream_->write(plaintext); !written) {
    if (!fault_) fault_ = written.error();
    return std::nullopt;
  }
  return stream_->take_output();
}

}  // namespace louver::runtime

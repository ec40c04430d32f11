#include "runtime/local_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "runtime/system_error.h"

namespace louver::runtime {
namespace {

Error cannot(const std::string& what, const std::string& path, int error) {
  return system_fault(Fault::configuration, what + " \"" + printable(path) + "\"", error);
}

/// Removes a socket to which nobody listens any more.
Result<> clear_the_place(const std::string& path, const LocalAddress& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return cannot("cannot look at", path, errno);
  }
  if (!S_ISSOCK(found.st_mode) || found.st_uid != ::geteuid()) {
    return Error{Fault::configuration,
                 "\"" + printable(path) + "\" exists and is no socket of this user; remove it or choose another path"};
  }
  LOUVER_ASSIGN(const Descriptor probe, make_local_socket());
  if (connect_locally(probe.fd(), address) != ECONNREFUSED) {
    return Error{Fault::configuration,
                 "\"" + printable(path) + "\" is in use by another process; give each process a socket of its own"};
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return cannot("cannot remove", path, errno);
  return {};
}

}  // namespace

Result<LocalAddress> LocalAddress::of(const std::string& path) {
  LocalAddress out;
  out.native_.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof out.native_.sun_path) {
    return Error{Fault::configuration, "the path of a Unix socket has 1 to " +
                                           std::to_string(sizeof out.native_.sun_path - 1) + " octets, \"" +
                                           printable(path) + "\" has " + std::to_string(path.size())};
  }
  std::memcpy(out.native_.sun_path, path.data(), path.size());
  return out;
}

SocketFile::~SocketFile() {
  struct stat there {};
  const bool ours = ::lstat(path_.c_str(), &there) == 0 && there.st_dev == made_.st_dev && there.st_ino == made_.st_ino;
  if (ours) ::unlink(path_.c_str());
}

Result<LocalSocket> listen_locally(const std::string& path, mode_t mode, int backlog) {
  LOUVER_ASSIGN(const LocalAddress address, LocalAddress::of(path));
  LOUVER_TRY(clear_the_place(path, address));
  LOUVER_ASSIGN(Descriptor socket, make_local_socket());
  // The file takes its mode from the socket's when it is bound, so it is never open to others, whatever the umask.
  if (::fchmod(socket.fd(), mode) != 0) return cannot("cannot protect", path, errno);
  if (::bind(socket.fd(), address.get(), LocalAddress::size) != 0) return cannot("cannot listen on", path, errno);
  if (::chmod(path.c_str(), mode) != 0) return cannot("cannot protect", path, errno);  // what the umask took away
  struct stat made {};
  if (::lstat(path.c_str(), &made) != 0) return cannot("cannot look at", path, errno);
  auto file = std::make_unique<SocketFile>(path, made);
  if (::listen(socket.fd(), backlog) != 0) return cannot("cannot listen on", path, errno);
  return LocalSocket{std::move(socket), std::move(file)};
}

Result<Descriptor> make_local_socket(bool waits) {
  Descriptor out{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0)};
  if (!out) return system_fault(Fault::internal_error, "making a socket", errno);
  return out;
}

int connect_locally(int socket, const LocalAddress& address) {
  return ::connect(socket, address.get(), LocalAddress::size) == 0 ? 0 : errno;
}

std::optional<uid_t> local_user_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return std::nullopt;
  return peer.uid;
}

}  // namespace louver::runtime

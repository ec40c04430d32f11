#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "runtime/descriptor.h"

/// Unix sockets in the file system: what whoever listens on one, or connects to one, does the same way.
namespace louver::runtime {

/// A path as the system's calls take it.
class LocalAddress {
 public:
  /// @fault configuration  it is empty or too long
  static Result<LocalAddress> of(const std::string& path);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&native_); }
  static constexpr socklen_t size = sizeof(sockaddr_un);

 private:
  sockaddr_un native_{};
};

/// The file of a socket that was made here; removes it when it goes, if it is still the same. Must go before the socket
/// is closed: only while it is bound, no other file can have its number.
class SocketFile {
 public:
  SocketFile(std::string path, const struct stat& made) : path_(std::move(path)), made_(made) {}
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile();

 private:
  std::string path_;
  struct stat made_;
};

struct LocalSocket {
  Descriptor descriptor;  // destroyed last
  std::unique_ptr<SocketFile> file;
};

/// Takes the place of a socket that a process left behind, never of one that answers or of another kind of file, and
/// listens there. The file is never open to more than `mode` says, whatever the umask.
/// @param mode     of the file; whoever is to connect must be able to write
/// @param backlog  connections that wait to be accepted
/// @fault configuration  names the path and the remedy
Result<LocalSocket> listen_locally(const std::string& path, mode_t mode, int backlog);

/// A socket that children do not inherit. @fault internal_error  no descriptors left
/// @param waits  blocking: for a program that does nothing else meanwhile
Result<Descriptor> make_local_socket(bool waits = false);
/// 0, or an errno value: EAGAIN if the other end's queue is full.
int connect_locally(int socket, const LocalAddress& address);

/// The user at the other end when it was connected, as the system knows him; nothing if it does not tell.
std::optional<uid_t> local_user_of(int socket);

}  // namespace louver::runtime

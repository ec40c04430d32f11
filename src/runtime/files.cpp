#include "runtime/files.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/descriptor.h"
#include "runtime/system_error.h"

namespace louver::runtime {

namespace {

constexpr mode_t private_mode = 0600;
constexpr mode_t public_mode = 0644;

Error complaint(const std::string& path, const std::string& what) { return {Fault::configuration, path + ": " + what}; }
Error complaint(const std::string& path, int error) { return system_fault(Fault::configuration, path, error); }

struct OpenFile {
  Descriptor descriptor;
  struct stat status;
};

Result<OpenFile> open_regular(const std::string& path) {
  // Not blocking: opening a pipe would wait for a writer.
  OpenFile out{.descriptor = Descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)},
               .status = {}};
  if (!out.descriptor) return complaint(path, errno);
  if (::fstat(out.descriptor.fd(), &out.status) != 0) return complaint(path, errno);
  if (!S_ISREG(out.status.st_mode)) return complaint(path, "is not a regular file");
  if ((out.status.st_mode & S_IWOTH) != 0) return complaint(path, "everybody may write it; chmod o-w");
  return out;
}

Result<> check_private(const std::string& path, const struct stat& status) {
  const bool of_root = status.st_uid == 0;
  if (!of_root && status.st_uid != ::geteuid()) {
    return complaint(path, "belongs to another user; keys must belong to the user that runs louver or to root");
  }
  const mode_t forbidden = S_IRWXO | S_IWGRP | S_IXGRP | (of_root ? 0U : mode_t{S_IRGRP});
  if ((status.st_mode & forbidden) != 0) return complaint(path, "others may read or write this key; chmod 600");
  return {};
}

/// Fills `into` from the start; its capacity was reserved before, so that growing leaves no copies behind.
Result<> read_all(const std::string& path, const OpenFile& file, std::size_t most_bytes, Buffer& into) {
  const auto announced = static_cast<std::size_t>(file.status.st_size);
  if (announced > most_bytes) {
    return complaint(
        path, "has " + std::to_string(announced) + " octets, at most " + std::to_string(most_bytes) + " are read");
  }
  into.resize(announced + 1);  // one more: to see the end, and that it did not grow
  std::size_t have = 0;
  while (have < into.size()) {
    const ssize_t got = ::read(file.descriptor.fd(), into.data() + have, into.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return complaint(path, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > announced) return complaint(path, "grew while it was read; try again");
  into.resize(have);
  return {};
}

void wipe(Buffer& bytes) { explicit_bzero(bytes.data(), bytes.capacity()); }

/// The directory that a path lies in.
std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<> write_all(const std::string& path, int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return complaint(path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

/// Makes a new file; removes it again if anything fails.
Result<> create(const std::string& path, Bytes bytes, mode_t mode) {
  Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, private_mode)};
  if (!file) {
    if (errno == EEXIST) return complaint(path, "exists already; remove it or choose another name");
    return complaint(path, errno);
  }
  Result<> done = write_all(path, file.fd(), bytes);
  if (done && ::fchmod(file.fd(), mode) != 0) done = complaint(path, errno);
  if (done && ::fsync(file.fd()) != 0) done = complaint(path, errno);
  if (::close(file.release()) != 0 && done) done = complaint(path, errno);
  if (!done) ::unlink(path.c_str());
  return done;
}

/// Makes the entry in the directory last.
Result<> sync_directory(const std::string& path) {
  const std::string directory = directory_of(path);
  const Descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened) return complaint(directory, errno);
  if (::fsync(opened.fd()) != 0 && errno != EINVAL) return complaint(directory, errno);  // EINVAL: no such thing there
  return {};
}

/// A name beside `path` that nobody else has.
Result<std::string> temporary_beside(const std::string& path) {
  std::array<std::byte, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return complaint(path, "no random bytes for a temporary name");
  }
  return path + "." + to_hex(random) + ".tmp";
}

Result<> replace(const std::string& path, Bytes bytes, mode_t mode) {
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && !S_ISREG(old.st_mode)) {
    return complaint(path, "is there and is not a regular file; remove it or choose another name");
  }
  LOUVER_ASSIGN(const std::string temporary, temporary_beside(path));
  LOUVER_TRY(create(temporary, bytes, mode));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return complaint(path, error);
  }
  return {};
}

Result<> write_file(const std::string& path, Bytes bytes, mode_t mode, IfExists if_exists) {
  LOUVER_TRY(if_exists == IfExists::replace ? replace(path, bytes, mode) : create(path, bytes, mode));
  return sync_directory(path);
}

}  // namespace

Result<Buffer> read_file_checked(const std::string& path, std::size_t most_bytes) {
  LOUVER_ASSIGN(const OpenFile file, open_regular(path));
  Buffer out;
  LOUVER_TRY(read_all(path, file, most_bytes, out));
  return out;
}

Result<> read_private_file(const std::string& path, std::size_t most_bytes, const std::function<Result<>(Bytes)>& use) {
  LOUVER_ASSIGN(const OpenFile file, open_regular(path));
  LOUVER_TRY(check_private(path, file.status));
  Buffer secret;
  Result<> done = read_all(path, file, most_bytes, secret);
  if (done) done = use(secret);
  wipe(secret);
  return done;
}

Result<> write_private_file(const std::string& path, Bytes bytes, IfExists if_exists) {
  return write_file(path, bytes, private_mode, if_exists);
}

Result<> write_public_file(const std::string& path, Bytes bytes, IfExists if_exists) {
  return write_file(path, bytes, public_mode, if_exists);
}

}  // namespace louver::runtime

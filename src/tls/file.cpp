#include "tls/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace louver::tls {
namespace {

constexpr std::size_t largest_file = std::size_t{1024} * 1024;

class OpenFile {
 public:
  /// O_NONBLOCK: opening a FIFO must not wait for a writer.
  explicit OpenFile(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

Error refused(const std::string& path, const std::string& why) { return {Fault::configuration, path + ": " + why}; }
Error failed(const std::string& path, const char* doing) {
  return refused(path, std::string{doing} + ": " + std::generic_category().message(errno));
}

Result<> check_mode(const std::string& path, const struct stat& status, FileAccess access) {
  if (!S_ISREG(status.st_mode)) return refused(path, "it is not a regular file");
  if (access == FileAccess::owner_only && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refused(path, "a private key that group or others may access is not used; run: chmod 600 " + path);
  }
  return {};
}

}  // namespace

Result<SecretBytes> read_file(const std::string& path, FileAccess access) {
  const OpenFile file{path};
  if (file.descriptor() < 0) return failed(path, "cannot open it");
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return failed(path, "cannot look at it");
  LOUVER_TRY(check_mode(path, status, access));

  SecretBytes out(largest_file + 1);
  std::size_t size = 0;
  while (size < out.size()) {
    const ssize_t got = ::read(file.descriptor(), out.data() + size, out.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "cannot read it");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > largest_file) return refused(path, "it is larger than 1 MiB");
  out.resize(size);
  return out;
}

}  // namespace louver::tls

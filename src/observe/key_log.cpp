#include "observe/key_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace louver::observe {
namespace {

constexpr std::string_view label = "LOUVER_ITEM ";
constexpr std::size_t id_octets = std::tuple_size_v<wire::AssociationId>;
constexpr std::size_t name_octets = 6;
constexpr std::size_t line_most = label.size() + 2 * (id_octets + name_octets + session::ItemSecret::capacity) + 3;

Error cannot(const std::string& path, const std::string& why) {
  return {Fault::configuration, "cannot write the key log " + path + ": " + why};
}

/// A line in a place of its own that is wiped: a string would leave copies of the secret behind as it grows.
class Line {
 public:
  Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { wipe(as_writable_bytes(std::span{text_})); }

  void text(std::string_view text) {
    for (char c : text) put(c);
  }
  void hex(Bytes bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    for (std::byte b : bytes) {
      put(digits[std::to_integer<std::size_t>(b >> 4)]);
      put(digits[std::to_integer<std::size_t>(b & std::byte{15})]);
    }
  }
  bool write_to(int descriptor) const {
    std::size_t written = 0;
    while (written < size_) {
      const ssize_t n = ::write(descriptor, text_.data() + written, size_ - written);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      written += static_cast<std::size_t>(n);
    }
    return true;
  }

 private:
  void put(char c) {
    if (size_ < text_.size()) text_[size_++] = c;
  }

  std::array<char, line_most> text_{};
  std::size_t size_ = 0;
};

}  // namespace

Result<> KeyLogWish::check() const {
  if (!wanted() || configured == environment) return {};
  return Error{
      Fault::configuration,
      "[debug] keylog = \"" + configured +
          "\" would write the secrets of all associations there; it counts only if the environment says so too. " +
          "Set " + key_log_variable + "=" + configured + ", or remove the key"};
}

Result<std::unique_ptr<KeyLog>> KeyLog::open(const std::string& path) {
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  const int descriptor = ::open(path.c_str(), flags, 0600);
  if (descriptor < 0)
    return cannot(path, errno == ELOOP ? "it is a symbolic link; name the file itself" : std::strerror(errno));
  std::unique_ptr<KeyLog> out{new KeyLog{descriptor}};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return cannot(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return cannot(path, "it is no regular file");
  if (status.st_uid != ::geteuid()) return cannot(path, "it belongs to another user");
  if ((status.st_mode & 077) != 0) return cannot(path, "group or others may access it; run: chmod 600 " + path);
  return out;
}

KeyLog::~KeyLog() { ::close(descriptor_); }

bool KeyLog::write(const session::AssociationRecord& record) {
  const std::lock_guard lock{mutex_};
  bool whole = true;
  record.reveal_secrets([&](const wire::ItemName& name, Bytes secret) {
    Line line;
    line.text(label);
    line.hex(record.id());
    line.text(" ");
    line.hex(session::octets_of(name));
    line.text(" ");
    line.hex(secret);
    line.text("\n");
    whole = line.write_to(descriptor_) && whole;
  });
  return whole;
}

}  // namespace louver::observe

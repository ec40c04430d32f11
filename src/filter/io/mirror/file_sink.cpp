#include "filter/io/mirror/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/version.h"
#include "filter/io/mirror/loss_report.h"
#include "filter/io/mirror/pcapng.h"
#include "filter/io/mirror/tcp_stream.h"
#include "runtime/descriptor.h"
#include "runtime/loop_thread.h"

namespace louver::filter::mirror {
namespace {

constexpr int open_flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
constexpr mode_t owner_only = 0600;

Error cannot(const std::string& path, const std::string& why) {
  return {Fault::configuration, "filter mirror: cannot write to " + path + ": " + why};
}

Result<> check_status(const std::string& path, const struct stat& status) {
  if (S_ISLNK(status.st_mode)) return cannot(path, "it is a symbolic link; name the file itself");
  if (!S_ISREG(status.st_mode)) return cannot(path, "it is no regular file");
  if (status.st_uid != ::geteuid()) return cannot(path, "it belongs to another user");
  if ((status.st_mode & 077) != 0) return cannot(path, "others may read it; run: chmod 600 " + path);
  if (status.st_nlink != 1) return cannot(path, "it has another name (hard link)");
  return {};
}

/// A file that only we write, and where its last whole block ends.
struct Opened {
  runtime::Descriptor descriptor;
  std::size_t size = 0;
};

Result<Opened> open_or_make(const std::string& path) {
  int number = ::open(path.c_str(), open_flags | O_CREAT | O_EXCL, owner_only);
  if (number < 0 && errno == EEXIST) number = ::open(path.c_str(), open_flags);
  if (number < 0)
    return cannot(path, errno == ELOOP ? "it is a symbolic link; name the file itself" : std::strerror(errno));
  Opened out{runtime::Descriptor{number}, 0};
  struct stat status {};
  if (::fstat(number, &status) != 0) return cannot(path, std::strerror(errno));
  LOUVER_TRY(check_status(path, status));
  out.size = static_cast<std::size_t>(status.st_size);
  return out;
}

/// What lives on the thread of the sink.
class Writer {
 public:
  Writer(FileOptions options, Opened file)
      : options_(std::move(options)),
        file_(std::move(file)),
        lost_("in " + options_.path, "they came faster than they could be written", options_.tell) {}

  void take(const Copied& copied, std::uint64_t lost_before) {
    if (lost_before != 0) lost_.add(lost_before);
    if (copied.first) write(*copied.entry, handshake_packets);
    write(*copied.block, copied.packets);
    lost_.remind();
  }
  void lose(std::uint64_t packets) { lost_.add(packets); }

 private:
  void write(Bytes blocks, std::size_t packets) {
    if (file_.size + blocks.size() > options_.rotate_at) rotate();
    if (!begun_) begun_ = write_whole(pcapng_begin("louver/" LOUVER_VERSION));
    if (!begun_ || !write_whole(blocks)) lost_.add(packets, std::exchange(why_, {}));
  }

  /// All of it or nothing: half a block would make the rest of the file unreadable.
  bool write_whole(Bytes block) {
    Bytes rest = block;
    while (!rest.empty()) {
      const ssize_t written = ::write(file_.descriptor.fd(), rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        why_ = written == 0 ? "nothing was written" : std::strerror(errno);
        if (rest.size() != block.size() && ::ftruncate(file_.descriptor.fd(), static_cast<off_t>(file_.size)) != 0)
          why_ += "; the file ends within a packet";
        return false;
      }
      rest = rest.subspan(static_cast<std::size_t>(written));
    }
    file_.size += block.size();
    return true;
  }

  /// PATH becomes PATH.1, that PATH.2, and so on; the oldest is overwritten. Names come from the configuration only.
  void rotate() {
    if (file_.size == 0) return;
    for (std::size_t i = options_.keep; i > 0; --i) {
      const std::string from = i == 1 ? options_.path : options_.path + "." + std::to_string(i - 1);
      static_cast<void>(std::rename(from.c_str(), (options_.path + "." + std::to_string(i)).c_str()));
    }
    if (options_.keep == 0) static_cast<void>(::unlink(options_.path.c_str()));
    auto next = open_or_make(options_.path);
    if (!next) {
      why_ = next.error().detail;
      return;  // go on in the old one
    }
    file_ = *std::move(next);
    begun_ = false;
  }

  FileOptions options_;
  Opened file_;
  bool begun_ = false;
  std::string why_;  // the last thing that went wrong
  LossReport lost_;
};

class FileSink final : public Sink {
 public:
  FileSink(FileOptions options, Opened file, std::unique_ptr<runtime::LoopThread> thread)
      : queue_(options.queue),
        thread_(std::move(thread)),
        writer_(std::make_unique<Writer>(std::move(options), std::move(file))) {}
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  /// What waits is written first.
  ~FileSink() override {
    thread_->loop().post([writer = std::move(writer_), lost = lost_.load()]() mutable {
      writer->lose(lost);
      writer.reset();
    });
  }

  bool wants() const override { return true; }
  std::uint64_t arrivals() const override { return 0; }
  void offer(Copied copied) override {
    const std::size_t size = copied.block->size() + (copied.first ? copied.entry->size() : 0);
    if (waiting_.fetch_add(size) + size > queue_) {
      waiting_ -= size;
      lost_ += copied.packets + (copied.first ? handshake_packets : 0);
      return;
    }
    thread_->loop().post([this, writer = writer_.get(), copied = std::move(copied), size] {
      writer->take(copied, lost_.exchange(0));
      waiting_ -= size;
    });
  }

 private:
  const std::size_t queue_;
  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<Writer> writer_;  // used and destroyed on the thread
};

}  // namespace

Result<> check_file(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return check_status(path, status);
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return cannot(path, std::strerror(errno));
  return {};
}

Result<std::shared_ptr<Sink>> open_file(FileOptions options) {
  LOUVER_ASSIGN(Opened file, open_or_make(options.path));
  LOUVER_ASSIGN(auto thread, runtime::LoopThread::start());
  return std::shared_ptr<Sink>{std::make_shared<FileSink>(std::move(options), std::move(file), std::move(thread))};
}

}  // namespace louver::filter::mirror

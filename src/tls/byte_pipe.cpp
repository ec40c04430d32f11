#include "tls/byte_pipe.h"

#include <algorithm>
#include <new>

namespace louver::tls {

/// What the library calls. 1 is success, 0 failure; the retry flag tells "nothing there yet" from "never again".
struct BytePipe::Callbacks {
  static BytePipe& pipe_of(BIO* bio) { return *static_cast<BytePipe*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, std::size_t size, std::size_t* got) {
    BytePipe& pipe = pipe_of(bio);
    BIO_clear_retry_flags(bio);
    *got = 0;
    if (pipe.stopped_ || pipe.overdrawn_) return 0;
    if (pipe.input_.empty()) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::size_t count = std::min(size, pipe.input_.size());
    if (pipe.is_limited_) {
      count = std::min(count, pipe.allowance_);
      pipe.allowance_ -= count;
      pipe.overdrawn_ = count == 0;
    }
    std::ranges::copy(pipe.input_.first(count), reinterpret_cast<std::byte*>(out));
    pipe.input_ = pipe.input_.subspan(count);
    *got = count;
    return count == 0 ? 0 : 1;
  }

  static int write(BIO* bio, const char* data, std::size_t size, std::size_t* put) {
    BIO_clear_retry_flags(bio);
    *put = 0;
    try {  // frames of a C library lie above
      append(pipe_of(bio).output_, std::string_view{data, size});
    } catch (const std::bad_alloc&) {
      return 0;
    }
    *put = size;
    return 1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BioMethodHandle make_method() {
    BioMethodHandle method{BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "louver byte pipe")};
    if (method && BIO_meth_set_read_ex(method.get(), read) == 1 && BIO_meth_set_write_ex(method.get(), write) == 1 &&
        BIO_meth_set_ctrl(method.get(), control) == 1) {
      return method;
    }
    return nullptr;
  }
};

BioHandle BytePipe::make_bio() {
  static const BioMethodHandle method = Callbacks::make_method();
  BioHandle bio{method ? BIO_new(method.get()) : nullptr};
  if (bio) {
    BIO_set_data(bio.get(), this);
    BIO_set_init(bio.get(), 1);
  }
  return bio;
}

}  // namespace louver::tls

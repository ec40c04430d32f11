#include <zstd.h>

#include <array>

#include "filter/coding/decoder.h"

namespace louver::filter::coding {
namespace {

constexpr int window_log_most = 23;  // 8 MiB: what RFC 9659 allows in HTTP

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(std::unique_ptr<ZSTD_DCtx, FreeContext> context) : context_(std::move(context)) {}

  Result<> decode(Bytes piece, ByteSink& out) override {
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    bool more = !piece.empty();
    while (more) {
      std::array<std::byte, decoded_step> room;
      ZSTD_outBuffer made{room.data(), room.size(), 0};
      // Frames that follow each other are one content (RFC 8878 §3); one that wants a dictionary is an error.
      const std::size_t code = ZSTD_decompressStream(context_.get(), &made, &in);
      if (ZSTD_isError(code) != 0)
        return does_not_decode(Coding::zstd, "is damaged, or wants a dictionary or window that is not to be had");
      begun_ = true;
      whole_ = code == 0;
      if (made.pos > 0) LOUVER_TRY(out.take(Bytes{room}.first(made.pos)));
      more = in.pos < in.size || (!whole_ && made.pos == made.size);
    }
    return {};
  }

  Result<> end() override {
    if (begun_ && !whole_) return does_not_decode(Coding::zstd, "is cut off");
    return {};
  }

 private:
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  bool begun_ = false;
  bool whole_ = false;  // the last frame is at its end
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_zstd_decoder() {
  std::unique_ptr<ZSTD_DCtx, FreeContext> context{ZSTD_createDCtx()};
  if (context == nullptr ||
      ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log_most)) != 0) {
    return Error{Fault::filter_failed, "no memory to undo a content coding"};
  }
  return std::unique_ptr<Decoder>{std::make_unique<ZstdDecoder>(std::move(context))};
}

}  // namespace louver::filter::coding

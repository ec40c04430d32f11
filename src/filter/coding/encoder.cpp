#include "filter/coding/encoder.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <array>

namespace louver::filter::coding {
namespace {

// Fast ones: a middlebox compresses while the client waits.
constexpr int gzip_level = 5;
constexpr std::uint32_t brotli_quality = 4;
constexpr std::uint32_t brotli_window_log = 18;

constexpr std::size_t encoded_step = 16 * 1024;

Error no_memory() { return {Fault::filter_failed, "no memory to apply a content coding"}; }

class GzipEncoder final : public Encoder {
 public:
  ~GzipEncoder() override {
    if (ready_) deflateEnd(&stream_);
  }
  Result<> prepare() {
    ready_ = deflateInit2(&stream_, gzip_level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    return ready_ ? Result<>{} : no_memory();
  }

  Result<> encode(Bytes piece, Then then, ByteSink& out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
    const int flush = then == Then::finish ? Z_FINISH : then == Then::flush ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    std::array<std::byte, encoded_step> room;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(room.data());
      stream_.avail_out = static_cast<uInt>(room.size());
      const int code = deflate(&stream_, flush);
      if (code == Z_STREAM_ERROR) return Error{Fault::filter_failed, "gzip"};
      const std::size_t made = room.size() - stream_.avail_out;
      if (made > 0) LOUVER_TRY(out.take(Bytes{room}.first(made)));
    } while (stream_.avail_out == 0);
    return {};
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

struct FreeEncoder {
  void operator()(BrotliEncoderState* state) const { BrotliEncoderDestroyInstance(state); }
};

class BrotliEncoder final : public Encoder {
 public:
  explicit BrotliEncoder(std::unique_ptr<BrotliEncoderState, FreeEncoder> state) : state_(std::move(state)) {}

  Result<> encode(Bytes piece, Then then, ByteSink& out) override {
    const BrotliEncoderOperation operation = then == Then::finish  ? BROTLI_OPERATION_FINISH
                                             : then == Then::flush ? BROTLI_OPERATION_FLUSH
                                                                   : BROTLI_OPERATION_PROCESS;
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(piece.data());
    std::size_t available_in = piece.size();
    std::array<std::byte, encoded_step> room;
    do {
      auto* next_out = reinterpret_cast<std::uint8_t*>(room.data());
      std::size_t available_out = room.size();
      if (BrotliEncoderCompressStream(state_.get(), operation, &available_in, &next_in, &available_out, &next_out,
                                      nullptr) == BROTLI_FALSE) {
        return Error{Fault::filter_failed, "br"};
      }
      if (available_out < room.size()) LOUVER_TRY(out.take(Bytes{room}.first(room.size() - available_out)));
    } while (available_in > 0 || BrotliEncoderHasMoreOutput(state_.get()) == BROTLI_TRUE);
    return {};
  }

 private:
  std::unique_ptr<BrotliEncoderState, FreeEncoder> state_;
};

Result<std::unique_ptr<Encoder>> make_gzip_encoder() {
  auto made = std::make_unique<GzipEncoder>();
  LOUVER_TRY(made->prepare());
  return std::unique_ptr<Encoder>{std::move(made)};
}

Result<std::unique_ptr<Encoder>> make_brotli_encoder() {
  std::unique_ptr<BrotliEncoderState, FreeEncoder> state{BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)};
  if (state == nullptr) return no_memory();
  BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_QUALITY, brotli_quality);
  BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_LGWIN, brotli_window_log);
  return std::unique_ptr<Encoder>{std::make_unique<BrotliEncoder>(std::move(state))};
}

}  // namespace

Result<std::unique_ptr<Encoder>> make_encoder(Coding coding) {
  if (coding == Coding::gzip) return make_gzip_encoder();
  if (coding == Coding::br) return make_brotli_encoder();
  return Error{Fault::filter_failed, "the content coding " + std::string{name_of(coding)} + " is not applied here"};
}

}  // namespace louver::filter::coding

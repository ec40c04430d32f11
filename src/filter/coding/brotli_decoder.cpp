#include <brotli/decode.h>

#include <array>

#include "filter/coding/decoder.h"

namespace louver::filter::coding {
namespace {

struct FreeDecoder {
  void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
};

/// Windows above 16 MiB are an extension that is not in RFC 7932: the library refuses them unless asked to.
class BrotliDecoder final : public Decoder {
 public:
  explicit BrotliDecoder(std::unique_ptr<BrotliDecoderState, FreeDecoder> state) : state_(std::move(state)) {}

  Result<> decode(Bytes piece, ByteSink& out) override {
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(piece.data());
    std::size_t available_in = piece.size();
    bool more = !piece.empty();
    while (more) {
      if (whole_) return does_not_decode(Coding::br, "has octets behind its end");
      std::array<std::byte, decoded_step> room;
      auto* next_out = reinterpret_cast<std::uint8_t*>(room.data());
      std::size_t available_out = room.size();
      const BrotliDecoderResult code =
          BrotliDecoderDecompressStream(state_.get(), &available_in, &next_in, &available_out, &next_out, nullptr);
      if (code == BROTLI_DECODER_RESULT_ERROR) return does_not_decode(Coding::br, "is damaged");
      begun_ = true;
      whole_ = code == BROTLI_DECODER_RESULT_SUCCESS;
      if (available_out < room.size()) LOUVER_TRY(out.take(Bytes{room}.first(room.size() - available_out)));
      more = code == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT || (whole_ && available_in > 0);
    }
    return {};
  }

  Result<> end() override {
    if (begun_ && !whole_) return does_not_decode(Coding::br, "is cut off");
    return {};
  }

 private:
  std::unique_ptr<BrotliDecoderState, FreeDecoder> state_;
  bool begun_ = false;
  bool whole_ = false;
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_brotli_decoder() {
  std::unique_ptr<BrotliDecoderState, FreeDecoder> state{BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)};
  if (state == nullptr) return Error{Fault::filter_failed, "no memory to undo a content coding"};
  return std::unique_ptr<Decoder>{std::make_unique<BrotliDecoder>(std::move(state))};
}

}  // namespace louver::filter::coding

#include "filter/coding/decoding.h"

namespace louver::filter::coding {

/// From one decoder to the next, with the bounds between.
class Decoding::Step final : public ByteSink {
 public:
  Step(Decoding& decoding, std::size_t place, ByteSink& out) : decoding_(decoding), place_(place), out_(out) {}
  Result<> take(Bytes bytes) override {
    std::uint64_t& made = decoding_.layers_[place_].made;
    made += bytes.size();
    const Bounds& bounds = decoding_.bounds_;
    if (made > bounds.octets_most)
      return Error{Fault::blocked_by_policy,
                   "it decodes to more than " + std::to_string(bounds.octets_most) + " octets"};
    if (made > ratio_free && made / bounds.ratio_most >= decoding_.taken_) {
      return Error{Fault::blocked_by_policy,
                   "it decodes to more than " + std::to_string(bounds.ratio_most) + " times its size"};
    }
    return decoding_.decode_from(place_ + 1, bytes, out_);
  }

 private:
  Decoding& decoding_;
  std::size_t place_;
  ByteSink& out_;
};

Result<std::unique_ptr<Decoding>> Decoding::make(std::span<const Coding> codings, const Bounds& bounds) {
  std::unique_ptr<Decoding> made{new Decoding{bounds}};
  for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding) {
    LOUVER_ASSIGN(std::unique_ptr<Decoder> decoder, make_decoder(*coding));
    made->layers_.push_back({std::move(decoder)});
  }
  return made;
}

Result<> Decoding::decode(Bytes piece, ByteSink& out) {
  taken_ += piece.size();
  return decode_from(0, piece, out);
}

Result<> Decoding::decode_from(std::size_t place, Bytes piece, ByteSink& out) {
  if (place == layers_.size()) return out.take(piece);
  Step step{*this, place, out};
  return layers_[place].decoder->decode(piece, step);
}

Result<> Decoding::end() {
  for (Layer& layer : layers_) LOUVER_TRY(layer.decoder->end());
  return {};
}

}  // namespace louver::filter::coding

#pragma once

#include "filter/coding/decoder.h"

namespace louver::filter::coding {

/// What keeps a small message from becoming a huge one.
struct Bounds {
  std::uint64_t octets_most = std::uint64_t{1} << 30;  // of what comes out of each coding, for one message
  std::uint32_t ratio_most = 200;                      // octets that come out for each that went in, above ratio_free
};
/// So much may come out whatever went in: small answers of many equal lines compress well.
inline constexpr std::uint64_t ratio_free = 1024 * 1024;

/// All codings of one message, undone as it comes, within bounds.
class Decoding final : public Decoder {
 public:
  /// @param codings  in the order in which they were applied, one at least
  /// @fault filter_failed
  static Result<std::unique_ptr<Decoding>> make(std::span<const Coding> codings, const Bounds& bounds);

  /// @fault blocked_by_policy  also beyond the bounds, found within decoded_step octets
  Result<> decode(Bytes piece, ByteSink& out) override;
  Result<> end() override;

 private:
  class Step;
  explicit Decoding(const Bounds& bounds) : bounds_(bounds) {}
  Result<> decode_from(std::size_t place, Bytes piece, ByteSink& out);

  struct Layer {
    std::unique_ptr<Decoder> decoder;
    std::uint64_t made = 0;  // octets that came out of it
  };
  Bounds bounds_;
  std::vector<Layer> layers_;  // the last applied first
  std::uint64_t taken_ = 0;    // octets of the message as it lies in the session
};

}  // namespace louver::filter::coding

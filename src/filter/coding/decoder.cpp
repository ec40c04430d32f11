#include "filter/coding/decoder.h"

namespace louver::filter::coding {

Result<std::unique_ptr<Decoder>> make_decoder(Coding coding) {
  switch (coding) {
    case Coding::gzip:
    case Coding::deflate:
      return make_zlib_decoder(coding);
    case Coding::br:
      return make_brotli_decoder();
    case Coding::zstd:
      return make_zstd_decoder();
  }
  return Fault::internal_error;
}

Error does_not_decode(Coding coding, std::string_view what) {
  return {Fault::blocked_by_policy, "its content coding " + std::string{name_of(coding)} + " " + std::string{what}};
}

}  // namespace louver::filter::coding

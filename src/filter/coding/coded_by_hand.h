#pragma once

// For tests only: contents in the codings, and in ones that nobody should take.

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

namespace louver::filter::coding::by_hand {

inline std::string zlib_coded(std::string_view text, int level, int window_bits, std::string_view dictionary = {}) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  if (!dictionary.empty())
    deflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(dictionary.data()),
                         static_cast<uInt>(dictionary.size()));
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (::deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
inline std::string gzip(std::string_view text, int level = 6) { return zlib_coded(text, level, 15 + 16); }
inline std::string deflate(std::string_view text) { return zlib_coded(text, 6, 15); }
inline std::string raw_deflate(std::string_view text) { return zlib_coded(text, 6, -15); }
inline std::string deflate_with_dictionary(std::string_view text, std::string_view dictionary) {
  return zlib_coded(text, 6, 15, dictionary);
}

inline std::string brotli_coded(std::string_view text, int quality, bool large, std::uint32_t window) {
  BrotliEncoderState* state = BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
  BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(quality));
  if (large) BrotliEncoderSetParameter(state, BROTLI_PARAM_LARGE_WINDOW, 1);
  BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, window);
  std::string out(BrotliEncoderMaxCompressedSize(text.size()) + 64, '\0');
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(text.data());
  auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
  std::size_t in = text.size();
  std::size_t room = out.size();
  while (BrotliEncoderIsFinished(state) == BROTLI_FALSE) {
    if (BrotliEncoderCompressStream(state, BROTLI_OPERATION_FINISH, &in, &next_in, &room, &next_out, nullptr) ==
        BROTLI_FALSE)
      std::abort();
  }
  out.resize(out.size() - room);
  BrotliEncoderDestroyInstance(state);
  return out;
}
inline std::string br(std::string_view text, int quality = 5) { return brotli_coded(text, quality, false, 22); }
inline std::string br_with_large_window(std::string_view text, std::uint32_t window) {
  return brotli_coded(text, 5, true, window);
}

inline std::string zstd(std::string_view text, int level = 3) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), level);
  if (ZSTD_isError(size) != 0) std::abort();
  out.resize(size);
  return out;
}
/// A frame whose header says that it needs dictionary 7 (RFC 8878 §3.1.1.1.3), then one raw block.
inline std::string zstd_with_dictionary(std::string_view text) {
  std::string out{"\x28\xb5\x2f\xfd"};
  out += '\x21';  // single segment, dictionary id of one octet
  out += '\x07';
  out += static_cast<char>(text.size());
  const auto block = static_cast<unsigned>(text.size() << 3 | 1U);
  for (const unsigned shift : {0U, 8U, 16U}) out += static_cast<char>(block >> shift & 0xffU);
  return out.append(text);
}
/// A frame that wants a window of 2^log octets, then one raw block.
inline std::string zstd_with_window(std::string_view text, unsigned log) {
  std::string out{"\x28\xb5\x2f\xfd"};
  out += '\0';
  out += static_cast<char>((log - 10) << 3);
  const auto block = static_cast<unsigned>(text.size() << 3 | 1U);
  for (const unsigned shift : {0U, 8U, 16U}) out += static_cast<char>(block >> shift & 0xffU);
  return out.append(text);
}

}  // namespace louver::filter::coding::by_hand

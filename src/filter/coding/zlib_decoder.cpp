#include <zlib.h>

#include <array>

#include "filter/coding/decoder.h"

namespace louver::filter::coding {
namespace {

class ZlibDecoder final : public Decoder {
 public:
  explicit ZlibDecoder(Coding coding) : coding_(coding) {}
  ~ZlibDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }

  Result<> prepare() {
    // 32 KiB window; 16 more stands for "a gzip header and no other"
    ready_ = inflateInit2(&stream_, coding_ == Coding::gzip ? 15 + 16 : 15) == Z_OK;
    return ready_ ? Result<>{} : Error{Fault::filter_failed, "no memory to undo a content coding"};
  }

  Result<> decode(Bytes piece, ByteSink& out) override {
    // zlib reads through a pointer that is not const
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());  // a piece is a record or decoded_step at most
    bool more = !piece.empty();
    while (more) {
      if (whole_) LOUVER_TRY(begin_another());
      std::array<std::byte, decoded_step> room;
      stream_.next_out = reinterpret_cast<Bytef*>(room.data());
      stream_.avail_out = static_cast<uInt>(room.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code == Z_NEED_DICT) return does_not_decode(coding_, "wants a dictionary");
      if (code == Z_MEM_ERROR) return Error{Fault::filter_failed, "no memory to undo a content coding"};
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return does_not_decode(coding_, "is damaged");
      if (code == Z_BUF_ERROR) return {};  // it has said all that the piece makes known
      const std::size_t made = room.size() - stream_.avail_out;
      whole_ = code == Z_STREAM_END;
      begun_ = true;
      if (made > 0) LOUVER_TRY(out.take(Bytes{room}.first(made)));
      more = whole_ ? stream_.avail_in > 0 : stream_.avail_in > 0 || stream_.avail_out == 0;
    }
    return {};
  }

  Result<> end() override {
    if (begun_ && !whole_) return does_not_decode(coding_, "is cut off");
    return {};
  }

 private:
  /// gzip members follow each other (RFC 1952 §2.2); nothing follows a zlib stream.
  Result<> begin_another() {
    if (coding_ != Coding::gzip) return does_not_decode(coding_, "has octets behind its end");
    whole_ = false;
    return inflateReset(&stream_) == Z_OK ? Result<>{} : Error{Fault::filter_failed, "inflateReset"};
  }

  Coding coding_;
  z_stream stream_{};
  bool ready_ = false;
  bool begun_ = false;  // an octet came
  bool whole_ = false;  // the stream, or the last member, is at its end
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_zlib_decoder(Coding gzip_or_deflate) {
  auto made = std::make_unique<ZlibDecoder>(gzip_or_deflate);
  LOUVER_TRY(made->prepare());
  return std::unique_ptr<Decoder>{std::move(made)};
}

}  // namespace louver::filter::coding

#include "profile/http1/body_writer.h"

#include <array>
#include <charconv>

#include "profile/http1/trailers.h"

namespace louver::profile::http1 {
namespace {

void write_chunk(Bytes content, OutputBuffer& out) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), content.size(), 16).ptr;
  out.append(std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())});
  out.append("\r\n");
  out.append(content);
  out.append("\r\n");
}

}  // namespace

Result<> BodyWriter::write(Bytes content, OutputBuffer& out) {
  if (content.empty()) return {};
  switch (framing_.kind) {
    case Framing::Kind::none:
      return Error{Fault::bad_value, std::string{context_} + ": octets where the head leaves no room for any"};
    case Framing::Kind::length:
      if (content.size() > left_)
        return Error{Fault::bad_value, std::string{context_} + ": longer than content-length"};
      left_ -= content.size();
      out.append(content);
      return {};
    case Framing::Kind::chunked:
      write_chunk(content, out);  // never empty: that would be the last one
      return {};
    case Framing::Kind::until_close:
      out.append(content);
      return {};
  }
  return Fault::internal_error;
}

Result<> BodyWriter::finish(OutputBuffer& out, const Fields& trailers) {
  if (framing_.kind == Framing::Kind::length && left_ > 0) {
    return Error{Fault::bad_value, std::string{context_} + ": shorter than content-length"};
  }
  if (takes_trailers()) out.append("0\r\n" + write_trailers(trailers) + "\r\n");
  return {};
}

}  // namespace louver::profile::http1

#include "filter/io/icap/chunks.h"

#include <charconv>
#include <limits>

#include "filter/io/icap/head.h"

namespace louver::filter::icap {
namespace {

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t out = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  // Far below where sums of two could overflow.
  if (error != std::errc{} || rest != text.data() + text.size() || out > std::numeric_limits<std::int64_t>::max() / 2)
    return std::nullopt;
  return out;
}

}  // namespace

void append_chunk(Buffer& to, Bytes octets) {
  if (octets.empty()) return;
  char size[16];
  const auto [end, error] = std::to_chars(size, size + sizeof size, octets.size(), 16);
  static_cast<void>(error);  // there is room for any size
  append(to, std::string_view{size, static_cast<std::size_t>(end - size)});
  append(to, "\r\n");
  append(to, octets);
  append(to, "\r\n");
}

Result<ChunkReader::Step> ChunkReader::step(Bytes in) {
  switch (state_) {
    case State::size: {
      const std::string_view text = as_text(in.first(std::min(in.size(), chunk_line_most)));
      const std::size_t end = text.find("\r\n");
      if (end == std::string_view::npos) {
        if (in.size() >= chunk_line_most) return Error{Fault::limit_exceeded, "the line of a chunk's size is too long"};
        return Step{};
      }
      LOUVER_TRY(read_size_line(text.substr(0, end)));
      state_ = left_ == 0 ? State::end : State::content;
      return Step{end + 2, {}};
    }
    case State::content: {
      const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), left_));
      left_ -= some;
      if (left_ == 0) state_ = State::end_of_chunk;
      return Step{some, in.first(some)};
    }
    case State::end_of_chunk:
    case State::end: {
      if (in.size() < 2) return Step{};
      if (as_text(in.first(2)) != "\r\n")
        return wrong(state_ == State::end ? "the body has trailers" : "a chunk is longer than its size says");
      state_ = state_ == State::end ? State::done : State::size;
      return Step{2, {}};
    }
    case State::done:
      break;
  }
  return Step{};
}

Result<> ChunkReader::read_size_line(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  const auto size = number(line.substr(0, semicolon), 16);
  if (!size) return wrong("the size of a chunk is none");
  left_ = *size;
  return semicolon == std::string_view::npos ? Result<>{} : read_extension(line.substr(semicolon + 1));
}

Result<> ChunkReader::read_extension(std::string_view extension) {
  constexpr std::string_view name = "use-original-body=";
  while (extension.starts_with(' ')) extension.remove_prefix(1);
  if (left_ != 0 || !extension.starts_with(name)) return wrong("a chunk has an extension that nobody knows");
  original_from_ = number(extension.substr(name.size()), 10);
  if (!original_from_) return wrong("the offset of use-original-body is none");
  return {};
}

}  // namespace louver::filter::icap

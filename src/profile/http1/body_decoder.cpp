#include "profile/http1/body_decoder.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

constexpr std::size_t most_size_digits = 16;
constexpr std::uint64_t most_chunk_bytes = std::numeric_limits<std::int64_t>::max();

/// Length of the quoted string at the front of `text`, or 0.
std::size_t quoted_string_length(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

std::size_t token_length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_token_char) - text.begin());
}

/// *( ";" token [ "=" ( token / quoted-string ) ] ), no blanks
bool are_chunk_extensions(std::string_view text) {
  while (!text.empty()) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    const std::size_t name = token_length(text);
    if (name == 0) return false;
    text.remove_prefix(name);
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    const std::size_t value = text.starts_with('"') ? quoted_string_length(text) : token_length(text);
    if (value == 0) return false;
    text.remove_prefix(value);
  }
  return true;
}

std::optional<std::uint64_t> parse_chunk_size(std::string_view digits) {
  if (digits.empty() || digits.size() > most_size_digits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) value = value * 16 + static_cast<std::uint64_t>(hex_value(c));
  if (value > most_chunk_bytes) return std::nullopt;
  return value;
}

}  // namespace

BodyDecoder::BodyDecoder(Framing framing, const Limits& limits, TrailerUse trailers)
    : limits_(limits),
      state_(State::done),
      trailer_use_(trailers),
      trailer_scanner_(HeadScanner::Kind::trailer, limits) {
  switch (framing.kind) {
    case Framing::Kind::none:
      break;
    case Framing::Kind::length:
      left_ = framing.length;
      if (left_ > 0) state_ = State::counted;
      break;
    case Framing::Kind::chunked:
      state_ = State::chunk_line;
      break;
    case Framing::Kind::until_close:
      state_ = State::until_close;
      break;
  }
}

BodyDecoder::Step BodyDecoder::step(Bytes input) {
  if (refusal_) return {};
  switch (state_) {
    case State::counted:
    case State::chunk_data:
      return take_counted(input);
    case State::chunk_line:
      return take_line(input);
    case State::chunk_end:
      return take_chunk_end(input);
    case State::trailers:
      return take_trailers(input);
    case State::until_close:
      return {input.size(), input};
    case State::done:
      break;
  }
  return {};
}

BodyDecoder::Step BodyDecoder::take_counted(Bytes input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  left_ -= size;
  if (left_ == 0) state_ = state_ == State::counted ? State::done : State::chunk_end;
  return {size, input.first(size)};
}

BodyDecoder::Step BodyDecoder::take_line(Bytes input) {
  Step step;
  for (const char octet : as_text(input)) {
    ++step.consumed;
    const bool after_cr = line_.ends_with('\r');
    if (after_cr ? octet != '\n' : octet != '\r' && !is_text_char(octet)) {
      refusal_ = Refusal{400, "a line of the chunked coding that does not end in CR LF, or holds a control character"};
      return step;
    }
    if (after_cr) {
      line_.pop_back();
      refusal_ = read_chunk_line(line_);
      line_.clear();
      return step;
    }
    line_ += octet;
    if (line_.size() > limits_.chunk_line_bytes) {
      refusal_ = Refusal{400, "a chunk's extensions are too long"};
      return step;
    }
  }
  return step;
}

Verdict BodyDecoder::read_chunk_line(std::string_view line) {
  const std::string_view digits = line.substr(
      0, static_cast<std::size_t>(std::ranges::find_if(line, [](char c) { return hex_value(c) < 0; }) - line.begin()));
  const auto size = parse_chunk_size(digits);
  if (!size) return Refusal{400, "a chunk size that is no hexadecimal number below 2^63"};
  const std::string_view extensions = line.substr(digits.size());
  if (!are_chunk_extensions(extensions)) return Refusal{400, "something behind a chunk size that is no extension"};
  extension_bytes_ += extensions.size();
  if (extension_bytes_ > limits_.extension_bytes) return Refusal{400, "too many chunk extensions"};
  left_ = *size;
  state_ = left_ == 0 ? State::trailers : State::chunk_data;
  return {};
}

BodyDecoder::Step BodyDecoder::take_chunk_end(Bytes input) {
  constexpr std::string_view expected = "\r\n";
  const char octet = as_text(input).front();
  if (octet != expected[line_.size()]) {
    refusal_ = Refusal{400, "a chunk that is not as long as its size says"};
    return {};
  }
  line_ += octet;
  if (line_ == expected) {
    line_.clear();
    state_ = State::chunk_line;
  }
  return {1, {}};
}

BodyDecoder::Step BodyDecoder::take_trailers(Bytes input) {
  // no octet behind the last line may be taken, so line by line
  const std::size_t end = as_text(input).find('\n');
  const std::size_t size = end == std::string_view::npos ? input.size() : end + 1;
  append(trailer_block_, input.first(size));
  switch (trailer_scanner_.scan(trailer_block_)) {
    case HeadScanner::State::more:
      break;
    case HeadScanner::State::refused:
      refusal_ = trailer_scanner_.refusal();
      break;
    case HeadScanner::State::complete:
      refusal_ = accept_trailers(as_text(trailer_block_), trailer_use_, trailers_);
      if (!refusal_) state_ = State::done;
      break;
  }
  return {size, {}};
}

}  // namespace louver::profile::http1

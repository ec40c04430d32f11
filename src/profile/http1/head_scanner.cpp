#include "profile/http1/head_scanner.h"

#include <algorithm>

#include "profile/http1/grammar.h"

namespace louver::profile::http1 {
namespace {

constexpr std::string_view version_1_0 = "HTTP/1.0";
constexpr std::string_view version_1_1 = "HTTP/1.1";

/// Nothing for the two versions that are spoken here.
Verdict check_version(std::string_view text) {
  if (text == version_1_1 || text == version_1_0) return {};
  const bool well_formed = text.size() == version_1_1.size() && text.starts_with("HTTP/") && is_digit(text[5]) &&
                           text[6] == '.' && is_digit(text[7]);
  if (well_formed) return Refusal{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  return Refusal{400, "the first line does not hold an HTTP version in its place"};
}

}  // namespace

HeadScanner::State HeadScanner::scan(Bytes input) {
  if (refusal_) return State::refused;
  const std::string_view text = as_text(input);
  while (at_ < text.size()) {
    pass_text(text);
    if ((refusal_ = check_size())) return State::refused;
    if (at_ == text.size()) break;
    const char octet = text[at_];
    if ((refusal_ = check_octet(octet))) return State::refused;
    previous_ = octet;
    ++at_;
    if ((refusal_ = check_size())) return State::refused;
    if (octet != '\n') continue;
    const std::string_view line = text.substr(line_start_, at_ - line_start_ - 2);
    if (line.empty() && !in_start_line()) return State::complete;
    if ((refusal_ = check_line(line))) return State::refused;
    line_start_ = at_;
    ++lines_;
  }
  return State::more;
}

/// Passes what can neither end a line nor be refused but for its length: of that, one octet more than may be.
void HeadScanner::pass_text(std::string_view text) {
  if (previous_ == '\r') return;
  const std::string_view ahead = text.substr(at_, most_octets() + 1 - at_);
  const auto end = std::ranges::find_if_not(ahead, is_text_char);
  if (end == ahead.begin()) return;
  previous_ = *std::prev(end);
  at_ += static_cast<std::size_t>(end - ahead.begin());
}

/// What the block may have, as far as the line goes that has begun.
std::size_t HeadScanner::most_octets() const {
  if (kind_ == Kind::trailer) return limits_.trailer_bytes;
  if (kind_ == Kind::response || !in_start_line()) return limits_.head_bytes;
  // method, target and version with what stands between them and behind
  const std::size_t longest_request_line = limits_.method_bytes + 1 + limits_.target_bytes + 1 + version_1_1.size() + 2;
  return std::min(limits_.head_bytes, longest_request_line);
}

Verdict HeadScanner::check_octet(char octet) const {
  if (octet == '\n') {
    if (previous_ == '\r') return {};
    return Refusal{400, "a line of the head ends in a bare LF"};
  }
  if (previous_ == '\r') return Refusal{400, "a bare CR in the head"};
  if (octet == '\r' || is_text_char(octet)) return {};
  return Refusal{400, "a control character in the head"};
}

Verdict HeadScanner::check_size() const {
  if (at_ <= most_octets()) return {};
  if (kind_ == Kind::trailer) return Refusal{431, "the trailer fields are too long"};
  if (at_ > limits_.head_bytes) return Refusal{431, "the head is too long"};
  return Refusal{414, "the request target is too long"};
}

Verdict HeadScanner::check_line(std::string_view line) {
  return in_start_line() ? check_start_line(line) : check_field_line(line);
}

Verdict HeadScanner::check_start_line(std::string_view line) const {
  if (kind_ == Kind::response) return check_version(line.substr(0, line.find(' ')));
  const std::size_t last_space = line.rfind(' ');
  if (last_space == std::string_view::npos) return Refusal{400, "the request line has no HTTP version"};
  return check_version(line.substr(last_space + 1));
}

Verdict HeadScanner::check_field_line(std::string_view line) {
  if (is_blank(line.front())) return Refusal{400, "a folded or indented line in the head"};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Refusal{400, "a line of the head without a colon"};
  if (!is_token(line.substr(0, colon))) return Refusal{400, "a field name that is none, or a blank before its colon"};
  if (++fields_ > limits_.fields) return Refusal{431, "too many header fields"};
  return {};
}

}  // namespace louver::profile::http1

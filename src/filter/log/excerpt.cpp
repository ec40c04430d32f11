#include "filter/log/excerpt.h"

namespace louver::filter::log {
namespace {

std::string shown(std::byte octet) {
  const char c = static_cast<char>(octet);
  switch (c) {
    case '\\':
      return "\\\\";
    case '\r':
      return "\\r";
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (c >= 0x20 && c <= 0x7e) return std::string(1, c);
  return "\\x" + to_hex({&octet, 1});
}

}  // namespace

void Excerpt::add(Bytes bytes) {
  for (const std::byte octet : bytes) {
    if (full_) return;
    const std::string next = shown(octet);
    full_ = text_.size() + next.size() > most_;
    if (!full_) text_ += next;
  }
}

}  // namespace louver::filter::log

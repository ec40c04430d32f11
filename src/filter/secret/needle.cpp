#include "filter/secret/needle.h"

namespace louver::filter::secret {

Needle::Needle(tls::SecretBytes text) : text_(std::move(text)), borders_(text_.size() + 1) {
  for (std::size_t i = 1, length = 0; i < text_.size(); ++i) {
    while (length > 0 && text_[i] != text_[length]) length = borders_[length];
    if (text_[i] == text_[length]) ++length;
    borders_[i + 1] = static_cast<std::uint32_t>(length);
  }
}

bool Progress::take(Symbol next) {
  while (length() > 0 && (length() == needle_->size() || needle_->at(length()) != next.octet))
    keep(needle_->border(length()));
  if (needle_->at(length()) == next.octet) starts_.push_back(next.at);
  return length() == needle_->size();
}

void Progress::keep(std::size_t length) {
  starts_.erase(starts_.begin(), starts_.end() - static_cast<std::ptrdiff_t>(length));
}

}  // namespace louver::filter::secret

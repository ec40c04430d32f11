#include "filter/io/icap/inquiry.h"

namespace louver::filter::icap {

Inquiry::Inquiry(Message message, std::size_t& held) : message_(std::move(message)), held_(held) { charge(); }

void Inquiry::add(Bytes octets, bool end) {
  append(body_, octets);
  came_.add(octets);
  octets_ += octets.size();
  ended_ = end;
  charge();
}

void Inquiry::trim() {
  if (message_.may_change || sent_ == 0) return;
  body_.erase(body_.begin(), body_.begin() + static_cast<std::ptrdiff_t>(sent_));
  sent_ = 0;
  whole_ = false;
  charge();
}

bool Inquiry::rewind() {
  if (!whole_ || tried_again_) return false;
  tried_again_ = true;
  sent_ = 0;
  return true;
}

void Inquiry::charge() {
  held_ -= charged_;
  charged_ = body_.size() + message_.request_head.size() + message_.response_head.size();
  held_ += charged_;
}

}  // namespace louver::filter::icap

#pragma once

#include <algorithm>

#include "base/bytes.h"

namespace louver::fuzz {

/// What libFuzzer hands over, as our bytes.
inline Bytes input_of(const std::uint8_t* data, std::size_t size) { return std::as_bytes(std::span{data, size}); }

/// Reads an input as a list of orders. Behind its end everything is zero or empty, so that every input is a script.
class Script {
 public:
  explicit Script(Bytes input) : rest_(input) {}

  bool done() const { return rest_.empty(); }
  Bytes rest() const { return rest_; }
  std::uint8_t octet() {
    const Bytes one = take(1);
    return one.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(one[0]);
  }
  std::uint16_t number() {
    const auto high = static_cast<unsigned>(octet()) << 8;
    return static_cast<std::uint16_t>(high | octet());
  }
  /// At most `count` octets: fewer at the end.
  Bytes take(std::size_t count) {
    const Bytes out = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(out.size());
    return out;
  }
  /// A length in two octets, and as many octets behind it.
  Bytes string() { return take(number()); }

 private:
  Bytes rest_;
};

/// Builds such an input: for seeds.
class ScriptWriter {
 public:
  ScriptWriter& octet(unsigned value) {
    out_.push_back(static_cast<std::byte>(value));
    return *this;
  }
  ScriptWriter& string(Bytes bytes) {
    octet(static_cast<unsigned>(bytes.size() >> 8)).octet(static_cast<unsigned>(bytes.size() & 0xff));
    append(out_, bytes);
    return *this;
  }
  ScriptWriter& bytes(Bytes raw) {
    append(out_, raw);
    return *this;
  }
  const Buffer& done() const { return out_; }

 private:
  Buffer out_;
};

}  // namespace louver::fuzz

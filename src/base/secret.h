#pragma once

#include <array>
#include <cstring>

#include "base/bytes.h"

namespace louver {

/// Overwrites, in a way that the compiler may not leave out.
inline void wipe(MutableBytes bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

/// A secret: moved, never copied or printed, wiped when it goes. One Kind for each use, so that none passes for
/// another.
template <class Kind>
class Secret {
 public:
  static constexpr std::size_t capacity =
      48;  // the longest suite hash; inline, so that growth never leaves a copy behind

  Secret() = default;
  /// Takes up to `capacity` bytes; the caller wipes its own copy.
  explicit Secret(Bytes from) : size_(std::min(from.size(), capacity)) {
    std::ranges::copy(from.first(size_), bytes_.begin());
  }
  /// `size` zero bytes to be filled through `fill()`.
  explicit Secret(std::size_t size) : size_(std::min(size, capacity)) {}
  Secret(Secret&& from) noexcept : bytes_(from.bytes_), size_(from.size_) { from.erase(); }
  Secret& operator=(Secret&& from) noexcept {
    if (this != &from) {
      bytes_ = from.bytes_;
      size_ = from.size_;
      from.erase();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { erase(); }

  /// One name, so that a reviewer can list every use.
  Bytes expose() const { return {bytes_.data(), size_}; }
  MutableBytes fill() { return {bytes_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void erase() noexcept {
    wipe(bytes_);
    size_ = 0;
  }

 private:
  std::array<std::byte, capacity> bytes_{};
  std::size_t size_ = 0;
};

/// A buffer that holds key material on its way into or out of a channel; wiped when it goes.
class SecretBuffer {
 public:
  SecretBuffer() = default;
  explicit SecretBuffer(Buffer bytes) : bytes_(std::move(bytes)) {}
  SecretBuffer(SecretBuffer&&) noexcept = default;
  SecretBuffer& operator=(SecretBuffer&& from) noexcept {
    wipe(bytes_);
    bytes_ = std::move(from.bytes_);
    return *this;
  }
  SecretBuffer(const SecretBuffer&) = delete;
  SecretBuffer& operator=(const SecretBuffer&) = delete;
  ~SecretBuffer() { wipe(bytes_); }
  Bytes expose() const { return bytes_; }

 private:
  Buffer bytes_;
};

}  // namespace louver

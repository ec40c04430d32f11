#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "base/secret.h"

namespace louver::tls {

/// Wipes memory before it goes back, so that a vector which grows leaves no copy behind.
template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) {}

  T* allocate(std::size_t count) { return std::allocator<T>{}.allocate(count); }
  void deallocate(T* place, std::size_t count) {
    wipe(std::as_writable_bytes(std::span{place, count}));
    std::allocator<T>{}.deallocate(place, count);
  }
  bool operator==(const WipingAllocator&) const = default;
};

/// Plaintext of a channel (Keys carries secrets) and private key files.
using SecretBytes = std::vector<std::byte, WipingAllocator<std::byte>>;

}  // namespace louver::tls

#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace louver::measure {

/// What stands behind the gateway: takes messages (message.h) and answers each when it has come whole. On a thread of
/// its own, on a free port of 127.0.0.1.
class Origin {
 public:
  /// @fault configuration
  static Result<std::unique_ptr<Origin>> start();
  virtual ~Origin() = default;
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  virtual std::uint16_t port() const = 0;

 protected:
  Origin() = default;
};

}  // namespace louver::measure

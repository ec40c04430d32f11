#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace louver::role::demo {

/// A request as the embedded origin received it, whole or cut off.
struct Received {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
  std::uint64_t octets = 0;                                 // of all that came, framing of the body included
  std::uint64_t head_octets = 0, body_octets = 0;
  std::string body_sha256;
  bool complete = false;

  /// Empty if there is none.
  std::string field(std::string_view name) const;
};

/// A small HTTP/1.1 server on a thread of its own, so that a demonstration needs no other.
///
/// GET /report: a text and a Set-Cookie. GET /large: large_octets octets. Everything else: JSON with the number of
/// octets of the body and its SHA-256.
class Origin {
 public:
  static constexpr std::size_t large_octets = 1024 * 1024;
  static constexpr const char* cookie = "visit=7b1f";
  static constexpr const char* report_text = "Quarterly report: everything is in order.\n";

  /// Listens on a free port of 127.0.0.1.
  /// @fault configuration
  static Result<std::unique_ptr<Origin>> start();
  virtual ~Origin() = default;
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  virtual std::uint16_t port() const = 0;
  /// Requests so far, those that were cut off too, but none that has not ended yet.
  virtual std::vector<Received> received() const = 0;
  /// Returns when everything that had arrived before has been counted.
  virtual void settle() = 0;
  /// Octets of requests that have arrived so far, also of those that never came whole.
  virtual std::uint64_t octets() const = 0;

  /// What GET /large answers.
  static std::string large_body();

 protected:
  Origin() = default;
};

/// SHA-256 in hexadecimal.
std::string sha256_text(std::string_view content);

}  // namespace louver::role::demo

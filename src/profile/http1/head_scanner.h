#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "profile/http1/limits.h"
#include "profile/http1/refusal.h"

namespace louver::profile::http1 {

/// The strict look at the bytes of a head (or trailer) block, before any parser sees them (HT-01).
///
/// Every octet is looked at once. Refused at once, without waiting for the end: a bare CR or LF, NUL and the other
/// controls but HTAB, a folded line, a line without a name, blanks in or behind a name, a size or number beyond the
/// limits. What passes can be cut into lines and names by any parser in one way only.
class HeadScanner {
 public:
  enum class Kind : std::uint8_t { request, response, trailer };
  enum class State : std::uint8_t { more, complete, refused };

  HeadScanner(Kind kind, const Limits& limits) : kind_(kind), limits_(limits) {}

  /// @param input  begins at the block's first octet in every call and has grown since the last one, or not
  State scan(Bytes input);

  /// Octets that were looked at; when complete: those of the block, its empty line included.
  std::size_t size() const { return at_; }
  /// Field lines so far.
  std::size_t fields() const { return fields_; }
  /// Set when refused.
  const Verdict& refusal() const { return refusal_; }

 private:
  void pass_text(std::string_view text);
  std::size_t most_octets() const;
  Verdict check_octet(char octet) const;
  Verdict check_line(std::string_view line);
  Verdict check_start_line(std::string_view line) const;
  Verdict check_field_line(std::string_view line);
  Verdict check_size() const;
  bool in_start_line() const { return kind_ != Kind::trailer && lines_ == 0; }

  Kind kind_;
  Limits limits_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  std::size_t fields_ = 0;
  char previous_ = 0;
  Verdict refusal_;
};

}  // namespace louver::profile::http1

#pragma once

#include <memory>

#include "base/result.h"
#include "filter/secret/needle.h"

namespace louver::filter::secret {

inline constexpr std::size_t credential_bytes_least = 8;
inline constexpr std::size_t credential_bytes_most = 4096;

/// A key as it goes into a request, and the spellings of it that are looked for in answers. Immutable, wiped when it
/// goes, never printed.
class Credential {
 public:
  /// @param text  printable ASCII without blanks; one line end behind it is left out
  /// @fault configuration  the detail holds nothing of it
  static Result<std::shared_ptr<const Credential>> make(Bytes text);
  Bytes expose() const { return text_; }

  const Needle& plain() const { return plain_; }
  /// In base64's standard alphabet, as it stands in a longer text from its 1st, 2nd, 3rd octet of three on: only the
  /// characters that nothing beside it has a part in.
  const std::array<Needle, 3>& base64() const { return base64_; }
  const Needle& hex() const { return hex_; }  // in lower case

 private:
  explicit Credential(tls::SecretBytes text);
  tls::SecretBytes text_;
  Needle plain_;
  std::array<Needle, 3> base64_;
  Needle hex_;
};

/// Where credentials come from. Shared by the sessions of all threads.
class Source {
 public:
  virtual ~Source() = default;
  /// Null: there is none at present.
  virtual std::shared_ptr<const Credential> current() const = 0;
  /// That one, and those before it that an answer may still hold.
  virtual std::vector<std::shared_ptr<const Credential>> lately() const = 0;

 protected:
  Source() = default;
  Source(const Source&) = default;
  Source& operator=(const Source&) = default;
};

/// One that stays as it is.
std::shared_ptr<const Source> always(std::shared_ptr<const Credential> credential);

}  // namespace louver::filter::secret

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace louver::tls {

/// An authority that an agent makes on its machine, for the https that applications of this machine speak with it.
///
/// Its certificate is constrained, critically, to the hosts that it was made for, and to servers. Nobody else has the
/// key. It is no anchor of Louver's, nor for origins: both refuse it by what it says of itself (SECURITY HT-18).
class LocalAuthority {
 public:
  struct Files {
    std::string certificate_pem, key_pem;
  };
  /// A new key and certificate. No two are alike, nor have the same name.
  /// @param hosts  DNS names or IP addresses, at least one
  /// @fault configuration: a host that no certificate can carry; internal_error
  static Result<Files> make(const std::vector<std::string>& hosts, WallTime now);

  /// One that was made before.
  /// @param place  names the files in errors
  /// @fault configuration: malformed, not one of ours, over, or one that does not allow one of `hosts`
  static Result<std::shared_ptr<const LocalAuthority>> open(std::string_view certificate_pem, std::string_view key_pem,
                                                            const std::vector<std::string>& hosts,
                                                            const std::string& place, WallTime now);
  ~LocalAuthority();
  LocalAuthority(const LocalAuthority&) = delete;
  LocalAuthority& operator=(const LocalAuthority&) = delete;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit LocalAuthority(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace louver::tls

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tls/certificate.h"
#include "tls/openssl_handles.h"

/// Certificates of every kind, also such as no authority should issue. For tests only; `louver pki` is src/tls/pki.h.
namespace louver::tls::test {

using namespace std::chrono_literals;

/// The time of every test: nothing here asks a clock.
inline constexpr WallTime now{std::chrono::seconds{1'780'000'000}};  // 2026-05-28

enum class KeyKind : std::uint8_t { p256, p384, ed25519, rsa1024, rsa2048 };

/// Every field of a certificate that a test may want to spoil. The defaults make a good leaf without role and names.
struct Spec {
  std::string common_name = "a leaf";
  std::vector<std::string> dns{}, uris{}, ips{};
  std::vector<std::string> usages{};                    // dotted or the library's short names; empty: no such extension
  std::string key_usage = "critical,digitalSignature";  // empty: no such extension; so for those below
  std::string basic_constraints = "critical,CA:FALSE";
  std::string name_constraints{};
  std::string unknown_critical_oid{};
  std::chrono::seconds begins = -1h, ends = 24h * 30;  // from `now`
  KeyKind key = KeyKind::p256;
  const char* digest = "SHA256";
  bool second_alternative_name = false;  // the extension twice
};

struct Party {
  CertificateHandle certificate;
  KeyHandle key;
  std::string certificate_pem() const;
  std::string key_pem() const;
};

/// `issuer` null: self-signed.
Party make(const Spec& spec, const Party* issuer);
Party make_authority(const std::string& common_name, const Party* issuer = nullptr,
                     std::vector<std::string> usages = {});

/// A leaf that is right in everything, for role and name.
Spec good_leaf(Role role, const std::string& name);

std::shared_ptr<const Identity> identity_of(const Party& leaf, const std::vector<const Party*>& intermediates = {});
std::shared_ptr<const Trust> trust_in(const Party& anchor, RolePatterns roles = {});

}  // namespace louver::tls::test

#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace louver::tls {

/// What a certificate lets its holder be. docs/protocol.md §4 "Certificates"
enum class Role : std::uint8_t { client, middlebox, server };
std::string_view name_of(Role role);

using Digest = std::array<std::byte, 32>;

/// A certificate chain with its private key: who we are. Immutable; share it.
class Identity {
 public:
  /// Reads PEM files. Errors name the file and the remedy; a key file that group or others may read is refused.
  static Result<std::shared_ptr<const Identity>> load(const std::string& certificate_path, const std::string& key_path);
  /// The same from PEM text: for tests and the throw-away PKI of the demo.
  static Result<std::shared_ptr<const Identity>> from_pem(std::string_view certificates, std::string_view key);
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  const Digest& leaf_hash() const;  // SHA-256 of the leaf's DER
  const Digest& key_hash() const;   // SHA-256 of its SubjectPublicKeyInfo
  Bytes leaf_der() const;
  std::vector<Buffer> certificates() const;       // DER, the leaf first, then what is sent with it
  WallTime not_after() const;                     // of the leaf
  const std::vector<std::string>& names() const;  // DNS-IDs and SPIFFE ids of the leaf
  std::optional<Role> role()
      const;  // by the leaf's extended key usage; none where only the peer's anchor says it (a URI)

  struct Impl;  // only for src/tls
  const Impl& impl() const { return *impl_; }
 private:
  explicit Identity(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// How one anchor binds roles: by extended key usage (default), or by a URI SAN pattern for each role.
struct RolePatterns {
  std::string client, middlebox, server;  // e.g. "spiffe://example.org/louver/middlebox/*": '*' stands for one path
                                          // segment, only as the whole last segment
  bool by_uri() const { return !client.empty() || !middlebox.empty() || !server.empty(); }
  bool operator==(const RolePatterns&) const = default;
};

/// An anchor as a chain was led to it: its certificate, and how it bound roles then.
struct Anchor {
  Digest certificate{};  // SHA-256 of its DER
  RolePatterns roles;
  bool operator==(const Anchor&) const = default;
};

/// The anchors that count for Louver; never the system's. Immutable; share it.
class Trust {
 public:
  struct Source {
    std::string path;
    RolePatterns roles;
  };
  static Result<std::shared_ptr<const Trust>> load(const std::vector<Source>& sources);
  static Result<std::shared_ptr<const Trust>> from_pem(std::string_view anchors, const RolePatterns& roles = {});
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;
  /// Whether that anchor still counts, with the same roles.
  bool holds(const Anchor& anchor) const;
  /// The same anchors with the same roles, wherever they were read from.
  bool same_as(const Trust& other) const;
  struct Impl;
  const Impl& impl() const { return *impl_; }
 private:
  explicit Trust(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A peer whose chain, validity, role and name have been checked. Only tls::Channel makes one (docs/protocol.md §4).
class VerifiedPeer {
 public:
  Role role() const { return role_; }
  const std::string& name() const {
    return name_;
  }  // the name that was asked for, or for a client the first name of its leaf
  const Digest& leaf_hash() const { return leaf_hash_; }
  Bytes leaf_der() const { return leaf_der_; }
  const std::vector<Buffer>& issuers_der() const { return issuers_der_; }  // from the leaf's to the anchor
  const Digest& key_hash() const { return key_hash_; }                     // SHA-256 of the SubjectPublicKeyInfo
  WallTime not_after() const { return not_after_; }                        // the earliest of the verified chain
  const Anchor& anchor() const { return anchor_; }                         // that its chain led to

 private:
  friend class PeerVerifier;  // verify.cpp (and its null twin for fuzzing)
  VerifiedPeer() = default;
  Role role_{};
  std::string name_;
  Digest leaf_hash_{};
  Buffer leaf_der_;
  std::vector<Buffer> issuers_der_;
  Digest key_hash_{};
  WallTime not_after_;
  Anchor anchor_;
};

}  // namespace louver::tls

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/local_authority.h"

namespace louver::tls {

/// Ordinary TLS, as the web speaks it, with those who know nothing of Louver: origins behind a gateway, applications
/// before an agent. Versions 1.2 and
/// 1.3, wildcards in names, no roles. Nothing of it serves for Louver's own channels (channel.h), nor the other way
/// round.
struct WebClientOptions {
  std::string name;                  // a DNS name or an IP address: must be among those of the peer's certificate
  std::optional<std::string> trust;  // PEM file with the authorities that count; else the system's
  struct Certificate {
    std::string chain, key;  // PEM files
  };
  std::optional<Certificate> certificate;  // shown if the peer asks for one
  bool http = true;                        // only HTTP/1.1 is spoken there (ALPN); else nothing is said
  std::vector<std::string> louver_trust;   // PEM files with Louver's own anchors: no chain may lead over them
};

/// What all connections with one peer share; wraps an SSL_CTX. Immutable and thread-safe to share.
class WebContext {
 public:
  /// Reads the files.
  /// @fault configuration: with the file and the remedy
  static Result<std::shared_ptr<const WebContext>> for_client(const WebClientOptions& options);
  /// The other end: https for the applications of this machine, HTTP/1.1 only.
  /// @param hosts         DNS names and addresses that are answered; any other server name is refused by an alert
  /// @param without_name  which of them a client means that names none; none of them: such a client is refused
  static Result<std::shared_ptr<const WebContext>> for_server(std::shared_ptr<const LocalAuthority> authority,
                                                              const std::vector<std::string>& hosts,
                                                              const std::string& without_name);
  ~WebContext();
  WebContext(const WebContext&) = delete;
  WebContext& operator=(const WebContext&) = delete;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit WebContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace louver::tls

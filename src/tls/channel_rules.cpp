#include "tls/channel_rules.h"

#include <cstdlib>

namespace louver::tls {
namespace {

constexpr std::string_view end_to_end_alpn = "louver-x/1-e";
constexpr std::string_view client_side_alpn = "louver-x/1-c";
constexpr std::string_view server_side_alpn = "louver-x/1-s";

ChannelRules rules_for(ChannelKind kind, End end) {
  const bool is_client = end == End::tls_client;
  switch (kind) {
    case ChannelKind::end_to_end:
      if (is_client) return {end_to_end_alpn, Role::server, PeerCertificate::required, false, true, false};
      return {end_to_end_alpn, Role::client, PeerCertificate::optional, true, true, true};
    case ChannelKind::client_side:
      if (is_client) return {client_side_alpn, Role::middlebox, PeerCertificate::required, false, false, false};
      return {client_side_alpn, std::nullopt, PeerCertificate::not_asked_for, true, true, false};
    case ChannelKind::server_side:
      if (is_client) return {server_side_alpn, Role::server, PeerCertificate::required, true, true, false};
      return {server_side_alpn, Role::middlebox, PeerCertificate::required, true, true, false};
  }
  std::abort();  // only a value cast from an integer gets here
}

/// Asking for certificates that nothing could check would only give away that we do.
PeerCertificate with_options(PeerCertificate peer, const Trust* trust, const ChannelContext::Options& options) {
  if (peer != PeerCertificate::optional) return peer;
  if (options.require_client_certificate) return PeerCertificate::required;
  return trust != nullptr ? peer : PeerCertificate::not_asked_for;
}

}  // namespace

Result<ChannelRules> rules_for(ChannelKind kind, End end, const Identity* identity, const Trust* trust,
                               const ChannelContext::Options& options) {
  ChannelRules rules = rules_for(kind, end);
  rules.peer_certificate = with_options(rules.peer_certificate, trust, options);
  if (rules.needs_identity && identity == nullptr) {
    return Error{Fault::configuration,
                 "a certificate with its key is needed for this end of a channel; configure both"};
  }
  if (rules.peer_certificate != PeerCertificate::not_asked_for && trust == nullptr) {
    return Error{Fault::configuration, "trust anchors are needed to check this channel's peer; configure at least one"};
  }
  return rules;
}

}  // namespace louver::tls

#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace louver::vectors {

/// What a TLS 1.3 end logs of one connection (RFC 8446 section 7.1), under the names of the customary key log.
struct TlsSecrets {
  Buffer client_handshake, server_handshake;  // CLIENT_, SERVER_HANDSHAKE_TRAFFIC_SECRET
  Buffer client_traffic, server_traffic;      // CLIENT_, SERVER_TRAFFIC_SECRET_0
  Buffer exporter;                            // EXPORTER_SECRET; empty where nothing is exported
};

/// What one end of a connection said.
struct TlsSide {
  Buffer leaf;          // DER of its certificate; empty: it showed none
  Buffer application;   // its application data in a row
  bool closed = false;  // it ended with close_notify
};

struct TlsReading {
  const crypto::Suite* suite = nullptr;
  TlsSide client, server;
};

/// Reads a whole recorded TLS 1.3 connection with its secrets: opens every record and checks both Finished, so that no
/// octet of either stream can differ from what the two ends exchanged. Signatures of CertificateVerify are not checked.
///
/// No HelloRetryRequest, compatibility mode, KeyUpdate, ticket, or PSK: the channels of docs/protocol.md §4 have none
/// in a short life.
/// @param alpn  what the server must have chosen
/// @fault tls_failed with what is wrong in whose stream
Result<TlsReading> read_tls(Bytes from_client, Bytes from_server, const TlsSecrets& secrets, std::string_view alpn);

/// TLS-Exporter(label, context, octets) of RFC 8446 section 7.5, at most 255 octets.
Buffer tls_exporter(const crypto::Suite& suite, Bytes exporter_secret, std::string_view label, Bytes context,
                    std::size_t octets);

}  // namespace louver::vectors

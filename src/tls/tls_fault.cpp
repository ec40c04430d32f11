#include "tls/tls_fault.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/openssl_error.h"

namespace louver::tls {
namespace {

struct Row {
  int reason;
  Fault fault;
  const char* words;
};

/// Reasons of the library's own; every other one is tls_failed in the library's words.
constexpr Row own_reasons[] = {
    {SSL_R_NO_APPLICATION_PROTOCOL, Fault::tls_parameters,
     "the peer does not offer this channel's application protocol (ALPN)"},
    {SSL_R_UNSUPPORTED_PROTOCOL, Fault::tls_parameters, "the peer does not speak TLS 1.3"},
    {SSL_R_WRONG_SSL_VERSION, Fault::tls_parameters, "the peer does not speak TLS 1.3"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, Fault::tls_parameters, "no key exchange group is common to both"},
    {SSL_R_NO_SUITABLE_GROUPS, Fault::tls_parameters, "no key exchange group is common to both"},
    {SSL_R_NO_SHARED_CIPHER, Fault::tls_parameters, "no cipher suite is common to both"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, Fault::certificate_invalid,
     "the peer sent no certificate, and one is required"},
    {SSL_R_BAD_EXTENSION, Fault::tls_parameters,
     "the peer's answer to one of our extensions is wrong: another application protocol (ALPN), perhaps"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, Fault::limit_exceeded, "a message of the peer's handshake is too large"},
    {SSL_R_RECORD_TOO_SMALL, Fault::limit_exceeded, "the peer sent too many empty records in a row"},
};

Fault fault_of_alert(int alert) {
  switch (alert) {
    case SSL_AD_PROTOCOL_VERSION:
    case SSL_AD_INSUFFICIENT_SECURITY:
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return Fault::tls_parameters;
    default:
      return Fault::tls_failed;
  }
}

}  // namespace

Error fault_from_library() {
  const unsigned long first = ERR_peek_error();
  const std::string text = library_errors();
  if (first == 0) return {Fault::tls_failed, "the TLS library failed without a reason"};
  const int reason = ERR_GET_REASON(first);
  if (ERR_GET_LIB(first) != ERR_LIB_SSL) return {Fault::tls_failed, text};
  if (reason >= SSL_AD_REASON_OFFSET) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    return {fault_of_alert(alert),
            std::string{"the peer ended the channel with the TLS alert \""} + SSL_alert_desc_string_long(alert) + "\""};
  }
  for (const Row& row : own_reasons) {
    if (row.reason == reason) return {row.fault, row.words};
  }
  return {Fault::tls_failed, text};
}

}  // namespace louver::tls

#pragma once

#include "profile/http1/head.h"

namespace louver::profile::http1 {

/// What a `request-credentials` message says: what the request is for, then the credentials. Written as
///
///     [ "louver-target: " 64HEXDIG CRLF ]
///     *( name ": " value CRLF )
///
/// Who may write `request-head` alone could aim credentials that it cannot read at another path, host or method
/// (HT-04). The first line says for which they were given, where it cannot write.
struct RequestCredentials {
  Fields fields;             // Place::credentials only
  std::string bound_target;  // as bound_target() makes it; empty: the agent bound them to none
  bool operator==(const RequestCredentials&) const = default;
};

/// SHA-256 in lower-case hexadecimal of `"louver http/1 target" LF METHOD SP authority SP target`, each as the head has
/// it. docs/protocol.md, annex http/1
std::string bound_target(const RequestHead& head);

std::string write_request_credentials(const RequestCredentials& credentials);
/// As strictly as parse_credentials(), with the same faults.
Result<RequestCredentials> parse_request_credentials(Bytes message, const Limits& limits);

/// @param required  credentials that are bound to no target are refused too
/// @fault blocked_by_policy  another target than the head's: somebody who may write the head alone has aimed it
/// elsewhere
Result<> check_bound_target(const RequestCredentials& credentials, const RequestHead& head, bool required);

}  // namespace louver::profile::http1

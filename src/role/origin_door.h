#pragma once

#include "config/config.h"
#include "role/session_link.h"
#include "runtime/endpoint.h"

/// How a connection with an origin begins: where it leads, and what is said first.
namespace louver::role {

/// @fault configuration: no such address; a configuration that was read has none
Result<runtime::Endpoint> endpoint_of(const config::Origin& origin);

/// The PROXY header of a connection for this session, or nothing if the origin wants none.
///
/// It tells the connection that the session came on: the address of the hop before, which is the client's only where
/// nobody stands between. Version 2 says the authenticated names too, if the policy tells parties.
/// docs/operations.md, PROXY protocol
Buffer proxy_header_for(const config::Origin& origin, const SessionLink& session, bool tell_parties);

/// Types of the TLVs with names, of those that the protocol leaves to applications.
inline constexpr std::uint8_t tlv_client = 0xe0, tlv_middleboxes = 0xe1;

}  // namespace louver::role

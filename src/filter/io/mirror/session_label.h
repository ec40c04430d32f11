#pragma once

#include "filter/io/mirror/tcp_stream.h"
#include "filter/session_info.h"

/// How a session shows in a copy.
namespace louver::filter::mirror {

/// The same association always gets the same address, each of its sessions another port.
TcpAddress client_of(const SessionInfo& session);
/// The same name always gets the same address.
TcpAddress server_of(const session::Terms& terms);
/// For people: the session as logs call it, who saw it, and the names on the path.
std::string comment_on(const SessionInfo& session);

}  // namespace louver::filter::mirror

#include "filter/io/mirror/session_label.h"

#include <algorithm>

#include "crypto/hash.h"

namespace louver::filter::mirror {
namespace {

constexpr std::uint16_t http_port = 80;  // by which tools know HTTP

/// Clients in 100.64.0.0/10, servers in 198.18.0.0/15, which nobody has on the internet (RFC 6598, RFC 2544).
std::array<std::uint8_t, 4> address_of(std::string_view text, bool client) {
  const wire::Hash hash = crypto::sha256({as_bytes(text)});
  const auto octet = [&](std::size_t i) { return std::to_integer<std::uint8_t>(hash[i]); };
  if (client) return {100, static_cast<std::uint8_t>(64U + (octet(0) & 63U)), octet(1), octet(2)};
  return {198, static_cast<std::uint8_t>(18U + (octet(0) & 1U)), octet(1), octet(2)};
}

}  // namespace

/// "0011223344556677/5": sessions of one association are connections of one client.
TcpAddress client_of(const SessionInfo& session) {
  const std::string_view id = session.id;
  const std::size_t slash = id.find('/');
  std::uint64_t number = 0;
  for (const char c : id.substr(std::min(slash, id.size() - 1) + 1)) {
    if (c >= '0' && c <= '9') number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return {address_of(id.substr(0, slash), true), static_cast<std::uint16_t>(1024 + number % 64512)};
}

TcpAddress server_of(const session::Terms& terms) {
  const PartyIndex server = terms.server();
  return {address_of(terms.name(server), false), terms.profile() == "http/1" ? http_port : terms.port(server)};
}

std::string comment_on(const SessionInfo& session) {
  const session::Terms& terms = *session.terms;
  std::string out = "louver session " + session.id + ", seen by " + terms.name(session.self) + "; path: client";
  for (std::size_t i = 1; i <= terms.middleboxes() + 1; ++i)
    out += " > " + terms.name(PartyIndex{static_cast<std::uint8_t>(i)});
  return out + "; " + terms.profile();
}

}  // namespace louver::filter::mirror

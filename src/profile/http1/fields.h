#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace louver::profile::http1 {

/// A header field: the name in lower case, the value without blanks at its ends.
struct Field {
  std::string name;
  std::string value;
  bool operator==(const Field&) const = default;
};
using Fields = std::vector<Field>;

/// What becomes of a header field; the same for requests and responses.
enum class Place : std::uint8_t {
  head,         // request-head, response-head: whatever the table does not name
  credentials,  // request-credentials, response-credentials
  host,         // request-head, as its first field; dropped from responses
  length,       // a head's content-length, made anew from the parsed number
  expect,       // request-head, only as 100-continue; dropped from responses
  coding,       // transfer-encoding: ends at each HTTP connection, never inside a session
  connection,   // likewise, with the fields that it nominates
  upgrade,      // a head's last field, only as `websocket`: in a request for it and in the 101 to that; else refused in
                // requests and dropped from responses
  hop,          // belongs to one connection: dropped
  reserved,     // louver-*, in any spelling: dropped when it comes from outside, refused inside a session
};

struct FieldRule {
  std::string_view name;
  Place place;
};

/// Every field that does not simply go into the head. docs/protocol.md, annex http/1
std::span<const FieldRule> field_table();

/// @param name in lower case
Place place_of(std::string_view name);

/// True for a name that is none of the table's, but that a server which takes other characters for '-' (CGI, WSGI)
/// would read as one of them: `content_length`, `transfer.encoding`. Such fields are refused wherever they turn up.
bool is_lookalike(std::string_view name);

/// True for fields that `Connection` must not nominate, since a peer without them would read another message (RFC 9110
/// §7.6.1 leaves this to us): routing, framing of content, credentials, identity, conditions.
bool is_protected(std::string_view name);

/// True for credentials that may stand once only in a message: two of them would be one for each reader's taste.
bool is_single_credential(std::string_view name);

}  // namespace louver::profile::http1

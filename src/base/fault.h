#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace louver {

/// What goes on the wire when something failed. docs/protocol.md §10
enum class Alert : std::uint8_t {
  bad_frame = 1,
  unsupported_version,
  unsupported_suite,
  not_in_route,
  next_hop_refused,
  handshake_failed,
  certificate_role,
  name_mismatch,
  manifest_mismatch,
  grant_refused,
  grant_raised,
  bad_record,
  bad_hop,
  truncated,
  blocked_by_policy,
  unknown_association,
  replayed_join,
  revoked,
  limit_exceeded,
  timeout,
  internal_error,
};

/// What failed, as finely as we know it: for logs and tests. `alert_for` maps each to what the peer is told.
enum class Fault : std::uint8_t {
  // wire
  input_too_short,       // a structure ends before its last field
  trailing_bytes,        // bytes behind a structure's last field
  length_out_of_bounds,  // a vector outside its <a..b>
  bad_value,             // a field holds a value that the text does not list
  unknown_frame_type,
  reserved_flags,
  unexpected_frame,    // not in this state, from this side, with this id
  unexpected_message,  // likewise, inside a channel
  not_louver,          // the peer speaks TLS, HTTP or SSH
  // agreement
  unsupported_version,
  unsupported_suite,
  not_in_route,
  announced,  // a middlebox that the route does not name says that it stands on the path
  next_hop_refused,
  tls_failed,           // the TLS library refused; detail says why
  tls_parameters,       // other than TLS 1.3 with exactly our ALPN
  certificate_invalid,  // chain, validity, algorithm
  certificate_role,
  certificate_name,
  hello_hash,
  manifest_differs,
  duplicate_party,
  part_size,
  items_differ,
  digest_differs,
  grant_raised,
  grant_refused,
  extension_refused,
  // records
  record_length,
  record_context,
  record_exchange,
  record_order,  // parts of a message or exchange where they may not stand
  record_padding,
  record_redactor,
  record_after_fin,
  fin_order,
  aead_tag,
  verify_tag,
  redact_tag,
  witness_tag,
  hop_tag,
  sequence_exhausted,
  truncated,
  // joins and life
  unknown_association,
  join_replayed,
  join_end_tag,
  join_hop_tag,
  join_late,  // `alive` too old or not yet sent
  certificate_expired,
  revoked,
  closed,
  // the rest
  blocked_by_policy,
  limit_exceeded,
  timeout,
  peer_alert,  // the other side reported; detail says which
  connection_lost,
  filter_failed,
  configuration,  // the operator's file or command line; detail names the place
  internal_error,
};

/// The one table from faults to alerts. docs/protocol.md §10
Alert alert_for(Fault fault);
std::string_view name_of(Alert alert);
std::string_view name_of(Fault fault);
/// False for numbers that no alert has.
bool is_alert(std::uint8_t code);

/// Why something failed. `detail` is for the log: never a secret, never plaintext, never sent to a peer.
struct Error {
  Fault fault;
  std::string detail;
};

/// "fault_name: detail", for log lines and test messages.
std::string describe(const Error& error);

}  // namespace louver

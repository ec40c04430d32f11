#include "base/fault.h"

#include <cstdlib>

namespace louver {

Alert alert_for(Fault fault) {
  switch (fault) {  // no default: the compiler names the row that is missing
    case Fault::input_too_short:
    case Fault::trailing_bytes:
    case Fault::length_out_of_bounds:
    case Fault::bad_value:
    case Fault::unknown_frame_type:
    case Fault::reserved_flags:
    case Fault::unexpected_frame:
    case Fault::unexpected_message:
    case Fault::not_louver:
      return Alert::bad_frame;
    case Fault::unsupported_version:
      return Alert::unsupported_version;
    case Fault::unsupported_suite:
      return Alert::unsupported_suite;
    case Fault::not_in_route:
      return Alert::not_in_route;
    case Fault::next_hop_refused:
      return Alert::next_hop_refused;
    case Fault::tls_failed:
    case Fault::tls_parameters:
    case Fault::certificate_invalid:
      return Alert::handshake_failed;
    case Fault::certificate_role:
      return Alert::certificate_role;
    case Fault::certificate_name:
      return Alert::name_mismatch;
    case Fault::hello_hash:
    case Fault::manifest_differs:
    case Fault::duplicate_party:
    case Fault::part_size:
    case Fault::items_differ:
    case Fault::digest_differs:
    case Fault::extension_refused:
      return Alert::manifest_mismatch;
    case Fault::grant_refused:
      return Alert::grant_refused;
    case Fault::grant_raised:
      return Alert::grant_raised;
    case Fault::record_length:
    case Fault::record_context:
    case Fault::record_exchange:
    case Fault::record_order:
    case Fault::record_padding:
    case Fault::record_redactor:
    case Fault::record_after_fin:
    case Fault::fin_order:
    case Fault::aead_tag:
    case Fault::verify_tag:
    case Fault::redact_tag:
    case Fault::witness_tag:
    case Fault::join_end_tag:
    case Fault::join_hop_tag:
      return Alert::bad_record;
    case Fault::hop_tag:
      return Alert::bad_hop;
    case Fault::truncated:
    case Fault::connection_lost:
      return Alert::truncated;
    case Fault::blocked_by_policy:
    case Fault::filter_failed:
      return Alert::blocked_by_policy;
    case Fault::unknown_association:
      return Alert::unknown_association;
    case Fault::join_replayed:
      return Alert::replayed_join;
    case Fault::certificate_expired:
    case Fault::revoked:
    case Fault::closed:
      return Alert::revoked;
    case Fault::sequence_exhausted:
    case Fault::limit_exceeded:
      return Alert::limit_exceeded;
    case Fault::join_late:
    case Fault::timeout:
      return Alert::timeout;
    case Fault::peer_alert:
    case Fault::configuration:
    case Fault::internal_error:
      return Alert::internal_error;
  }
  std::abort();  // only a value cast from an integer gets here
}

std::string_view name_of(Alert alert) {
  switch (alert) {
    case Alert::bad_frame:
      return "bad_frame";
    case Alert::unsupported_version:
      return "unsupported_version";
    case Alert::unsupported_suite:
      return "unsupported_suite";
    case Alert::not_in_route:
      return "not_in_route";
    case Alert::next_hop_refused:
      return "next_hop_refused";
    case Alert::handshake_failed:
      return "handshake_failed";
    case Alert::certificate_role:
      return "certificate_role";
    case Alert::name_mismatch:
      return "name_mismatch";
    case Alert::manifest_mismatch:
      return "manifest_mismatch";
    case Alert::grant_refused:
      return "grant_refused";
    case Alert::grant_raised:
      return "grant_raised";
    case Alert::bad_record:
      return "bad_record";
    case Alert::bad_hop:
      return "bad_hop";
    case Alert::truncated:
      return "truncated";
    case Alert::blocked_by_policy:
      return "blocked_by_policy";
    case Alert::unknown_association:
      return "unknown_association";
    case Alert::replayed_join:
      return "replayed_join";
    case Alert::revoked:
      return "revoked";
    case Alert::limit_exceeded:
      return "limit_exceeded";
    case Alert::timeout:
      return "timeout";
    case Alert::internal_error:
      return "internal_error";
  }
  std::abort();
}

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::input_too_short:
      return "input_too_short";
    case Fault::trailing_bytes:
      return "trailing_bytes";
    case Fault::length_out_of_bounds:
      return "length_out_of_bounds";
    case Fault::bad_value:
      return "bad_value";
    case Fault::unknown_frame_type:
      return "unknown_frame_type";
    case Fault::reserved_flags:
      return "reserved_flags";
    case Fault::unexpected_frame:
      return "unexpected_frame";
    case Fault::unexpected_message:
      return "unexpected_message";
    case Fault::not_louver:
      return "not_louver";
    case Fault::unsupported_version:
      return "unsupported_version";
    case Fault::unsupported_suite:
      return "unsupported_suite";
    case Fault::not_in_route:
      return "not_in_route";
    case Fault::next_hop_refused:
      return "next_hop_refused";
    case Fault::tls_failed:
      return "tls_failed";
    case Fault::tls_parameters:
      return "tls_parameters";
    case Fault::certificate_invalid:
      return "certificate_invalid";
    case Fault::certificate_role:
      return "certificate_role";
    case Fault::certificate_name:
      return "certificate_name";
    case Fault::hello_hash:
      return "hello_hash";
    case Fault::manifest_differs:
      return "manifest_differs";
    case Fault::duplicate_party:
      return "duplicate_party";
    case Fault::part_size:
      return "part_size";
    case Fault::items_differ:
      return "items_differ";
    case Fault::digest_differs:
      return "digest_differs";
    case Fault::grant_raised:
      return "grant_raised";
    case Fault::grant_refused:
      return "grant_refused";
    case Fault::extension_refused:
      return "extension_refused";
    case Fault::record_length:
      return "record_length";
    case Fault::record_context:
      return "record_context";
    case Fault::record_exchange:
      return "record_exchange";
    case Fault::record_order:
      return "record_order";
    case Fault::record_padding:
      return "record_padding";
    case Fault::record_redactor:
      return "record_redactor";
    case Fault::record_after_fin:
      return "record_after_fin";
    case Fault::fin_order:
      return "fin_order";
    case Fault::aead_tag:
      return "aead_tag";
    case Fault::verify_tag:
      return "verify_tag";
    case Fault::redact_tag:
      return "redact_tag";
    case Fault::witness_tag:
      return "witness_tag";
    case Fault::hop_tag:
      return "hop_tag";
    case Fault::sequence_exhausted:
      return "sequence_exhausted";
    case Fault::truncated:
      return "truncated";
    case Fault::unknown_association:
      return "unknown_association";
    case Fault::join_replayed:
      return "join_replayed";
    case Fault::join_end_tag:
      return "join_end_tag";
    case Fault::join_hop_tag:
      return "join_hop_tag";
    case Fault::join_late:
      return "join_late";
    case Fault::certificate_expired:
      return "certificate_expired";
    case Fault::revoked:
      return "revoked";
    case Fault::closed:
      return "closed";
    case Fault::blocked_by_policy:
      return "blocked_by_policy";
    case Fault::limit_exceeded:
      return "limit_exceeded";
    case Fault::timeout:
      return "timeout";
    case Fault::peer_alert:
      return "peer_alert";
    case Fault::connection_lost:
      return "connection_lost";
    case Fault::filter_failed:
      return "filter_failed";
    case Fault::configuration:
      return "configuration";
    case Fault::internal_error:
      return "internal_error";
  }
  std::abort();
}

bool is_alert(std::uint8_t code) {
  return code >= static_cast<std::uint8_t>(Alert::bad_frame) &&
         code <= static_cast<std::uint8_t>(Alert::internal_error);
}

std::string describe(const Error& error) {
  std::string out{name_of(error.fault)};
  if (!error.detail.empty()) out += ": " + error.detail;
  return out;
}

}  // namespace louver

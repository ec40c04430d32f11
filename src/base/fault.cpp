#include "base/fault.h"

#include <array>
#include <cstddef>

namespace louver {
namespace {

struct AlertRow {
  Alert alert;
  std::string_view name;
};

// In the order of the enumeration, from 1: the checks below hold both together.
constexpr std::array alerts{
    AlertRow{Alert::bad_frame, "bad_frame"},
    AlertRow{Alert::unsupported_version, "unsupported_version"},
    AlertRow{Alert::unsupported_suite, "unsupported_suite"},
    AlertRow{Alert::not_in_route, "not_in_route"},
    AlertRow{Alert::next_hop_refused, "next_hop_refused"},
    AlertRow{Alert::handshake_failed, "handshake_failed"},
    AlertRow{Alert::certificate_role, "certificate_role"},
    AlertRow{Alert::name_mismatch, "name_mismatch"},
    AlertRow{Alert::manifest_mismatch, "manifest_mismatch"},
    AlertRow{Alert::grant_refused, "grant_refused"},
    AlertRow{Alert::grant_raised, "grant_raised"},
    AlertRow{Alert::bad_record, "bad_record"},
    AlertRow{Alert::bad_hop, "bad_hop"},
    AlertRow{Alert::truncated, "truncated"},
    AlertRow{Alert::blocked_by_policy, "blocked_by_policy"},
    AlertRow{Alert::unknown_association, "unknown_association"},
    AlertRow{Alert::replayed_join, "replayed_join"},
    AlertRow{Alert::revoked, "revoked"},
    AlertRow{Alert::limit_exceeded, "limit_exceeded"},
    AlertRow{Alert::timeout, "timeout"},
    AlertRow{Alert::internal_error, "internal_error"},
};

struct FaultRow {
  Fault fault;
  std::string_view name;
  Alert alert;
};

constexpr std::array faults{
    FaultRow{Fault::input_too_short, "input_too_short", Alert::bad_frame},
    FaultRow{Fault::trailing_bytes, "trailing_bytes", Alert::bad_frame},
    FaultRow{Fault::length_out_of_bounds, "length_out_of_bounds", Alert::bad_frame},
    FaultRow{Fault::bad_value, "bad_value", Alert::bad_frame},
    FaultRow{Fault::unknown_frame_type, "unknown_frame_type", Alert::bad_frame},
    FaultRow{Fault::reserved_flags, "reserved_flags", Alert::bad_frame},
    FaultRow{Fault::unexpected_frame, "unexpected_frame", Alert::bad_frame},
    FaultRow{Fault::unexpected_message, "unexpected_message", Alert::bad_frame},
    FaultRow{Fault::not_louver, "not_louver", Alert::bad_frame},
    FaultRow{Fault::unsupported_version, "unsupported_version", Alert::unsupported_version},
    FaultRow{Fault::unsupported_suite, "unsupported_suite", Alert::unsupported_suite},
    FaultRow{Fault::not_in_route, "not_in_route", Alert::not_in_route},
    FaultRow{Fault::announced, "announced", Alert::not_in_route},
    FaultRow{Fault::next_hop_refused, "next_hop_refused", Alert::next_hop_refused},
    FaultRow{Fault::tls_failed, "tls_failed", Alert::handshake_failed},
    FaultRow{Fault::tls_parameters, "tls_parameters", Alert::handshake_failed},
    FaultRow{Fault::certificate_invalid, "certificate_invalid", Alert::handshake_failed},
    FaultRow{Fault::certificate_role, "certificate_role", Alert::certificate_role},
    FaultRow{Fault::certificate_name, "certificate_name", Alert::name_mismatch},
    FaultRow{Fault::hello_hash, "hello_hash", Alert::manifest_mismatch},
    FaultRow{Fault::manifest_differs, "manifest_differs", Alert::manifest_mismatch},
    FaultRow{Fault::duplicate_party, "duplicate_party", Alert::manifest_mismatch},
    FaultRow{Fault::part_size, "part_size", Alert::manifest_mismatch},
    FaultRow{Fault::items_differ, "items_differ", Alert::manifest_mismatch},
    FaultRow{Fault::digest_differs, "digest_differs", Alert::manifest_mismatch},
    FaultRow{Fault::grant_raised, "grant_raised", Alert::grant_raised},
    FaultRow{Fault::grant_refused, "grant_refused", Alert::grant_refused},
    FaultRow{Fault::extension_refused, "extension_refused", Alert::manifest_mismatch},
    FaultRow{Fault::record_length, "record_length", Alert::bad_record},
    FaultRow{Fault::record_context, "record_context", Alert::bad_record},
    FaultRow{Fault::record_exchange, "record_exchange", Alert::bad_record},
    FaultRow{Fault::record_order, "record_order", Alert::bad_record},
    FaultRow{Fault::record_padding, "record_padding", Alert::bad_record},
    FaultRow{Fault::record_redactor, "record_redactor", Alert::bad_record},
    FaultRow{Fault::record_after_fin, "record_after_fin", Alert::bad_record},
    FaultRow{Fault::fin_order, "fin_order", Alert::bad_record},
    FaultRow{Fault::aead_tag, "aead_tag", Alert::bad_record},
    FaultRow{Fault::verify_tag, "verify_tag", Alert::bad_record},
    FaultRow{Fault::redact_tag, "redact_tag", Alert::bad_record},
    FaultRow{Fault::witness_tag, "witness_tag", Alert::bad_record},
    FaultRow{Fault::hop_tag, "hop_tag", Alert::bad_hop},
    FaultRow{Fault::sequence_exhausted, "sequence_exhausted", Alert::limit_exceeded},
    FaultRow{Fault::truncated, "truncated", Alert::truncated},
    FaultRow{Fault::unknown_association, "unknown_association", Alert::unknown_association},
    FaultRow{Fault::join_replayed, "join_replayed", Alert::replayed_join},
    FaultRow{Fault::join_end_tag, "join_end_tag", Alert::bad_record},
    FaultRow{Fault::join_hop_tag, "join_hop_tag", Alert::bad_record},
    FaultRow{Fault::join_late, "join_late", Alert::timeout},
    FaultRow{Fault::certificate_expired, "certificate_expired", Alert::revoked},
    FaultRow{Fault::revoked, "revoked", Alert::revoked},
    FaultRow{Fault::closed, "closed", Alert::revoked},
    FaultRow{Fault::blocked_by_policy, "blocked_by_policy", Alert::blocked_by_policy},
    FaultRow{Fault::limit_exceeded, "limit_exceeded", Alert::limit_exceeded},
    FaultRow{Fault::timeout, "timeout", Alert::timeout},
    FaultRow{Fault::peer_alert, "peer_alert", Alert::internal_error},
    FaultRow{Fault::connection_lost, "connection_lost", Alert::truncated},
    FaultRow{Fault::filter_failed, "filter_failed", Alert::blocked_by_policy},
    FaultRow{Fault::configuration, "configuration", Alert::internal_error},
    FaultRow{Fault::internal_error, "internal_error", Alert::internal_error},
};

constexpr std::size_t place_of(Alert alert) { return static_cast<std::size_t>(alert) - 1; }
constexpr std::size_t place_of(Fault fault) { return static_cast<std::size_t>(fault); }

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    if (place_of(alerts[i].alert) != i) return false;
  }
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (place_of(faults[i].fault) != i) return false;
  }
  return true;
}
static_assert(rows_are_in_order(), "a row of the tables is missing or not at its place");
static_assert(place_of(Alert::internal_error) + 1 == alerts.size(), "the last alert has no row");
static_assert(place_of(Fault::internal_error) + 1 == faults.size(), "the last fault has no row");

}  // namespace

Alert alert_for(Fault fault) { return faults[place_of(fault)].alert; }
std::string_view name_of(Alert alert) { return alerts[place_of(alert)].name; }
std::string_view name_of(Fault fault) { return faults[place_of(fault)].name; }

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

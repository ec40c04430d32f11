#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every bound of docs/protocol.md §11 in one place. Sizes are in octets.
namespace louver::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t hello_bytes = 64 * 1024;
inline constexpr std::size_t message_bytes = 1024 * 1024;                     // one message in a channel
inline constexpr std::size_t channel_bytes_before_verified = 64 * 1024;       // for one channel
inline constexpr std::size_t association_bytes_before_verified = 256 * 1024;  // for all channels of one association
inline constexpr std::size_t channel_frame_bytes = 64 * 1024;  // body of one CHANNEL frame; ours are at most 16 KiB
inline constexpr std::size_t middleboxes_on_the_wire = 250;
inline constexpr std::size_t middleboxes_by_default = 8;
inline constexpr std::size_t contexts = 254;
inline constexpr std::uint32_t max_record_default = 1U << 14;
inline constexpr std::uint32_t max_record_least = 1U << 10;
inline constexpr std::uint32_t max_record_most = 1U << 16;
inline constexpr std::size_t held_frames = 64;
inline constexpr std::size_t held_bytes = 1024 * 1024;
inline constexpr std::uint32_t open_exchanges = 1024;
inline constexpr std::uint64_t sequence_end = std::uint64_t{1} << 48;
inline constexpr unsigned epoch_shift = 22;
inline constexpr std::uint64_t join_window = std::uint64_t{1} << 16;
inline constexpr std::uint32_t alive_behind = 3;
inline constexpr unsigned key_updates = 32;                 // in one TLS channel, from the peer
inline constexpr unsigned empty_tls_records = 64;           // in a row
inline constexpr std::size_t audit_queue = 64 * 1024;       // values on their way from sessions to their association
inline constexpr std::size_t audit_pending = 64 * 1024;     // messages received of which a value is missing
inline constexpr std::size_t audit_unreceived = 16 * 1024;  // values of one party for messages not yet received
inline constexpr std::uint64_t audit_ahead = 1024;          // session numbers above the highest joined
inline constexpr std::size_t audit_late = 1024;             // values and receipts of one party that come too late

inline constexpr std::size_t association_unread = 8 * 1024 * 1024;  // what a party says and its neighbour does not take
inline constexpr std::size_t unproved_of_a_source = 1000;           // connections before a Hello or a good JOIN
inline constexpr std::size_t blocked_notes = 64;                    // that an endpoint keeps of one association

inline constexpr auto handshake_deadline = 10s;
inline constexpr auto idle_deadline = 5min;
inline constexpr auto association_silence = 30s;  // after which a middlebox probes its neighbours' hosts
inline constexpr auto alive_interval = 10s;
inline constexpr auto alive_deadline = 30s;
inline constexpr auto association_renewal = 10min;
inline constexpr auto association_lifetime = 15min;
inline constexpr auto expiry_check = 30s;      // how often an association looks whether a certificate has expired
inline constexpr auto withdrawal_drain = 45s;  // the longest that sessions live on when their association is withdrawn
inline constexpr auto close_grace = 10s;       // in which joins with lower numbers still count after a Close
inline constexpr auto audit_wait = 5s;         // for a missing value, and for receipts after the end of a session
inline constexpr auto receipt_interval = 10min;  // of a session that lasts

}  // namespace louver::limits

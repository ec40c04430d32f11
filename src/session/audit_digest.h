#pragma once

#include <optional>
#include <vector>

#include "crypto/hash.h"
#include "session/session_keys.h"

/// What a party states about the messages that it takes in and sends on. docs/protocol.md §9
namespace louver::session {

/// Audit.out
enum class AuditPlace : std::uint8_t { in = 0, out = 1, end = 2 };
/// Audit.changed
enum class AuditChange : std::uint8_t { none = 0, changed = 1, own = 2 };

/// The values of one session that have not yet gone to its association.
struct AuditBook {
  SessionNumber session{};
  std::vector<wire::Audit> values;
};

/// What a writer took in last in one context, under the key of the segment that it sends into: by it the writer knows
/// whether what it sends is what it took in.
struct AuditEcho {
  bool any = false;
  bool open = false;  // a message has begun and not ended
  std::uint32_t exchange = 0;
  std::uint32_t message = 0;
  std::uint64_t length = 0;
  crypto::Hash value{};
};

/// The digests of one context and direction at one place of a segment, while its messages stream by. No copy: it is
/// shown the octets where they lie.
class AuditDigest {
 public:
  /// @param segment  whose audit secret this party holds, as its sink (`in`) or its author (`out`)
  static Result<AuditDigest> make(const KeySource& keys, const Segment& segment, AuditPlace place, AuditBook& book);

  /// At an endpoint: also states the value under item 8, just before its own.
  Result<> add_end(const KeySource& keys, const Segment& segment);
  /// At a writer, of what it takes in: notes it in `echo` under the key of `next`, the segment that it sends into.
  Result<> add_echo(const KeySource& keys, const Segment& next, AuditEcho& echo);
  /// At a writer, of what it sends on: compares with what it took in.
  void compare_with(const AuditEcho& echo) { source_ = &echo; }

  void add(Exchange exchange, Bytes content);
  /// A tombstone counts as that many octets 'x', as who takes it in will use it.
  void add_tombstone(Exchange exchange, std::uint32_t octets, PartyIndex redactor);
  /// The message ends: its values go into the book.
  void end(Exchange exchange);

 private:
  AuditDigest(const Segment& segment, AuditPlace place, AuditBook& book, const SessionSecret& key);
  void begin(Exchange exchange);
  AuditChange change(std::uint32_t exchange, const crypto::Hash& value) const;

  AuditBook* book_;
  AuditPlace place_;
  std::uint8_t context_;
  std::uint8_t direction_;
  crypto::HmacSha256 value_;
  std::optional<crypto::HmacSha256> second_;  // of item 8, or of the next segment
  AuditEcho* echo_ = nullptr;                 // where `second_` goes, at a writer
  const AuditEcho* source_ = nullptr;
  bool any_ = false, open_ = false;
  std::uint32_t exchange_ = 0;
  std::uint32_t message_ = 0;
  std::uint64_t length_ = 0;
  std::uint8_t redactor_ = 0;
};

/// The chain over all that a party has stated at one place of a session, in its order: what a receipt signs.
class AuditChain {
 public:
  /// False: the value is not behind the one before it (messages of a context end in order, each once).
  bool add(const wire::Audit& value);
  std::uint64_t count() const { return count_; }
  wire::ReceiptEntry entry(std::uint8_t direction, std::uint8_t context, std::uint8_t out) const {
    return {direction, context, out, first_exchange_, last_exchange_, count_, chain_};
  }

 private:
  std::uint64_t count_ = 0;
  std::uint32_t first_exchange_ = 0, last_exchange_ = 0, last_message_ = 0;
  wire::Hash chain_{};
};

}  // namespace louver::session

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <variant>

#include "session/audit_judgement.h"
#include "session/audit_outbox.h"
#include "session/audit_reporter.h"

namespace louver::session {

/// What an endpoint's audit has found: for its log, in order.
struct MessageJudged {
  SessionNumber session{};
  Exchange exchange{};
  std::uint32_t message = 0;
  ContextId context{};
  Direction direction{};
  Judgement judgement;
  std::vector<Attested> values;
};
/// A value that this endpoint has stated to the other.
struct ValueSent {
  wire::Audit value;
};
/// A value that came when its message had been judged, or for a session that never was.
struct ValueLate {
  Attested attested;
};
struct ReceiptTaken {
  wire::Receipt receipt;
  bool late = false;  // its session was closed already: its count and chain were not compared
};
/// Nothing more comes of this session but what is late. `unsigned_by`: who owed a last receipt and gave none.
struct SessionClosed {
  SessionNumber session{};
  bool whole = false;
  std::vector<PartyIndex> unsigned_by;
};
/// Values of this endpoint's own sessions found no room on the way.
struct ValuesLost {
  std::uint64_t count = 0;
};
using AuditEvent = std::variant<MessageJudged, ValueSent, ValueLate, ReceiptTaken, SessionClosed, ValuesLost>;

/// The audit of one association at one of its ends: judges what it receives, says what it sends, gives and takes
/// receipts. Bounded memory. No I/O, no clock. docs/protocol.md §9
class EndpointAudit {
 public:
  /// A message for the peer of a channel (0: the other end).
  using Send = std::function<Result<>(std::size_t channel, Buffer message)>;

  EndpointAudit(const AssociationRecord& record, const tls::Identity* identity);

  /// What the sessions of this end have found.
  Result<> note(AuditOutbox::Taken taken, TimePoint now, const Send& send);
  /// Audit and Receipt of a peer.
  /// @fault bad_value, unexpected_message, certificate_invalid -> bad_frame; limit_exceeded
  Result<> on_value(PartyIndex from, Bytes body, TimePoint now);
  Result<> on_receipt(PartyIndex from, Bytes body, TimePoint now);

  TimePoint deadline() const;
  void on_deadline(TimePoint now);
  /// The association ends: whatever waits is judged by what is there.
  void finish();
  bool idle() const { return sessions_.empty(); }
  std::vector<AuditEvent> take_events() { return std::exchange(events_, {}); }

 private:
  struct Key {
    std::uint8_t context;
    std::uint32_t exchange, message;
    auto operator<=>(const Key&) const = default;
  };
  struct Pending {
    bool received = false;
    std::vector<Attested> values;
  };
  using Stream = std::pair<PartyIndex, AuditStream>;
  struct Session {
    bool known = false;               // joined at this end
    std::vector<AuditEvent> unheard;  // of a session that may never be: told once it is known, else forgotten
    bool ended = false, whole = false;
    TimePoint until = TimePoint::max();  // when it is closed, whatever is missing
    std::map<Key, Pending> pending;
    std::map<std::uint8_t, Key> last_received;  // by context
    std::map<Stream, AuditChain> chains;
    std::map<PartyIndex, std::uint32_t> receipts;
    std::vector<PartyIndex> signed_off;
  };
  struct Waiting {
    TimePoint until;
    SessionNumber session;
    Key key;
  };

  Direction incoming() const { return is_client_ ? Direction::s2c : Direction::c2s; }
  Result<> check(PartyIndex from, const wire::Audit& value) const;
  Result<> check_session(std::uint64_t number) const;
  Result<> count_late(PartyIndex from);
  Result<Session*> make_unknown(SessionNumber number, PartyIndex from, TimePoint now);
  void know(Session& session);
  void tell(Session& session, AuditEvent event);
  Result<> take(PartyIndex from, const wire::Audit& value, TimePoint now);
  Result<> on_end(const AuditNote& note, TimePoint now, const Send& send);
  Result<> send_receipt(SessionNumber session, bool last, TimePoint now, const Send& send);
  Result<> check_entries(PartyIndex from, const wire::ReceiptBody& body, const Session& session) const;
  bool states(PartyIndex party, const AuditStream& stream) const;
  bool owes_receipts(PartyIndex party) const;
  void judge_if_complete(SessionNumber number, Session& session, const Key& key);
  void emit(SessionNumber number, Session& session, const Key& key, Pending&& pending);
  void close_if_done(SessionNumber number);
  void close(SessionNumber number, Session& session);
  void close_at(Session& session, TimePoint when);
  const std::vector<const Segment*>& segments(std::uint8_t context, Direction direction) const;

  const AssociationRecord* record_;
  bool is_client_;
  bool anonymous_client_;
  AuditReporter reporter_;
  std::array<std::map<std::uint8_t, std::vector<const Segment*>>, 2> segments_;  // audited ones, by direction
  std::map<SessionNumber, Session> sessions_;
  std::size_t unknown_ = 0;  // of them
  JoinWindow closed_;        // sessions of which nothing more is expected
  TimePoint next_close_ = TimePoint::max();
  std::deque<Waiting> waiting_;                   // received messages of which a value is missing, oldest first
  std::map<PartyIndex, std::size_t> unreceived_;  // values for messages that have not come
  std::map<PartyIndex, std::size_t> late_;
  std::vector<AuditEvent> events_;
};

/// The audit of one association at a middlebox: it states and signs, and judges nothing.
class MiddleboxAudit {
 public:
  using Send = std::function<Result<>(Side to, Buffer message)>;
  MiddleboxAudit(const AssociationRecord& record, const tls::Identity* identity);
  Result<> note(AuditOutbox::Taken taken, TimePoint now, const Send& send);

 private:
  AuditReporter reporter_;
  bool states_ = false;
};

/// Whether that party authors or sinks anything audited.
bool states_values(const Terms& terms, const PathPlan& plan, PartyIndex party);

}  // namespace louver::session

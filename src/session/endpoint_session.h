#pragma once

#include "session/association_record.h"
#include "session/receiver.h"
#include "session/sender.h"
#include "session/session_frames.h"

namespace louver::session {

/// A session at the client or the server: parts in, records out, and back. No I/O, no clock. docs/protocol.md §6
///
/// After a fault the session is over: the caller sends an ALERT, ends the connection, and hands nothing more to the
/// application.
class EndpointSession {
 public:
  /// To be called inside AssociationRecord::make_join or take_join, while the secrets are there.
  /// @param started  the moment of the JOIN, from which the idle deadline counts
  static Result<std::unique_ptr<EndpointSession>> make(const KeySource& keys, const ProfileTraits& profile,
                                                       Duration idle_deadline, TimePoint started = TimePoint::max());

  /// Takes whole frames from the front of `input` (decrypted where they lie) and hands verified parts to `sink`.
  /// @return octets consumed
  Result<std::size_t> receive(MutableBytes input, PartSink& sink, TimePoint now);
  /// Seals a part of this end's direction.
  Result<> send(const Part& part, Outbound& out, TimePoint now);
  /// Ends this end's direction: FIN on every flow.
  Result<> finish(Outbound& out, TimePoint now);

  /// Every flow of the other direction has ended with a verified FIN: what came is whole.
  bool received_end() const { return receiver_.sunk_all(); }
  /// After received_end(): a message was still open, so its exchange is incomplete and must not pass for whole.
  bool ended_within_message() const { return receiver_.message_open(); }
  bool sent_end() const { return sender_.finished(); }
  /// In the other direction: exchanges of which every context has come whole (docs/protocol.md §6 "Ends": told after a
  /// truncation).
  std::uint32_t complete_exchanges() const { return receiver_.complete_exchanges(); }
  const std::optional<ReceivedAlert>& alert() const { return alert_; }
  /// Where the values of audited messages wait for the association; null where nothing is audited. docs/protocol.md §9
  AuditBook* audit_book() { return audit_.get(); }

  /// The connection is at its end: fine if both directions have ended, else truncation.
  Result<> on_connection_end() const;
  /// Call on_deadline then. A session in which nothing moves, or of which a part stays missing, ends with `timeout`.
  TimePoint deadline() const;
  Result<> on_deadline(TimePoint now) const;
  /// Nothing has moved for a while: gives back what only speeds records up. The next one makes it again.
  void rest() {
    receiver_.rest();
    sender_.rest();
  }

 private:
  EndpointSession(const KeySource& keys, const ProfileTraits& profile, Receiver receiver, Sender sender,
                  std::unique_ptr<ExchangeLedger> ledger, Duration idle_deadline, TimePoint started);
  Result<> audit(const KeySource& keys);
  Result<> on_record(const wire::FrameView& frame, PartSink& sink);
  void note_progress(TimePoint now);

  const PathPlan* plan_;
  bool is_client_;
  bool numbered_;
  std::unique_ptr<ExchangeLedger> ledger_;
  Receiver receiver_;
  Sender sender_;
  Duration idle_deadline_;
  std::optional<ReceivedAlert> alert_;
  std::unique_ptr<AuditBook> audit_;
  TimePoint last_activity_;
  TimePoint last_progress_ = TimePoint::max();  // of the exchange that lags
  std::uint32_t complete_before_ = 0;
};

}  // namespace louver::session

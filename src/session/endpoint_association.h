#pragma once

#include <memory>

#include "session/alive.h"
#include "session/association_record.h"
#include "session/control_channel.h"
#include "session/endpoint_agreement.h"
#include "session/endpoint_audit.h"
#include "session/expiry_clock.h"
#include "wire/join.h"

namespace louver::session {

/// TLS contexts of an endpoint: one for the end-to-end channel, one for those with middleboxes (client_side or
/// server_side).
struct EndpointChannels {
  std::shared_ptr<const tls::ChannelContext> end_to_end;
  std::shared_ptr<const tls::ChannelContext> middlebox;
};

/// An association at one end: its channels, the agreement above them, then Alive and Close for as long as it lives.
/// No I/O, no clock. docs/protocol.md §4, §8
///
/// After a fault the caller calls fail() and carries what it says, then ends the connection.
class EndpointAssociation {
 public:
  virtual ~EndpointAssociation() = default;
  EndpointAssociation(const EndpointAssociation&) = delete;
  EndpointAssociation& operator=(const EndpointAssociation&) = delete;

  /// Takes whole frames from the front of `input`; what is to be sent is appended to `out`.
  /// @return octets consumed
  Result<std::size_t> receive(MutableBytes input, Now now, Outbound& out);
  Result<> on_deadline(Now now, Outbound& out);
  TimePoint deadline() const;
  /// The connection ended. Fine only after a Close has run its course.
  Result<> on_connection_end() const;

  /// From the moment that Confirm and Keys are out (state `waiting`); open once step 4 is done.
  const std::shared_ptr<AssociationRecord>& record() const { return record_; }
  bool complete() const { return complete_; }

  /// The audit of an association in which something is audited, once it is open; else null. docs/protocol.md §9
  EndpointAudit* audit() { return audit_.get(); }
  /// Whose certificate this end has shown in it; null: an anonymous client.
  const tls::Identity* identity() const { return contexts_.end_to_end->identity(); }
  /// Sends and judges what the sessions have left in the record's outbox.
  Result<> carry_audit(Now now, Outbound& out);

  /// Ends or renews the association: no join after this one's last; running sessions end after `drain_ms`
  /// (drain_by_themselves: never).
  Result<> close(std::uint8_t code, std::uint32_t drain_ms, Now now, Outbound& out);
  bool closed() const { return close_sent_; }
  /// Says in every channel that stands, and in an ALERT frame, why this end gives up; ends the record.
  void fail(const Error& error, Outbound& out);
  /// Whom an authenticated alert came from, if one ended the association.
  struct PeerAlert {
    PartyIndex party;  // who noticed, as the authenticated peer says
    Alert alert;
    bool authenticated;
  };
  const std::optional<PeerAlert>& peer_alert() const { return peer_alert_; }
  /// Client: who announced itself, if that ended the association. Unauthenticated. docs/protocol.md §10
  const std::optional<wire::Announce>& announcement() const { return announcement_; }
  /// What middleboxes have said to have stopped since this was last asked. docs/protocol.md §10
  std::vector<BlockedNote> take_blocked() { return std::exchange(blocked_, {}); }

 protected:
  EndpointAssociation(EndpointChannels contexts, Duration handshake_deadline)
      : contexts_(std::move(contexts)), handshake_deadline_(handshake_deadline) {}

  /// A frame of a type that the base does not know: HELLO at the server.
  virtual Result<> on_other_frame(const wire::FrameView& frame, Now now, Outbound& out) = 0;
  /// A channel has just been verified; the agreement hears of it next.
  virtual Result<> on_established(std::size_t) { return {}; }
  virtual PartyIndex self() const = 0;
  virtual std::size_t frame_limit() const { return limits::channel_frame_bytes; }

  /// Every message of the agreement leaves through here (a rogue in the tests alters it on the way).
  virtual Result<> say(std::size_t channel, SecretBuffer message) { return channels_[channel].send(message.expose()); }

  Result<> on_channel(const wire::FrameView& frame, WallTime wall);
  Result<> advance(Now now, Outbound& out);
  void flush(Outbound& out);
  bool is_client() const { return self() == PartyIndex{0}; }

  EndpointChannels contexts_;
  Duration handshake_deadline_;
  std::vector<ControlChannel> channels_;  // 0: end to end, i: with Mi
  std::unique_ptr<EndpointAgreement> agreement_;
  std::optional<wire::Announce> announcement_;
  TimePoint started_ = TimePoint::max();

 private:
  Result<> on_alert_frame(const wire::FrameView& frame);
  Result<> count_unverified(std::size_t channel, std::size_t octets);
  void settle(Now now);
  Result<> take_messages(std::size_t channel, Now now);
  Result<> on_message(std::size_t channel, wire::MessageType type, Bytes body, Now now);
  Result<> on_alive(std::size_t channel, Bytes body, Now now);
  Result<> on_close(std::size_t channel, Bytes body, Now now);
  Result<> on_blocked(std::size_t channel, Bytes body);
  Result<> on_audit_message(std::size_t channel, wire::MessageType type, Bytes body, Now now);
  Result<> on_alert_message(std::size_t channel, Bytes body);
  Result<> send_close(std::uint8_t code, std::uint32_t drain_ms, std::uint64_t last, Now now);
  Exporter exporter() const;
  EndpointAgreement::Send sender();

  std::shared_ptr<AssociationRecord> record_;
  bool complete_ = false;
  bool close_sent_ = false;
  TimePoint grace_until_ = TimePoint::max();
  AliveClock alive_;
  ExpiryClock expiry_;
  std::size_t unverified_bytes_ = 0;
  std::optional<PeerAlert> peer_alert_;
  std::vector<BlockedNote> blocked_;
  std::unique_ptr<EndpointAudit> audit_;
};

}  // namespace louver::session

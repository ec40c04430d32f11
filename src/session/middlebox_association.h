#pragma once

#include "base/random.h"
#include "session/association_record.h"
#include "session/control_channel.h"
#include "session/endpoint_audit.h"
#include "session/expiry_clock.h"
#include "session/middlebox_agreement.h"

namespace louver::session {

/// A middlebox's part in an association: its own two channels, and the others' CHANNEL frames passed on by their
/// header. No I/O, no clock. docs/protocol.md §3, §4
class MiddleboxAssociation {
 public:
  struct Options {
    std::shared_ptr<const tls::ChannelContext> client_side;
    std::shared_ptr<const tls::ChannelContext> server_side;
    wire::Describe describe;  // its nonce is drawn here
    std::size_t middleboxes_most = limits::middleboxes_by_default;
    Duration handshake_deadline = limits::handshake_deadline;
  };
  struct Outputs {
    Outbound& to_client;
    Outbound& to_server;
    Outbound& to(Side side) { return side == Side::client ? to_client : to_server; }
  };

  MiddleboxAssociation(Options options, MiddleboxPolicy& policy, RandomSource& random);
  virtual ~MiddleboxAssociation() = default;
  MiddleboxAssociation(const MiddleboxAssociation&) = delete;
  MiddleboxAssociation& operator=(const MiddleboxAssociation&) = delete;

  /// Takes whole frames from the front of `input`, which came from `from`. @return octets consumed
  Result<std::size_t> receive(Side from, MutableBytes input, Now now, Outputs out);
  /// Once the Hello has been taken: whom to connect to next. What is meant for it waits in the caller's queue.
  const std::optional<wire::Party>& next_party() const { return next_; }
  PartyIndex self() const { return self_; }

  /// From Ready on (state `waiting`); open once both Go are in.
  const std::shared_ptr<AssociationRecord>& record() const { return record_; }
  bool complete() const { return complete_; }
  Result<> on_deadline(Now now);
  TimePoint deadline() const;
  bool closed() const { return record_ != nullptr && record_->state() == AssociationRecord::State::closing; }
  /// Sends what the sessions have left in the record's outbox.
  Result<> carry_audit(Now now, Outputs out);
  /// Asks both ends to end the association.
  Result<> close(std::uint8_t code, std::uint32_t drain_ms, Now now, Outputs out);
  /// Tells both ends what a filter stopped in one of the association's sessions. Nothing before it is open.
  Result<> say_blocked(const wire::Blocked& blocked, Outputs out);
  void fail(const Error& error, Outputs out);
  /// The alert that somebody else's report ended the association with, if one did.
  const std::optional<Alert>& peer_alert() const { return peer_alert_; }

 protected:
  /// Every message to an endpoint leaves through here (a rogue in the tests alters it on the way).
  virtual Result<> say(Side to, Buffer message) { return channels_[slot(to)].send(message); }

  std::vector<ControlChannel> channels_;  // by Side: c_i, s_i; empty before the Hello

 private:
  Result<> on_hello(const wire::FrameView& frame, Now now, Outputs out);
  Result<> on_announce(Side from, const wire::FrameView& frame, Outputs out);
  Result<> on_channel(Side from, const wire::FrameView& frame, Now now, Outputs out);
  bool belongs(Side from, const wire::FrameHeader& header) const;
  Result<> advance(Now now, Outputs out);
  Result<> on_message(Side from, wire::MessageType type, Bytes body, Now now);
  Result<> on_close(Bytes body, Now now);
  void bind_close(std::uint64_t last, std::uint32_t drain_ms, Now now);
  void flush(Outputs out);
  MiddleboxAgreement::Send sender();

  Options options_;
  MiddleboxPolicy& policy_;
  PartyIndex self_{wire::unknown_party};
  std::size_t parties_ = 0;  // N + 2
  std::optional<wire::Party> next_;
  std::unique_ptr<MiddleboxAgreement> agreement_;
  std::shared_ptr<AssociationRecord> record_;
  bool complete_ = false;
  TimePoint started_ = TimePoint::max();
  TimePoint grace_until_ = TimePoint::max();
  ExpiryClock expiry_;
  std::size_t unverified_bytes_ = 0;
  std::optional<Alert> peer_alert_;
  std::unique_ptr<MiddleboxAudit> audit_;
  Buffer alert_to_pass_;  // an ALERT frame of one side, for the other, so that both ends hear it
  Side alert_from_ = Side::client;
};

}  // namespace louver::session

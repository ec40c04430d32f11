#include "session/endpoint_association.h"

namespace louver::session {

Result<std::size_t> EndpointAssociation::receive(MutableBytes input, Now now, Outbound& out) {
  if (started_ == TimePoint::max()) started_ = now.mono;
  std::size_t consumed = 0;
  while (true) {
    LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, wire::next_frame(input.subspan(consumed), frame_limit()));
    if (!frame) break;
    consumed += frame->whole.size();
    if (frame->header.type == wire::FrameType::channel) {
      LOUVER_TRY(on_channel(*frame, now.wall));
    } else if (frame->header.type == wire::FrameType::alert) {
      LOUVER_TRY(on_alert_frame(*frame));
    } else {
      LOUVER_TRY(on_other_frame(*frame, now, out));
    }
    LOUVER_TRY(advance(now, out));
  }
  return consumed;
}

Result<> EndpointAssociation::on_alert_frame(const wire::FrameView& frame) {
  LOUVER_ASSIGN(const wire::AlertBody body, wire::decode_alert(frame.body()));
  peer_alert_ = PeerAlert{PartyIndex{frame.header.id}, static_cast<Alert>(body.code), false};
  return Error{Fault::peer_alert, "party " + std::to_string(frame.header.id) + " is said to report " +
                                      std::string{name_of(static_cast<Alert>(body.code))}};
}

/// Which channels end here: e and c_i at the client, e and s_i at the server.
Result<> EndpointAssociation::on_channel(const wire::FrameView& frame, WallTime wall) {
  const std::size_t id = frame.header.id;
  const std::uint8_t flags = id == 0 || is_client() ? std::uint8_t{0} : wire::flag::server_channel;
  if (id >= channels_.size() || frame.header.flags != flags) {
    return Error{Fault::unexpected_frame, "CHANNEL " + std::to_string(id) + " with flags " +
                                              std::to_string(frame.header.flags) + " does not end here"};
  }
  LOUVER_TRY(count_unverified(id, frame.header.length));
  return channels_[id].receive(frame.body(), wall);
}

Result<> EndpointAssociation::count_unverified(std::size_t channel, std::size_t octets) {
  if (channels_[channel].established()) return {};
  unverified_bytes_ += octets;
  if (unverified_bytes_ > limits::association_bytes_before_verified) {
    return Error{Fault::limit_exceeded, "more than 256 KiB before every peer is verified"};
  }
  return {};
}

Exporter EndpointAssociation::exporter() const {
  return [this](std::string_view label, Bytes context, MutableBytes out) {
    return channels_[0].export_secret(label, context, out);
  };
}

EndpointAgreement::Send EndpointAssociation::sender() {
  return [this](std::size_t channel, SecretBuffer message) { return say(channel, std::move(message)); };
}

Result<> EndpointAssociation::advance(Now now, Outbound& out) {
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    if (channels_[i].newly_established()) {
      LOUVER_TRY(on_established(i));
      LOUVER_TRY(agreement_->on_verified(i, channels_[i].peer(), exporter(), sender()));
    }
    LOUVER_TRY(take_messages(i, now));
  }
  settle(now);
  flush(out);
  return {};
}

/// After each step of the agreement, not after each batch: the next message of a batch may already need the record.
void EndpointAssociation::settle(Now now) {
  if (agreement_ == nullptr) return;
  if (agreement_->keys_out() && record_ == nullptr) record_ = std::make_shared<AssociationRecord>(agreement_->take());
  if (agreement_->complete() && !complete_) {
    complete_ = true;
    alive_.start(now.mono);
    expiry_.start(record_->expires(), now);
    record_->set_made_at(now.mono);
    if (record_->terms().audits()) audit_ = std::make_unique<EndpointAudit>(*record_, contexts_.end_to_end->identity());
    record_->open();
  }
}

void EndpointAssociation::flush(Outbound& out) {
  for (ControlChannel& channel : channels_) channel.flush(out);
}

Result<> EndpointAssociation::take_messages(std::size_t channel, Now now) {
  return channels_[channel].for_each_message([&](wire::MessageType type, Bytes body) -> Result<> {
    LOUVER_TRY(on_message(channel, type, body, now));
    settle(now);
    return {};
  });
}

Result<> EndpointAssociation::on_message(std::size_t channel, wire::MessageType type, Bytes body, Now now) {
  switch (type) {
    case wire::MessageType::alert:
      return on_alert_message(channel, body);
    case wire::MessageType::alive:
      return on_alive(channel, body, now);
    case wire::MessageType::audit:
    case wire::MessageType::receipt:
      return on_audit_message(channel, type, body, now);
    case wire::MessageType::close:
      if (!agreement_->complete()) break;
      return on_close(channel, body, now);
    case wire::MessageType::blocked:
      if (!agreement_->complete() || channel == 0) break;
      return on_blocked(channel, body);
    default:
      break;
  }
  if (agreement_->complete())
    return Error{Fault::unexpected_message, std::string{wire::name_of(type)} + " after the agreement"};
  return agreement_->on_message(channel, type, body, exporter(), sender());
}

Result<> EndpointAssociation::on_alert_message(std::size_t channel, Bytes body) {
  LOUVER_ASSIGN(const wire::AlertMessage alert, wire::decode<wire::AlertMessage>(body));
  if (!is_alert(alert.code)) return Error{Fault::bad_value, "alert code " + std::to_string(alert.code)};
  const std::string who = channel == 0 ? "the other end" : "M" + std::to_string(channel);
  peer_alert_ = PeerAlert{PartyIndex{alert.party}, static_cast<Alert>(alert.code), true};
  return Error{Fault::peer_alert, who + " reports " + std::string{name_of(static_cast<Alert>(alert.code))}};
}

/// Only where something is audited, and never before the agreement is complete at this end.
Result<> EndpointAssociation::on_audit_message(std::size_t channel, wire::MessageType type, Bytes body, Now now) {
  if (audit_ == nullptr)
    return Error{Fault::unexpected_message, std::string{wire::name_of(type)} + " where nothing is audited"};
  const PartyIndex other = is_client() ? record_->terms().server() : PartyIndex{0};
  const PartyIndex from = channel == 0 ? other : PartyIndex{static_cast<std::uint8_t>(channel)};
  return type == wire::MessageType::audit ? audit_->on_value(from, body, now.mono)
                                          : audit_->on_receipt(from, body, now.mono);
}

Result<> EndpointAssociation::carry_audit(Now now, Outbound& out) {
  if (audit_ == nullptr) return {};
  LOUVER_TRY(audit_->note(record_->audit().take(), now.mono, [this](std::size_t channel, Buffer message) {
    return say(channel, SecretBuffer{std::move(message)});
  }));
  flush(out);
  return {};
}

Result<> EndpointAssociation::on_alive(std::size_t channel, Bytes body, Now now) {
  if (channel != 0 || !agreement_->keys_out()) return Error{Fault::unexpected_message, "Alive out of place"};
  LOUVER_ASSIGN(const wire::Alive alive, wire::decode<wire::Alive>(body));
  if (!complete_) return Error{Fault::unexpected_message, "Alive before the agreement"};
  LOUVER_TRY(alive_.heard(alive.number, now.mono));
  record_->set_alive_received(alive.number);
  return {};
}

/// "a Close binds its receiver as its sender"; "an endpoint that gets one from a Mi sends Close on e"
Result<> EndpointAssociation::on_close(std::size_t channel, Bytes body, Now now) {
  LOUVER_ASSIGN(const wire::Close close, wire::decode<wire::Close>(body));
  if (close.code != 0 && !is_alert(close.code))
    return Error{Fault::bad_value, "Close with code " + std::to_string(close.code)};
  if (channel == 0) record_->other_end_took(close.last);
  return send_close(close.code, close.drain_ms, std::min(close.last, record_->last_join()), now);
}

Result<> EndpointAssociation::on_blocked(std::size_t channel, Bytes body) {
  LOUVER_ASSIGN(wire::Blocked blocked, wire::decode<wire::Blocked>(body));
  const BlockedNote note{PartyIndex{static_cast<std::uint8_t>(channel)}, std::move(blocked)};
  LOUVER_TRY(record_->note_blocked(note));
  blocked_.push_back(note);
  return {};
}

Result<> EndpointAssociation::send_close(std::uint8_t code, std::uint32_t drain_ms, std::uint64_t last, Now now) {
  const TimePoint drain_until =
      drain_ms == wire::drain_by_themselves ? TimePoint::max() : now.mono + std::chrono::milliseconds{drain_ms};
  const TimePoint grace_until = now.mono + limits::close_grace;
  record_->close(last, grace_until, drain_until, Alert::revoked);
  if (close_sent_) return {};
  close_sent_ = true;
  grace_until_ = grace_until;
  // To the other end goes what this one has taken or made, read when it takes no more, and not what others make of it:
  // the client may send again what the server has not taken.
  const std::uint64_t own = record_->last_join();
  for (ControlChannel& channel : channels_) {
    const bool to_other_end = &channel == channels_.data();
    LOUVER_TRY(channel.send(wire::Close{code, drain_ms, to_other_end ? own : last}));
  }
  return {};
}

Result<> EndpointAssociation::close(std::uint8_t code, std::uint32_t drain_ms, Now now, Outbound& out) {
  if (!complete_) return Error{Fault::internal_error, "Close before the agreement"};
  LOUVER_TRY(send_close(code, drain_ms, record_->last_join(), now));
  flush(out);
  return {};
}

Result<> EndpointAssociation::on_deadline(Now now, Outbound& out) {
  if (!complete_) {
    if (now.mono >= started_ + handshake_deadline_)
      return Error{Fault::timeout, "the agreement was not complete within its deadline"};
    return {};
  }
  LOUVER_TRY(expiry_.check(now));
  if (alive_.lost(now.mono)) return Error{Fault::timeout, "no Alive from the other end for 30 s"};
  if (const std::uint32_t number = alive_.due(now.mono)) {
    record_->set_alive_sent(number);
    LOUVER_TRY(channels_[0].send(wire::Alive{number}));
  }
  if (audit_ != nullptr) audit_->on_deadline(now.mono);
  if (now.mono >= grace_until_) {
    record_->erase_secrets();
    grace_until_ = TimePoint::max();
  }
  flush(out);
  return {};
}

TimePoint EndpointAssociation::deadline() const {
  if (started_ == TimePoint::max()) return started_;
  if (!complete_) return started_ + handshake_deadline_;
  const TimePoint audit = audit_ == nullptr ? TimePoint::max() : audit_->deadline();
  return std::min({alive_.deadline(), grace_until_, expiry_.deadline(), audit});
}

Result<> EndpointAssociation::on_connection_end() const {
  if (close_sent_) return {};
  return Error{Fault::connection_lost, "the association's connection was cut"};
}

void EndpointAssociation::fail(const Error& error, Outbound& out) {
  const Alert alert = alert_for(error.fault);
  if (error.fault != Fault::peer_alert) {
    for (ControlChannel& channel : channels_) {
      if (!channel.established()) continue;
      const auto said = channel.send(wire::AlertMessage{0, raw(self()), static_cast<std::uint8_t>(alert)});
      if (!said) continue;  // a channel that is broken says nothing; the ALERT frame does
    }
    flush(out);
    out.append(wire::make_alert_frame(raw(self()), alert));
  }
  if (record_ != nullptr) record_->end(error.fault == Fault::peer_alert && peer_alert_ ? peer_alert_->alert : alert);
}

}  // namespace louver::session

#include "session/middlebox_association.h"

#include "crypto/hash.h"
#include "wire/join.h"

namespace louver::session {

MiddleboxAssociation::MiddleboxAssociation(Options options, MiddleboxPolicy& policy, RandomSource& random)
    : options_(std::move(options)), policy_(policy) {
  random.fill(options_.describe.nonce);
}

Result<std::size_t> MiddleboxAssociation::receive(Side from, MutableBytes input, Now now, Outputs out) {
  if (started_ == TimePoint::max()) started_ = now.mono;
  std::size_t consumed = 0;
  while (true) {
    LOUVER_ASSIGN(const std::optional<wire::FrameView> frame,
                  wire::next_frame(input.subspan(consumed), limits::channel_frame_bytes));
    if (!frame) return consumed;
    consumed += frame->whole.size();
    switch (frame->header.type) {
      case wire::FrameType::hello:
        if (from != Side::client || agreement_ != nullptr)
          return Error{Fault::unexpected_frame, "HELLO twice, or from the server's side"};
        LOUVER_TRY(on_hello(*frame, now, out));
        break;
      case wire::FrameType::channel:
        LOUVER_TRY(on_channel(from, *frame, now, out));
        break;
      case wire::FrameType::alert: {
        LOUVER_ASSIGN(const wire::AlertBody body, wire::decode_alert(frame->body()));
        peer_alert_ = static_cast<Alert>(body.code);
        alert_to_pass_ = to_buffer(frame->whole);
        alert_from_ = from;
        return Error{Fault::peer_alert, "party " + std::to_string(frame->header.id) + " is said to report " +
                                            std::string{louver::name_of(static_cast<Alert>(body.code))}};
      }
      case wire::FrameType::announce:
        LOUVER_TRY(on_announce(from, *frame, out));
        break;
      default:
        return Error{Fault::unexpected_frame,
                     std::string{wire::name_of(frame->header.type)} + " at a middlebox's association"};
    }
  }
}

/// Somebody behind us answers the Hello; that is for the client to hear, and the end of this association.
Result<> MiddleboxAssociation::on_announce(Side from, const wire::FrameView& frame, Outputs out) {
  if (from != Side::server || agreement_ == nullptr || agreement_->ready())
    return Error{Fault::unexpected_frame, "ANNOUNCE out of place"};
  LOUVER_TRY(wire::decode_announce(frame.body()));
  out.to_client.append(frame.whole);
  return Error{Fault::announced, "a middlebox behind this one stands on the path and is not in the route"};
}

Result<> MiddleboxAssociation::on_hello(const wire::FrameView& frame, Now now, Outputs out) {
  LOUVER_ASSIGN(wire::Hello hello, wire::decode_hello(frame.body()));
  const std::size_t n = hello.middleboxes();
  if (n > options_.middleboxes_most)
    return Error{Fault::limit_exceeded,
                 std::to_string(n) + " middleboxes; at most " + std::to_string(options_.middleboxes_most)};
  for (std::uint16_t suite : hello.suites.items) {
    if (crypto::find_suite(suite) == nullptr)
      return Error{Fault::unsupported_suite,
                   "suite " + std::to_string(suite) + " is offered, which this middlebox lacks"};
  }
  const auto place = policy_.place(hello);
  if (!place && place.error().fault == Fault::not_in_route) {
    if (const auto announce = policy_.announce(hello)) {
      out.to_client.append(wire::make_announce_frame(*announce));
      return Error{Fault::announced, "this middlebox stands on the path and is not in the route"};
    }
  }
  LOUVER_ASSIGN(self_, place);
  parties_ = n + 2;
  next_ = hello.route.items[raw(self_)];
  const std::string server = hello.route.items.back().name.text();
  out.to_server.append(frame.whole);

  channels_.emplace_back(tls::Channel{options_.client_side, ""}, raw(self_), std::uint8_t{0});
  channels_.emplace_back(tls::Channel{options_.server_side, server}, raw(self_), wire::flag::server_channel);
  const Buffer describe = wire::encode(options_.describe);
  const Buffer message = wire::make_message(wire::MessageType::describe, describe);
  for (Side side : {Side::client, Side::server}) {
    LOUVER_TRY(say(side, message));
    LOUVER_TRY(channels_[slot(side)].start());
  }
  const tls::Identity& identity = *options_.client_side->identity();
  const MiddleboxAgreement::Own own{self_, identity.leaf_hash(), identity.not_after(), crypto::sha256({describe})};
  agreement_ = std::make_unique<MiddleboxAgreement>(std::move(hello), hash_of_hello(frame.body()), own, policy_);
  return advance(now, out);
}

/// "on the hop (Pk, Pk+1): e with flags 0, c_j with j > k, s_j with j <= k"
bool MiddleboxAssociation::belongs(Side from, const wire::FrameHeader& header) const {
  const std::size_t hop = from == Side::client ? raw(self_) - std::size_t{1} : raw(self_);
  const std::size_t index = header.id;
  if (index + 1 >= parties_) return false;
  if (header.flags == wire::flag::server_channel) return index >= 1 && index <= hop;
  return index == 0 || index > hop;
}

Result<> MiddleboxAssociation::on_channel(Side from, const wire::FrameView& frame, Now now, Outputs out) {
  if (agreement_ == nullptr) return Error{Fault::unexpected_frame, "CHANNEL before HELLO"};
  if (!belongs(from, frame.header)) {
    return Error{Fault::unexpected_frame, "CHANNEL " + std::to_string(frame.header.id) + " with flags " +
                                              std::to_string(frame.header.flags) + " does not belong on this hop"};
  }
  if (frame.header.length == 0) return Error{Fault::bad_value, "an empty CHANNEL frame"};
  const Side side = frame.header.flags == wire::flag::server_channel ? Side::server : Side::client;
  if (frame.header.id != raw(self_) || side != from) {
    out.to(opposite(from)).forward(frame.whole);
    return {};
  }
  ControlChannel& own = channels_[slot(side)];
  if (!own.established()) {
    unverified_bytes_ += frame.header.length;
    if (unverified_bytes_ > limits::association_bytes_before_verified)
      return Error{Fault::limit_exceeded, "too much before the peers are verified"};
  }
  LOUVER_TRY(own.receive(frame.body(), now.wall));
  return advance(now, out);
}

MiddleboxAgreement::Send MiddleboxAssociation::sender() {
  return [this](Side to, Buffer message) { return say(to, std::move(message)); };
}

Result<> MiddleboxAssociation::advance(Now now, Outputs out) {
  for (Side side : {Side::client, Side::server}) {
    ControlChannel& channel = channels_[slot(side)];
    if (channel.newly_established() && side == Side::server) agreement_->on_server_verified(*channel.peer());
    LOUVER_TRY(channel.for_each_message(
        [&](wire::MessageType type, Bytes body) { return on_message(side, type, body, now); }));
  }
  if (agreement_->ready() && record_ == nullptr) record_ = std::make_shared<AssociationRecord>(agreement_->take());
  if (agreement_->complete() && !complete_) {
    complete_ = true;
    expiry_.start(record_->expires(), now);
    record_->set_made_at(now.mono);
    if (record_->terms().audits())
      audit_ = std::make_unique<MiddleboxAudit>(*record_, options_.client_side->identity());
    record_->open();
  }
  flush(out);
  return {};
}

Result<> MiddleboxAssociation::on_message(Side from, wire::MessageType type, Bytes body, Now now) {
  if (type == wire::MessageType::alert) {
    LOUVER_ASSIGN(const wire::AlertMessage alert, wire::decode<wire::AlertMessage>(body));
    if (!is_alert(alert.code)) return Error{Fault::bad_value, "alert code " + std::to_string(alert.code)};
    peer_alert_ = static_cast<Alert>(alert.code);
    // The same ALERT frame comes behind it, and is not waited for: the other end, whose channel may not be up, hears
    // it from here. docs/protocol.md §4 "A failure"
    alert_to_pass_ = wire::make_alert_frame(alert.party, *peer_alert_);
    alert_from_ = from;
    return Error{Fault::peer_alert, std::string{"the "} + name_of(from) + " reports " +
                                        std::string{louver::name_of(static_cast<Alert>(alert.code))}};
  }
  if (type == wire::MessageType::close && complete_) return on_close(body, now);
  if (complete_) return Error{Fault::unexpected_message, std::string{wire::name_of(type)} + " after the agreement"};
  return agreement_->on_message(from, type, body, sender());
}

Result<> MiddleboxAssociation::carry_audit(Now now, Outputs out) {
  if (audit_ == nullptr) return {};
  LOUVER_TRY(audit_->note(record_->audit().take(), now.mono,
                          [this](Side to, Buffer message) { return say(to, std::move(message)); }));
  flush(out);
  return {};
}

Result<> MiddleboxAssociation::on_close(Bytes body, Now now) {
  LOUVER_ASSIGN(const wire::Close close, wire::decode<wire::Close>(body));
  if (close.code != 0 && !is_alert(close.code))
    return Error{Fault::bad_value, "Close with code " + std::to_string(close.code)};
  bind_close(close.last, close.drain_ms, now);
  return {};
}

void MiddleboxAssociation::bind_close(std::uint64_t last, std::uint32_t drain_ms, Now now) {
  const TimePoint drain_until =
      drain_ms == wire::drain_by_themselves ? TimePoint::max() : now.mono + std::chrono::milliseconds{drain_ms};
  grace_until_ = std::min(grace_until_, now.mono + limits::close_grace);
  record_->close(last, grace_until_, drain_until, Alert::revoked);
}

Result<> MiddleboxAssociation::close(std::uint8_t code, std::uint32_t drain_ms, Now now, Outputs out) {
  if (!complete_) return Error{Fault::internal_error, "Close before the agreement"};
  const std::uint64_t last = record_->last_join();
  for (ControlChannel& channel : channels_) LOUVER_TRY(channel.send(wire::Close{code, drain_ms, last}));
  bind_close(last, drain_ms, now);
  flush(out);
  return {};
}

Result<> MiddleboxAssociation::say_blocked(const wire::Blocked& blocked, Outputs out) {
  if (!complete_) return {};
  for (Side side : {Side::client, Side::server}) LOUVER_TRY(say(side, wire::make_message(blocked)));
  flush(out);
  return {};
}

Result<> MiddleboxAssociation::on_deadline(Now now) {
  if (!complete_ && now.mono >= started_ + options_.handshake_deadline)
    return Error{Fault::timeout, "the agreement was not complete within its deadline"};
  LOUVER_TRY(expiry_.check(now));
  if (record_ != nullptr && now.mono >= grace_until_) {
    record_->erase_secrets();
    grace_until_ = TimePoint::max();
  }
  return {};
}

TimePoint MiddleboxAssociation::deadline() const {
  if (started_ == TimePoint::max()) return started_;
  return complete_ ? std::min(grace_until_, expiry_.deadline()) : started_ + options_.handshake_deadline;
}

void MiddleboxAssociation::flush(Outputs out) {
  channels_[slot(Side::client)].flush(out.to_client);
  channels_[slot(Side::server)].flush(out.to_server);
}

void MiddleboxAssociation::fail(const Error& error, Outputs out) {
  const Alert alert =
      error.fault == Fault::peer_alert ? peer_alert_.value_or(Alert::internal_error) : alert_for(error.fault);
  if (error.fault == Fault::announced) {
    if (next_) out.to_server.append(wire::make_alert_frame(raw(self_), alert));
  } else if (error.fault == Fault::peer_alert) {
    const bool has_receiver =
        alert_from_ == Side::server || next_.has_value();  // before the Hello there is nobody behind us
    if (!alert_to_pass_.empty() && has_receiver) out.to(opposite(alert_from_)).append(alert_to_pass_);
  } else {
    for (ControlChannel& channel : channels_) {
      if (!channel.established()) continue;
      const auto said = channel.send(wire::AlertMessage{0, raw(self_), static_cast<std::uint8_t>(alert)});
      if (!said) continue;  // a channel that is broken says nothing; the ALERT frames do
    }
    if (!channels_.empty()) flush(out);
    const Buffer frame = wire::make_alert_frame(raw(self_), alert);
    out.to_client.append(frame);
    if (next_) out.to_server.append(frame);
  }
  if (record_ != nullptr) record_->end(alert);
}

}  // namespace louver::session

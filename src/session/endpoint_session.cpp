#include "session/endpoint_session.h"

namespace louver::session {

Result<std::unique_ptr<EndpointSession>> EndpointSession::make(const KeySource& keys, const ProfileTraits& profile,
                                                               Duration idle_deadline, TimePoint started) {
  const Direction out = keys.self() == PartyIndex{0} ? Direction::c2s : Direction::s2c;
  auto ledger = std::make_unique<ExchangeLedger>();
  LOUVER_ASSIGN(Receiver receiver, Receiver::make(keys, opposite(out), profile, *ledger));
  LOUVER_ASSIGN(Sender sender, Sender::make(keys, out, profile));
  std::unique_ptr<EndpointSession> session{new EndpointSession{keys, profile, std::move(receiver), std::move(sender),
                                                               std::move(ledger), idle_deadline, started}};
  if (keys.terms().audits()) LOUVER_TRY(session->audit(keys));
  return session;
}

Result<> EndpointSession::audit(const KeySource& keys) {
  audit_ = std::make_unique<AuditBook>(AuditBook{keys.session(), {}});
  LOUVER_TRY(receiver_.audit(keys, *audit_, nullptr));
  return sender_.audit(keys, *audit_, nullptr);
}

EndpointSession::EndpointSession(const KeySource& keys, const ProfileTraits& profile, Receiver receiver, Sender sender,
                                 std::unique_ptr<ExchangeLedger> ledger, Duration idle_deadline, TimePoint started)
    : plan_(&keys.plan()),
      is_client_(keys.self() == PartyIndex{0}),
      numbered_(profile.exchanges),
      ledger_(std::move(ledger)),
      receiver_(std::move(receiver)),
      sender_(std::move(sender)),
      idle_deadline_(idle_deadline),
      last_activity_(started) {}

Result<std::size_t> EndpointSession::receive(MutableBytes input, PartSink& sink, TimePoint now) {
  auto consumed =
      for_each_record(input, *plan_, alert_, [&](const wire::FrameView& frame) { return on_record(frame, sink); });
  if (consumed && *consumed != 0) note_progress(now);
  return consumed;
}

Result<> EndpointSession::on_record(const wire::FrameView& frame, PartSink& sink) {
  LOUVER_ASSIGN(const AcceptedRecord record, receiver_.accept(frame));
  const MutableBytes in_place = record.data() != nullptr ? record.data()->ciphertext : MutableBytes{};
  LOUVER_ASSIGN(const std::optional<Part> part, receiver_.open(record, in_place));
  if (is_client_ && numbered_) ledger_->completed = receiver_.complete_exchanges();
  if (!part) return {};
  return sink.on_part(*part);
}

Result<> EndpointSession::send(const Part& part, Outbound& out, TimePoint now) {
  const std::uint32_t n = raw(part.exchange);
  if (is_client_ && numbered_) {
    if (n > ledger_->completed + limits::open_exchanges)
      return Error{Fault::limit_exceeded, "more than 1024 open exchanges"};
  } else if (numbered_ && n > ledger_->highest_c2s) {
    return Error{Fault::record_exchange, "an answer to no request"};
  }
  LOUVER_TRY(sender_.send(part, out));
  if (is_client_) {
    ledger_->highest_c2s = std::max(ledger_->highest_c2s, n);
  } else if (numbered_) {
    ledger_->completed = sender_.complete_exchanges();
  }
  last_activity_ = now;
  return {};
}

Result<> EndpointSession::finish(Outbound& out, TimePoint now) {
  last_activity_ = now;
  return sender_.finish(out);
}

Result<> EndpointSession::on_connection_end() const {
  if (!received_end())
    return Error{Fault::truncated, "the connection ended before the other end's FIN; complete exchanges: " +
                                       std::to_string(complete_exchanges())};
  return {};
}

void EndpointSession::note_progress(TimePoint now) {
  last_activity_ = now;
  const std::uint32_t complete = receiver_.complete_exchanges();
  if (complete != complete_before_ || last_progress_ == TimePoint::max() || !receiver_.parts_missing()) {
    complete_before_ = complete;
    last_progress_ = now;
  }
}

TimePoint EndpointSession::deadline() const {
  const TimePoint since = receiver_.parts_missing() ? std::min(last_activity_, last_progress_) : last_activity_;
  return since == TimePoint::max() ? since : since + idle_deadline_;
}

Result<> EndpointSession::on_deadline(TimePoint now) const {
  if (now < deadline()) return {};
  return Error{Fault::timeout,
               receiver_.parts_missing() ? "a part of an exchange stayed missing" : "nothing moved in the session"};
}

}  // namespace louver::session

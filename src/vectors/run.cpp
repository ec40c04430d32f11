#include "vectors/run.h"

#include "profile/registry.h"

namespace louver::vectors {
namespace {

/// Does with each part what the step says for this middlebox, and knows whether it could.
class Scripted final : public session::RelayHandler {
 public:
  Scripted(const Step& step, std::size_t self) {
    const auto found = std::ranges::find(step.actions, PartyIndex{static_cast<std::uint8_t>(self)}, &Action::by);
    if (found != step.actions.end()) action_ = &*found;
  }
  Result<session::Verdict> on_part(const session::Part& part, session::Grant grant, session::PartSink* emit) override {
    if (action_ == nullptr || part.redacted || part.bytes.empty()) return session::Verdict::pass;
    if (action_->kind == Action::Kind::redact) return redact(grant);
    if (emit == nullptr) return session::Verdict::pass;
    done_ = true;
    session::Part changed = part;
    changed.bytes = action_->with;
    LOUVER_TRY(emit->on_part(changed));
    return session::Verdict::replaced;
  }
  /// There was nothing to do, or it has been done.
  bool satisfied() const { return action_ == nullptr || done_; }

 private:
  session::Verdict redact(session::Grant grant) {
    if (grant != session::Grant::redact) return session::Verdict::pass;
    done_ = true;
    return session::Verdict::redact;
  }

  const Action* action_ = nullptr;
  bool done_ = false;
};

Json name_of_tags(const std::vector<PartyIndex>& parties, Bytes slots) {
  Json out = Json::object();
  for (std::size_t i = 0; i < parties.size(); ++i)
    out[std::to_string(raw(parties[i]))] = to_hex(slots.subspan(i * crypto::tag_octets, crypto::tag_octets));
  return out;
}

Result<> describe_data(const Path& path, const wire::FrameView& frame, const session::Segment& segment, Json& out) {
  LOUVER_ASSIGN(const session::DataView data, session::view_data(frame, segment, path.terms().max_record()));
  out["tag"] = to_hex(data.tag);
  out["verify"] = name_of_tags(segment.has_verifiers() ? segment.verifiers() : std::vector<PartyIndex>{}, data.verify);
  out["witness"] = name_of_tags(segment.witnesses, data.witness);
  out["hop_tag"] = to_hex(data.hop);
  return {};
}

Result<> describe_tombstone(const Path& path, const wire::FrameView& frame, const session::Segment& segment,
                            PartyIndex receiver, Json& out) {
  const std::size_t n = path.middleboxes();
  LOUVER_ASSIGN(const session::RedactedView stone, session::view_redacted(frame, segment, receiver, n));
  out["redactor"] = raw(stone.redactor);
  out["original_length"] = stone.original_length;
  out["redact"] = name_of_tags(segment.redact_verifiers(stone.redactor, n), stone.redact);
  out["witness"] = name_of_tags(segment.witnesses_behind(stone.redactor, n), stone.witness);
  out["hop_tag"] = to_hex(stone.hop);
  return {};
}

template <class F>
Result<> for_each_frame(MutableBytes bytes, F&& f) {
  while (!bytes.empty()) {
    LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, wire::next_frame(bytes, wire::frame_length_most));
    if (!frame) return Error{Fault::internal_error, "a partial frame"};
    LOUVER_TRY(f(*frame));
    bytes = bytes.subspan(frame->whole.size());
  }
  return {};
}

}  // namespace

Result<Json> describe_record(const Path& path, const wire::FrameView& frame, Direction direction, std::size_t rank) {
  const std::size_t n = path.middleboxes();
  const session::Segment* segment = path.client().plan.segment_on_hop(ContextId{frame.header.id}, direction, rank);
  if (segment == nullptr) return Error{Fault::record_context, "no such context on this hop"};
  Json out = {{"hop", direction == Direction::c2s ? rank : n - rank}, {"frame", to_hex(frame.whole)}};
  if (frame.header.type == wire::FrameType::data) {
    LOUVER_TRY(describe_data(path, frame, *segment, out));
  } else {
    LOUVER_TRY(describe_tombstone(path, frame, *segment, session::party_at(rank + 1, direction, n), out));
  }
  return out;
}

Json describe_taken(const session::AcceptedRecord& record, const std::optional<session::Part>& part) {
  Json row = {{"context", raw(record.context())},
              {"exchange", raw(record.exchange())},
              {"seq", record.seq()},
              {"fin", record.fin()}};
  if (!part) return row;
  row["end"] = part->end;
  row["content"] = to_hex(part->bytes);
  row["redacted_octets"] = part->redacted ? Json(part->redacted_bytes) : Json(nullptr);
  return row;
}

Result<std::optional<session::Part>> open_record(session::Receiver& receiver, const session::AcceptedRecord& record,
                                                 Buffer& plaintext) {
  plaintext.resize(record.data() != nullptr ? record.data()->ciphertext.size() : 0);
  return receiver.open(record, plaintext);
}

Result<Run> Run::make(const Path& path) {
  const session::ProfileTraits* profile = profile::find_profile(path.terms().profile());
  if (profile == nullptr) return Error{Fault::bad_value, "hello: no such profile"};
  Run run{path};
  for (const Direction direction : both_directions) {
    const std::size_t author = direction == Direction::c2s ? 0 : path.server();
    LOUVER_ASSIGN(session::Sender sender, session::Sender::make(path.keys(author), direction, *profile));
    run.senders_.push_back(std::make_unique<session::Sender>(std::move(sender)));
    run.ledgers_.push_back(std::make_unique<session::ExchangeLedger>());
    LOUVER_ASSIGN(session::Receiver receiver, session::Receiver::make(path.keys(path.server() - author), direction,
                                                                      *profile, *run.ledgers_.back()));
    run.receivers_.push_back(std::make_unique<session::Receiver>(std::move(receiver)));
  }
  for (std::size_t i = 1; i < path.server(); ++i) {
    LOUVER_ASSIGN(auto relay, session::RelaySession::make(path.keys(i), *profile, limits::idle_deadline));
    run.relays_.push_back(std::move(relay));
  }
  if (path.terms().audits()) LOUVER_TRY(run.audit());
  return run;
}

Result<> Run::audit() {
  for (auto& book : books_) book = std::make_unique<session::AuditBook>(session::AuditBook{path_->session, {}});
  for (const Direction direction : both_directions) {
    const bool from_client = direction == Direction::c2s;
    const std::size_t author = from_client ? 0 : path_->server();
    const std::size_t sink = path_->server() - author;
    LOUVER_TRY(senders_[slot(direction)]->audit(path_->keys(author), *books_[from_client ? 0 : 1], nullptr));
    LOUVER_TRY(receivers_[slot(direction)]->audit(path_->keys(sink), *books_[from_client ? 1 : 0], nullptr));
  }
  return {};
}

std::vector<session::Attested> Run::take_values(Direction direction) {
  std::vector<session::Attested> out;
  for (std::size_t rank = 0; rank <= path_->server(); ++rank) {
    const PartyIndex party = session::party_at(rank, direction, path_->middleboxes());
    session::AuditBook* book = path_->terms().is_endpoint(party) ? books_[party == PartyIndex{0} ? 0 : 1].get()
                                                                 : relays_[raw(party) - 1U]->audit_book();
    if (book == nullptr) continue;
    for (const wire::Audit& value : book->values) out.push_back({party, value});
    book->values.clear();
  }
  return out;
}

Result<Json> Run::step(const Step& what) {
  for (const Action& action : what.actions) {
    if (raw(action.by) > path_->middleboxes())
      return Error{Fault::bad_value, "there is no middlebox " + std::to_string(raw(action.by))};
  }
  LOUVER_ASSIGN(Buffer bytes, author(what));
  return carry(what, std::move(bytes));
}

Result<Buffer> Run::author(const Step& what) {
  session::Sender& sender = *senders_[slot(what.direction)];
  session::Outbound out;
  if (what.finish) {
    LOUVER_TRY(sender.finish(out));
    return out.flatten();
  }
  if (!sender.is_author(what.context)) return Error{Fault::bad_value, "this end is not the context's author"};
  LOUVER_TRY(sender.send({what.context, what.direction, what.exchange, what.plaintext, what.end}, out));
  if (what.direction == Direction::c2s) {  // the client knows what it has asked
    std::uint32_t& asked = ledgers_[slot(Direction::s2c)]->highest_c2s;
    asked = std::max(asked, raw(what.exchange));
  }
  return out.flatten();
}

Result<Json> Run::carry(const Step& what, Buffer bytes) {
  Json records = Json::array();
  for (std::size_t rank = 0;; ++rank) {
    LOUVER_TRY(for_each_frame(bytes, [&](const wire::FrameView& frame) -> Result<> {
      LOUVER_ASSIGN(Json record, describe_record(*path_, frame, what.direction, rank));
      records.push_back(std::move(record));
      return {};
    }));
    if (rank == path_->middleboxes()) break;
    const PartyIndex next = session::party_at(rank + 1, what.direction, path_->middleboxes());
    LOUVER_ASSIGN(bytes, relay(what, raw(next), std::move(bytes)));
  }
  LOUVER_ASSIGN(Json delivered, deliver(what.direction, bytes));
  return Json{{"records", std::move(records)}, {"delivered", std::move(delivered)}};
}

Result<Buffer> Run::relay(const Step& what, std::size_t party, Buffer bytes) {
  Scripted handler{what, party};
  session::Outbound onward;
  LOUVER_ASSIGN(const std::size_t taken,
                relays_[party - 1]->receive(side_from(what.direction), bytes, handler, TimePoint{}, onward));
  if (taken != bytes.size()) return Error{Fault::internal_error, "a relay left octets"};
  if (!handler.satisfied())
    return Error{Fault::bad_value, "middlebox " + std::to_string(party) + " has no grant or nothing to do that with"};
  return onward.flatten();
}

Result<Json> Run::deliver(Direction direction, MutableBytes bytes) {
  Json parts = Json::array();
  session::Receiver& receiver = *receivers_[slot(direction)];
  LOUVER_TRY(for_each_frame(bytes, [&](const wire::FrameView& frame) -> Result<> {
    LOUVER_ASSIGN(const session::AcceptedRecord record, receiver.accept(frame));
    Buffer plaintext;
    LOUVER_ASSIGN(const std::optional<session::Part> part, open_record(receiver, record, plaintext));
    parts.push_back(describe_taken(record, part));
    return {};
  }));
  return parts;
}

}  // namespace louver::vectors

#include "session/association_record.h"

#include "session/join_tags.h"

namespace louver::session {

bool JoinWindow::mark(std::uint64_t number) {
  if (number == 0) return false;
  if (!marked_) marked_ = std::make_unique<std::bitset<limits::join_window>>();
  if (number > highest_) {
    if (number - highest_ >= limits::join_window) {
      marked_->reset();
    } else {
      for (std::uint64_t n = highest_ + 1; n < number; ++n) marked_->reset(n % limits::join_window);
    }
    highest_ = number;
  } else {
    if (highest_ - number >= limits::join_window) return false;
    if (marked_->test(number % limits::join_window)) return false;
  }
  marked_->set(number % limits::join_window);
  return true;
}

Result<wire::Join> decode_join(const wire::FrameView& frame) {
  if (frame.header.type != wire::FrameType::join) {
    return Error{Fault::unexpected_frame, std::string{wire::name_of(frame.header.type)} + " before JOIN"};
  }
  return wire::decode<wire::Join>(frame.body());
}

const PartyReport* AssociationRecord::find_party(PartyIndex party) const {
  const auto found = std::ranges::find(agreement_.parties, party, &PartyReport::index);
  return found == agreement_.parties.end() ? nullptr : &*found;
}

AssociationRecord::State AssociationRecord::state() const {
  const std::lock_guard lock{mutex_};
  return state_;
}

void AssociationRecord::open() {
  {
    const std::lock_guard lock{mutex_};
    if (state_ != State::waiting) return;
    state_ = State::open;
  }
  notify();
}

void AssociationRecord::close(std::uint64_t last, TimePoint grace_until, TimePoint drain_until, Alert reason) {
  {
    const std::lock_guard lock{mutex_};
    if (state_ == State::ended) return;
    if (state_ == State::closing) {  // a second Close can only bind tighter
      last = std::min(last, close_last_);
      grace_until = std::min(grace_until, grace_until_);
      if (drain_until > drain_.until) {
        drain_until = drain_.until;
        reason = drain_.reason;
      }
    }
    state_ = State::closing;
    close_last_ = last;
    grace_until_ = grace_until;
    drain_ = {drain_until, reason};
  }
  notify();
}

void AssociationRecord::end(Alert reason) {
  {
    const std::lock_guard lock{mutex_};
    if (state_ == State::ended) return;
    state_ = State::ended;
    drain_ = {TimePoint::min(), reason};
    agreement_.secrets.erase();
  }
  notify();
}

void AssociationRecord::other_end_took(std::uint64_t last) {
  const std::lock_guard lock{mutex_};
  other_end_took_ = std::min(last, other_end_took_.value_or(last));
}

std::optional<std::uint64_t> AssociationRecord::taken_by_other_end() const {
  const std::lock_guard lock{mutex_};
  return other_end_took_;
}

void AssociationRecord::erase_secrets() {
  const std::lock_guard lock{mutex_};
  if (state_ == State::closing) agreement_.secrets.erase();
}

bool AssociationRecord::secrets_erased() const {
  const std::lock_guard lock{mutex_};
  return agreement_.secrets.size() == 0;
}

void AssociationRecord::reveal_secrets(const std::function<void(const wire::ItemName&, Bytes)>& visit) const {
  const std::lock_guard lock{mutex_};
  agreement_.secrets.for_each(visit);
}

AssociationRecord::Drain AssociationRecord::drain() const {
  const std::lock_guard lock{mutex_};
  return drain_;
}

std::uint64_t AssociationRecord::last_join() const {
  const std::lock_guard lock{mutex_};
  return std::max(window_.highest(), next_number_ - 1);
}

std::size_t AssociationRecord::joins() const {
  const std::lock_guard lock{mutex_};
  return joins_;
}

/// Whether the association still takes a session of this number.
Result<> AssociationRecord::check_life(std::uint64_t number, TimePoint now, WallTime wall) const {
  if (state_ == State::ended) return Error{Fault::revoked, "the association has ended"};
  if (state_ == State::waiting) return Error{Fault::internal_error, "a JOIN before Go must be held"};
  if (wall >= agreement_.expires)
    return Error{Fault::certificate_expired, "a certificate of the association has expired"};
  if (state_ == State::closing && (number > close_last_ || now >= grace_until_)) {
    return Error{Fault::revoked, "the association is closed for session " + std::to_string(number)};
  }
  if (state_ == State::closing && now >= drain_.until) return Error{Fault::revoked, "the association is drained"};
  if (agreement_.secrets.size() == 0) return Error{Fault::revoked, "the association's secrets are erased"};
  return {};
}

Result<> AssociationRecord::check_alive(std::uint32_t alive) const {
  const std::uint32_t newest = alive_sent_.load();
  if (alive > newest) return Error{Fault::join_late, "the JOIN names an Alive that was never sent"};
  if (newest - alive > limits::alive_behind)
    return Error{Fault::join_late, "the JOIN is " + std::to_string(newest - alive) + " Alives old"};
  return {};
}

Result<Buffer> AssociationRecord::make_join(WallTime wall, SessionNumber& number, const Derive& derive) {
  const std::lock_guard lock{mutex_};
  if (state_ != State::open) return Error{Fault::revoked, "the association takes no more sessions"};
  if (wall >= agreement_.expires)
    return Error{Fault::certificate_expired, "a certificate of the association has expired"};
  if (next_number_ >> 63 != 0) return Error{Fault::sequence_exhausted, "session numbers are used up"};
  number = SessionNumber{next_number_++};  // burnt from here on, whatever happens
  const KeySource keys{agreement_, number};
  wire::Join join;
  join.association = agreement_.id;
  join.session = raw(number);
  join.alive = alive_received_.load();
  Buffer frame = wire::make_frame({wire::FrameType::join, 0, 0, 0}, wire::encode(join));
  LOUVER_TRY(join_tags::write_end(keys, frame));
  LOUVER_TRY(join_tags::write_hop(keys, frame));
  LOUVER_TRY(derive(keys));
  ++joins_;
  return frame;
}

Result<> AssociationRecord::take_join(MutableBytes frame, TimePoint now, WallTime wall, const Derive& derive) {
  LOUVER_ASSIGN(const wire::Join join, wire::decode<wire::Join>(Bytes{frame}.subspan(wire::header_octets)));
  const bool is_server = self() == terms().server();
  const std::lock_guard lock{mutex_};
  LOUVER_TRY(check_life(join.session, now, wall));
  const KeySource keys{agreement_, SessionNumber{join.session}};
  LOUVER_TRY(join_tags::check_hop(keys, frame));
  if (is_server) {
    LOUVER_TRY(join_tags::check_end(keys, frame));
    LOUVER_TRY(check_alive(join.alive));
  }
  if (!window_.mark(join.session))
    return Error{Fault::join_replayed, "session " + std::to_string(join.session) + " was taken before"};
  if (!is_server) LOUVER_TRY(join_tags::write_hop(keys, frame));
  LOUVER_TRY(derive(keys));
  ++joins_;
  return {};
}

void AssociationRecord::set_speaker(std::function<void(const wire::Blocked&)> speaker) {
  const std::lock_guard lock{mutex_};
  speaker_ = std::move(speaker);
}

void AssociationRecord::say_blocked(const wire::Blocked& blocked) const {
  std::function<void(const wire::Blocked&)> speaker;
  {
    const std::lock_guard lock{mutex_};
    speaker = speaker_;
  }
  if (speaker) speaker(blocked);
}

Result<> AssociationRecord::note_blocked(BlockedNote note) {
  const wire::Blocked& what = note.what;
  // A server may hear of a session before its JOIN has come, which takes another connection.
  const std::uint64_t most = last_join() + (self() == PartyIndex{0} ? 0 : limits::join_window);
  if (what.session == 0 || what.session > most)
    return Error{Fault::bad_value, "Blocked for session " + std::to_string(what.session)};
  if (terms().find_context(ContextId{what.context}) == nullptr)
    return Error{Fault::bad_value, "Blocked for context " + std::to_string(what.context)};
  const auto sees = [&](Direction direction) {
    return terms().grant(note.by, ContextId{what.context}, direction) != Grant::none;
  };
  if (std::ranges::none_of(both_directions, sees))
    return Error{Fault::bad_value,
                 "Blocked for context " + std::to_string(what.context) + " by a middlebox that may not look at it"};
  if (printable(what.reason.text()) != what.reason.text())
    return Error{Fault::bad_value, "Blocked with a reason that is not printable ASCII"};
  {
    const std::lock_guard lock{mutex_};
    const bool twice = std::ranges::any_of(
        blocked_, [&](const BlockedNote& one) { return one.by == note.by && one.what.session == what.session; });
    if (twice || ++blocked_by_[note.by] > most)
      return Error{Fault::unexpected_message, "Blocked more than once for a session"};
    blocked_.push_back(std::move(note));
    if (blocked_.size() > limits::blocked_notes) blocked_.pop_front();
  }
  notify();
  return {};
}

std::optional<BlockedNote> AssociationRecord::blocked(SessionNumber number) const {
  const std::lock_guard lock{mutex_};
  const auto found =
      std::ranges::find_if(blocked_, [&](const BlockedNote& one) { return one.what.session == raw(number); });
  return found == blocked_.end() ? std::nullopt : std::optional{*found};
}

AssociationRecord::Watch AssociationRecord::watch(std::function<void()> changed) {
  auto handle = std::make_shared<std::function<void()>>(std::move(changed));
  const std::lock_guard lock{mutex_};
  std::erase_if(watchers_, [](const auto& one) { return one.expired(); });
  watchers_.push_back(handle);
  return handle;
}

std::size_t AssociationRecord::watched() const {
  const std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(std::ranges::count_if(watchers_, [](const auto& one) { return !one.expired(); }));
}

void AssociationRecord::notify() {
  std::vector<Watch> alive;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& one : watchers_) {
      if (Watch watcher = one.lock()) alive.push_back(std::move(watcher));
    }
  }
  for (const Watch& watcher : alive) (*watcher)();
}

Result<> AssociationTable::add(std::shared_ptr<AssociationRecord> record) {
  const std::lock_guard lock{mutex_};
  if (records_.size() >= most_)
    return Error{Fault::limit_exceeded, "more than " + std::to_string(most_) + " associations"};
  const auto [at, fresh] = records_.emplace(record->id(), record);
  if (!fresh) return Error{Fault::internal_error, "an association with this id exists"};
  return {};
}

void AssociationTable::remove(const AssociationRecord& record) {
  const std::lock_guard lock{mutex_};
  const auto found = records_.find(record.id());
  if (found != records_.end() && found->second.get() == &record) records_.erase(found);
}

Result<std::shared_ptr<AssociationRecord>> AssociationTable::find(const wire::AssociationId& id) const {
  const std::lock_guard lock{mutex_};
  const auto found = records_.find(id);
  if (found == records_.end()) return Error{Fault::unknown_association, "no association " + to_hex(id)};
  return found->second;
}

std::vector<std::shared_ptr<AssociationRecord>> AssociationTable::list(std::size_t most) const {
  std::vector<std::shared_ptr<AssociationRecord>> out;
  const std::lock_guard lock{mutex_};
  for (const auto& [id, record] : records_) {
    if (out.size() == most) break;
    out.push_back(record);
  }
  return out;
}

std::size_t AssociationTable::size() const {
  const std::lock_guard lock{mutex_};
  return records_.size();
}

}  // namespace louver::session

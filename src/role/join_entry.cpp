#include "role/join_entry.h"

#include "wire/join.h"

namespace louver::role {

void JoinEntry::open(Household& household, SidedLinkPtr link, Station& station, Unproved unproved, Admit admit) {
  std::shared_ptr<JoinEntry> entry{new JoinEntry{household, station, std::move(unproved), std::move(admit)}};
  link->change_owner(*entry, Side::client);
  entry->link_ = std::move(link);
  entry->peer_ = entry->link_->link().remote_address().to_string();
  household.move_in(entry);
  entry->timer_.expires_at(entry->unproved_.deadline, [&self = *entry] {
    self.refuse(Error{Fault::timeout, "the association of this JOIN was not complete in time"});
  });
  entry->link_->link().resume_reading();
}

JoinEntry::JoinEntry(Household& household, Station& station, Unproved unproved, Admit admit)
    : household_(household),
      station_(station),
      unproved_(std::move(unproved)),
      admit_(std::move(admit)),
      timer_(household.loop()) {}

std::size_t JoinEntry::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  const auto consumed = look(input);
  if (!consumed) {
    refuse(consumed.error());
    return input.size();
  }
  return *consumed;
}

Result<std::size_t> JoinEntry::look(MutableBytes input) {
  LOUVER_ASSIGN(const std::optional<wire::FrameView> frame, wire::next_frame(input, wire::join_body_octets));
  if (!frame) return std::size_t{0};
  LOUVER_ASSIGN(const wire::Join join, session::decode_join(*frame));
  LOUVER_ASSIGN(std::shared_ptr<session::AssociationRecord> record, station_.associations.find(join.association));
  if (record->state() == session::AssociationRecord::State::waiting) {
    hold(record);
    return std::size_t{0};
  }
  link_->link().pause_reading();  // what follows is for whoever takes over, when he resumes
  LOUVER_TRY(admit_(household_, link_, std::move(record), frame->whole));
  unproved_.proved();
  station_.counters.add(observe::Counter::joins_accepted);
  leave();
  return frame->whole.size();
}

void JoinEntry::hold(const std::shared_ptr<session::AssociationRecord>& record) {
  link_->link().pause_reading();
  watch_ = record->watch([handle = household_.loop().handle(), weak = weak_from_this()] {
    handle.post([weak] {
      const auto self = std::static_pointer_cast<JoinEntry>(weak.lock());
      if (self != nullptr && self->link_ != nullptr) self->link_->link().resume_reading();
    });
  });
  if (record->state() != session::AssociationRecord::State::waiting)
    link_->link().resume_reading();  // it changed before we watched
}

void JoinEntry::refuse(const Error& error) {
  if (link_ == nullptr) return leave();
  station_.counters.add_join_refused(alert_for(error.fault));
  station_.log.write(
      observe::Level::info, observe::Event::join_refused,
      {{"peer", peer_}, {"alert", std::string{name_of(alert_for(error.fault))}}, {"fault", describe(error)}});
  link_->link().write(wire::make_alert_frame(wire::unknown_party, alert_for(error.fault)));
  link_->link().close_when_written(last_words);
  leave();
}

void JoinEntry::leave() {
  timer_.cancel();
  watch_.reset();
  household_.move_out(*this);
}

void JoinEntry::abort() {
  if (link_ != nullptr) link_->link().abort();
  leave();
}

}  // namespace louver::role

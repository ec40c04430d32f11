#include "role/doorway.h"

#include "wire/join.h"

namespace louver::role {

void Doorway::open(Household& household, runtime::Socket socket, Station& station, Guests& guests) {
  auto place = station.unproved.admit(socket.remote.ip);
  if (!place) {
    station.log.write(observe::Level::warn, observe::Event::connection_refused,
                      {{"peer", socket.remote.to_string()},
                       {"fault", describe(place.error())},
                       {"what", "of those that have proved nothing yet"}});
    return;  // and it is closed
  }
  const auto kept = std::make_shared<std::shared_ptr<void>>(*std::move(place));
  socket.hold(kept);
  const TimePoint deadline = runtime::now() + station.limits.handshake_deadline;
  std::shared_ptr<Doorway> door{new Doorway{household, station, guests, {kept, deadline}}};
  door->link_ =
      std::make_unique<SidedLink>(household.loop(), std::move(socket), *door, Side::client, station.link_options);
  household.move_in(door);
  door->timer_.expires_at(deadline, [&self = *door] { self.refuse(Error{Fault::timeout, "nothing came in time"}); });
  door->link_->link().resume_reading();
}

Doorway::Doorway(Household& household, Station& station, Guests& guests, Unproved unproved)
    : household_(household),
      station_(station),
      guests_(guests),
      unproved_(std::move(unproved)),
      timer_(household.loop()) {}

std::size_t Doorway::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  std::array<std::byte, wire::header_octets> six{};
  six[0] = input[0];
  if (input.size() >= six.size()) std::ranges::copy(input.first(six.size()), six.begin());
  const auto header = wire::read_header(six);
  if (!header) {
    refuse(header.error());
    return input.size();
  }
  if (header->type != wire::FrameType::hello && header->type != wire::FrameType::join) {
    refuse(Error{Fault::unexpected_frame,
                 std::string{wire::name_of(header->type)} + " as the first frame of a connection"});
    return input.size();
  }
  link_->link().pause_reading();  // nothing is consumed: the same octets come again to whoever takes over
  household_.loop().post([self = shared_from_this(), this, type = header->type] { hand_over(type); });
  return 0;
}

void Doorway::hand_over(wire::FrameType type) {
  if (link_ == nullptr || !link_->link().is_open()) return;
  SidedLinkPtr link = std::move(link_);
  leave();
  if (type == wire::FrameType::hello) {
    guests_.on_association(household_, std::move(link), unproved_);
  } else {
    guests_.on_session(household_, std::move(link), std::move(unproved_));
  }
}

/// Before anything is authenticated: a stranger of another protocol gets one plain sentence, one of ours an alert.
void Doorway::refuse(const Error& error) {
  if (link_ == nullptr) return;
  station_.log.write(observe::Level::info, observe::Event::connection_refused,
                     {{"peer", link_->link().remote_address().to_string()},
                      {"alert", std::string{name_of(alert_for(error.fault))}},
                      {"fault", describe(error)}});
  if (error.fault == Fault::not_louver) {
    link_->link().write(to_buffer(wire::wrong_protocol_answer()));
  } else {
    link_->link().write(wire::make_alert_frame(wire::unknown_party, alert_for(error.fault)));
  }
  link_->link().close_when_written(last_words);
  leave();
}

void turn_away(Station& station, SidedLinkPtr link, const Error& error) {
  station.log.write(observe::Level::info, observe::Event::connection_refused,
                    {{"peer", link->link().remote_address().to_string()},
                     {"alert", std::string{name_of(alert_for(error.fault))}},
                     {"fault", describe(error)}});
  link->link().write(wire::make_alert_frame(wire::unknown_party, alert_for(error.fault)));
  link->link().close_when_written(last_words);
}

void Doorway::leave() {
  timer_.cancel();
  household_.move_out(*this);
}

void Doorway::abort() {
  if (link_ != nullptr) link_->link().abort();
  leave();
}

}  // namespace louver::role

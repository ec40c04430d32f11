#include "role/turned_away.h"

#include "profile/http1/error_answer.h"

namespace louver::role {
namespace {

/// For his first octet; then he gets no answer.
constexpr std::chrono::seconds longest_silence{5};

std::string answer_text(const std::string& reason) {
  auto answer = profile::http1::make_error_answer(403, reason);
  answer.head.fields.push_back({"connection", "close"});
  return profile::http1::write_head(answer.head) + answer.body;
}

}  // namespace

void TurnedAway::start(Household& household, Station& station, runtime::Socket socket, const std::string& reason) {
  std::shared_ptr<TurnedAway> made{new TurnedAway{household, reason}};
  made->link_ =
      std::make_unique<SidedLink>(household.loop(), std::move(socket), *made, Side::client, station.link_options);
  household.move_in(made);
  made->timer_.expires_at(runtime::now() + longest_silence, [self = made.get()] { self->leave(); });
  made->link_->link().resume_reading();
}

TurnedAway::TurnedAway(Household& household, const std::string& reason)
    : household_(household), answer_(answer_text(reason)), timer_(household.loop()) {}

/// Not before: some clients take an answer that comes ahead of their request for a fault of the connection.
std::size_t TurnedAway::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  if (!over_) {
    link_->link().write(to_buffer(answer_));
    link_->link().close_when_written();
    leave();
  }
  return input.size();
}

void TurnedAway::leave() {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  household_.move_out(*this);
}

}  // namespace louver::role

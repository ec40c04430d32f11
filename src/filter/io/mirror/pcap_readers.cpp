#include "filter/io/mirror/pcap_readers.h"

#include <sys/stat.h>

#include <algorithm>

#include "filter/io/mirror/tcp_stream.h"
#include "runtime/clock.h"

namespace louver::filter::mirror {
namespace {

constexpr mode_t socket_owner_only = 0600;
constexpr int connections_that_wait = 16;

}  // namespace

PcapServer::Readers::Readers(PcapOptions options, std::shared_ptr<Shared> shared)
    : options_(std::move(options)),
      shared_(std::move(shared)),
      admits_(options_.admits),
      address_(options_.place()),
      lost_("for readers at " + address_, "they do not take them as fast as they come", options_.tell) {}

Result<> PcapServer::Readers::listen(runtime::LoopPool& pool) {
  LOUVER_TRY(open_users());
  const runtime::ListenerOptions few{.limits = {}, .backlog = connections_that_wait};
  const auto taken = [weak = weak_from_this()](runtime::Loop& loop, runtime::Socket socket) {
    if (const auto self = weak.lock()) self->take(loop, std::move(socket));
  };
  const auto trouble = [weak = weak_from_this()](const std::string& what) {
    if (const auto self = weak.lock()) self->note(ReaderNote::Kind::trouble, {}, {}, what);
  };
  auto opened = options_.path.empty()
                    ? runtime::Listener::open(pool, options_.listen, few, taken, trouble)
                    : runtime::Listener::open_local(pool, options_.path, socket_owner_only, few, taken, trouble);
  if (!opened) return Error{Fault::configuration, "filter mirror: " + opened.error().detail};
  listener_ = *std::move(opened);
  if (options_.path.empty()) address_ = listener_->address().to_string();
  note(ReaderNote::Kind::listens, {}, {}, {});
  return {};
}

/// Where everybody may read, it does not matter whether the kernel can be asked.
Result<> PcapServer::Readers::open_users() {
  if (!options_.path.empty()) return {};  // a Unix socket knows its user itself
  auto opened = runtime::ConnectionUsers::open();
  if (opened) {
    users_.emplace(*std::move(opened));
  } else if (!admits_(runtime::ConnectionUser{})) {
    return Error{Fault::configuration, "filter mirror: " + opened.error().detail +
                                           "; let the process use AF_NETLINK, or listen on a Unix socket"};
  }
  return {};
}

runtime::ConnectionUser PcapServer::Readers::user_of(const runtime::Socket& socket) {
  if (const auto local = runtime::user_of_local(socket)) return *local;
  return users_ ? users_->of(socket) : runtime::ConnectionUser{};
}

void PcapServer::Readers::take(runtime::Loop& loop, runtime::Socket socket) {
  const runtime::ConnectionUser user = user_of(socket);
  const std::string peer = socket.remote.port == 0 ? "local" : socket.remote.to_string();
  if (!admits_(user)) return note(ReaderNote::Kind::refused, peer, to_string(user), "this user may not read here");
  if (!make_room()) {
    return note(ReaderNote::Kind::refused, peer, to_string(user),
                std::to_string(readers_most) + " read already, which is the most");
  }
  readers_.emplace_back(loop, std::move(socket), user, options_.queue,
                        [this](PcapReader& gone, const std::string& why) {
                          const auto same = [&](const PcapReader& one) { return &one == &gone; };
                          end(std::ranges::find_if(readers_, same), why);
                        });
  count();
  ++shared_->arrivals;  // after it is there: what is offered from now on reaches it
  note(ReaderNote::Kind::began, peer, to_string(user), {});
}

/// Of those that have ended their side some may be gone, which nobody hears of before the next packet.
bool PcapServer::Readers::make_room() {
  if (readers_.size() < readers_most) return true;
  const auto ended = std::ranges::find_if(readers_, [](const PcapReader& one) { return one.has_ended(); });
  if (ended == readers_.end()) return false;
  end(ended, "it has ended its side, and another wants its place");
  return true;
}

std::list<PcapReader>::iterator PcapServer::Readers::end(std::list<PcapReader>::iterator reader,
                                                         const std::string& why) {
  const std::string missing =
      reader->lost() == 0 ? "" : "; " + std::to_string(reader->lost()) + " packets are missing in what it got";
  note(ReaderNote::Kind::ended, reader->peer(), to_string(reader->user()), why + missing);
  const auto next = readers_.erase(reader);
  count();
  return next;
}

void PcapServer::Readers::deliver(const Copied& copied) {
  if (const std::uint64_t lost = shared_->lost.exchange(0); lost != 0) lost_.add(lost);
  const TimePoint now = runtime::now();
  for (auto reader = readers_.begin(); reader != readers_.end();) {
    const PcapReader::Given given = reader->give(copied);
    if (given.lost != 0) lost_.add(given.lost);
    if (given.needs_entry) ++shared_->arrivals;
    reader = reader->is_stuck(now) ? end(reader, "it has taken nothing for a minute") : std::next(reader);
  }
  lost_.remind();
}

void PcapServer::Readers::admit_only(Admits admits) {
  admits_ = std::move(admits);
  for (auto reader = readers_.begin(); reader != readers_.end();)
    reader = admits_(reader->user()) ? std::next(reader) : end(reader, "this user may read here no more");
}

void PcapServer::Readers::close(Duration at_most) {
  listener_.reset();
  for (PcapReader& reader : readers_) reader.close(at_most);
  readers_.clear();
  count();
}

void PcapServer::Readers::note(ReaderNote::Kind kind, std::string_view peer, std::string_view user,
                               std::string_view what) {
  options_.note({.kind = kind, .address = address_, .peer = peer, .user = user, .what = what});
}

}  // namespace louver::filter::mirror

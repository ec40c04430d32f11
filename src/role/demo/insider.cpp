#include "role/demo/insider.h"

#include <boost/asio/ip/tcp.hpp>
#include <iostream>
#include <optional>

#include "role/demo/party_process.h"

namespace louver::role::demo {
namespace {

constexpr std::chrono::seconds replay_deadline{3};

void say(const Json& event) { std::cout << event.dump() + "\n" << std::flush; }

/// What one session leaves behind for a replay.
struct Recorded {
  Buffer join;
  std::optional<runtime::Endpoint> next;
};

/// Opens a connection of its own and puts the whole session out again. Waits: an insider may.
void replay(const Recorded& recorded, Bytes records) {
  boost::asio::ip::tcp::iostream connection;
  connection.expires_after(replay_deadline);
  connection.connect(recorded.next->host(), std::to_string(recorded.next->port()));
  connection << as_text(recorded.join) << as_text(records) << std::flush;
  const std::string answer{std::istreambuf_iterator<char>{connection}, {}};
  say({{"event", event_replayed}, {"connected", recorded.next->to_string()}, {"octets", answer.size()}});
}

}  // namespace

MiddleboxHooks insider_hooks(Attempt attempt, const runtime::Endpoint& past) {
  const auto recorded = std::make_shared<Recorded>();
  MiddleboxHooks hooks;
  hooks.make_relay = [attempt, recorded](const session::KeySource& keys, const session::ProfileTraits& profile,
                                         Duration idle) {
    InsiderRelay::Helper helper;
    helper.on_tried = [](const InsiderRelay::Tried& tried) {
      say({{"event", event_tried},
           {"keys", tried.keys},
           {"records", tried.records},
           {"attempts", tried.attempts},
           {"opened", tried.opened},
           {"octets", tried.octets_opened},
           {"granted_opened", tried.granted_opened}});
    };
    if (attempt == Attempt::replay_join) {
      helper.on_answer = [recorded](Bytes sent) { replay(*recorded, sent); };
    }
    return InsiderRelay::make(keys, profile, idle, attempt, std::move(helper));
  };
  hooks.next_of_session = [attempt, recorded, past](Bytes join, const runtime::Endpoint& next) {
    recorded->join = to_buffer(join);
    recorded->next = next;
    if (attempt != Attempt::rejoin) return next;
    say({{"event", event_rejoined}, {"instead_of", next.to_string()}, {"connected", past.to_string()}});
    return past;
  };
  return hooks;
}

}  // namespace louver::role::demo

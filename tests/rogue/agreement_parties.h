#pragma once

#include <functional>
#include <vector>

#include "session/client_association.h"
#include "session/middlebox_association.h"
#include "session/server_association.h"

namespace louver::rogue {

/// A message of the agreement on its way out of a party. `channel` is 0 for the end-to-end one and i for the one with
/// Mi; at a middlebox it is 0 towards the client and 1 towards the server.
struct Message {
  std::size_t channel;
  wire::MessageType type;
  Buffer body;
  bool bare = false;  // `body` leaves as it is, without the header of a message
};

/// What an insider makes of a message: whatever it puts into `out` leaves in its place.
using Twist = std::function<void(Message message, std::vector<Message>& out)>;

/// One message that left a party.
struct Said {
  std::size_t party;
  std::size_t channel;
  wire::MessageType type;
  Buffer body;
};

/// What Keys that were said hand out.
std::vector<wire::ItemName> names_in_keys(const Said& said);

/// What one party does with what it says, and the log that all parties of an association write.
struct Script {
  std::size_t party = 0;
  Twist twist{};
  std::vector<Said>* log = nullptr;

  using Send = std::function<Result<>(std::size_t channel, Bytes message)>;
  Result<> say(std::size_t channel, Bytes message, const Send& send);
  Result<> put(const Message& message, const Send& send);
};

/// The engines with a script; without a twist they are as honest as the originals.
class RogueClient final : public session::ClientAssociation {
 public:
  RogueClient(session::EndpointChannels channels, Duration deadline, Script script)
      : ClientAssociation(std::move(channels), deadline), script_(std::move(script)) {}
  using ClientAssociation::set_up;
  const tls::VerifiedPeer* peer(std::size_t channel) const { return channels_[channel].peer(); }

 private:
  Result<> say(std::size_t channel, SecretBuffer message) override;
  Script script_;
};

class RogueServer final : public session::ServerAssociation {
 public:
  RogueServer(Options options, session::EndpointChannels channels, session::ServerPolicy& policy, RandomSource& random,
              Script script)
      : ServerAssociation(std::move(options), std::move(channels), policy, random), script_(std::move(script)) {}

 private:
  Result<> say(std::size_t channel, SecretBuffer message) override;
  Script script_;
};

class RogueMiddlebox final : public session::MiddleboxAssociation {
 public:
  RogueMiddlebox(Options options, session::MiddleboxPolicy& policy, RandomSource& random, Script script)
      : MiddleboxAssociation(std::move(options), policy, random), script_(std::move(script)) {}
  /// Says something of its own, at a moment of its own.
  Result<> say_now(const Message& message, Outputs out);

 private:
  Result<> say(Side to, Buffer message) override;
  Script script_;
};

/// Changes every message of type M that leaves on that channel (by default on all).
inline constexpr std::size_t every_channel = SIZE_MAX;
template <wire::Described M>
Twist altering(std::function<void(M& message)> change, std::size_t channel = every_channel) {
  return [change = std::move(change), channel](Message message, std::vector<Message>& out) {
    if (message.type == M::type && (channel == every_channel || channel == message.channel)) {
      auto body = wire::decode<M>(message.body);
      change(*body);
      message.body = wire::encode(*body);
    }
    out.push_back(std::move(message));
  };
}
/// Keeps messages of that type to itself.
Twist withholding(wire::MessageType type, std::size_t channel = every_channel);
/// Says messages of that type twice.
Twist repeating(wire::MessageType type, std::size_t channel = every_channel);

}  // namespace louver::rogue

#include "rogue/agreement_parties.h"

namespace louver::rogue {
namespace {

bool meant(const Message& message, wire::MessageType type, std::size_t channel) {
  return message.type == type && (channel == every_channel || channel == message.channel);
}

}  // namespace

std::vector<wire::ItemName> names_in_keys(const Said& said) {
  std::vector<wire::ItemName> out;
  const auto keys = wire::decode<wire::Keys>(said.body);
  for (const wire::KeyItem& item : keys->items.items) out.push_back(item.name);
  return out;
}

Result<> Script::put(const Message& message, const Send& send) {
  if (log != nullptr) log->push_back({party, message.channel, message.type, message.body});
  return send(message.channel, message.bare ? message.body : wire::make_message(message.type, message.body));
}

Result<> Script::say(std::size_t channel, Bytes message, const Send& send) {
  LOUVER_ASSIGN(const std::optional<wire::MessageView> view, wire::next_message(message));
  std::vector<Message> out;
  Message said{channel, view->type, to_buffer(view->body)};
  if (twist) {
    twist(std::move(said), out);
  } else {
    out.push_back(std::move(said));
  }
  for (const Message& one : out) LOUVER_TRY(put(one, send));
  return {};
}

Result<> RogueClient::say(std::size_t channel, SecretBuffer message) {
  return script_.say(channel, message.expose(),
                     [this](std::size_t to, Bytes bytes) { return channels_[to].send(bytes); });
}

Result<> RogueServer::say(std::size_t channel, SecretBuffer message) {
  return script_.say(channel, message.expose(),
                     [this](std::size_t to, Bytes bytes) { return channels_[to].send(bytes); });
}

Result<> RogueMiddlebox::say(Side to, Buffer message) {
  return script_.say(slot(to), message,
                     [this](std::size_t channel, Bytes bytes) { return channels_[channel].send(bytes); });
}

Result<> RogueMiddlebox::say_now(const Message& message, Outputs out) {
  LOUVER_TRY(script_.put(message, [this](std::size_t channel, Bytes bytes) { return channels_[channel].send(bytes); }));
  channels_[slot(Side::client)].flush(out.to_client);
  channels_[slot(Side::server)].flush(out.to_server);
  return {};
}

Twist withholding(wire::MessageType type, std::size_t channel) {
  return [type, channel](Message message, std::vector<Message>& out) {
    if (!meant(message, type, channel)) out.push_back(std::move(message));
  };
}

Twist repeating(wire::MessageType type, std::size_t channel) {
  return [type, channel](Message message, std::vector<Message>& out) {
    if (meant(message, type, channel)) out.push_back(message);
    out.push_back(std::move(message));
  };
}

}  // namespace louver::rogue

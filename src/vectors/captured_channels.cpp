#include "vectors/captured_channels.h"

#include "crypto/hash.h"

namespace louver::vectors {
namespace {

using Streams = std::map<std::string, std::array<std::vector<Buffer>, 2>>;  // channel -> bodies by direction

Error at(std::size_t hop, Direction direction, const std::string& why) {
  return Error{Fault::unexpected_frame,
               "/inputs/association/" + std::to_string(hop) + "/" + name_of(direction) + ": " + why};
}

/// "On hop k these CHANNEL frames belong". docs/protocol.md §2
bool belongs(const wire::FrameHeader& header, std::size_t hop, std::size_t middleboxes) {
  if (header.id > middleboxes) return false;
  if (header.id == 0) return header.flags == 0;
  return header.flags == 0 ? header.id > hop : header.id <= hop;
}

std::string channel_name(const wire::FrameHeader& header) {
  if (header.id == 0) return "e";
  return (header.flags == 0 ? "c" : "s") + std::to_string(header.id);
}

/// The frames of one hop and direction, but for the Hello.
Result<> gather(const Capture& capture, std::size_t hop, Direction direction, Streams& to) {
  const auto& frames = capture.association[hop].frames[slot(direction)];
  for (std::size_t i = direction == Direction::c2s ? 1 : 0; i < frames.size(); ++i) {
    LOUVER_ASSIGN(const wire::FrameHeader header, wire::read_header(Bytes{frames[i]}.first(wire::header_octets)));
    if (header.type != wire::FrameType::channel || header.length == 0)
      return at(hop, direction, "only CHANNEL frames are wanted behind the HELLO");
    if (!belongs(header, hop, capture.middleboxes()))
      return at(hop, direction, "a frame of a channel that is not on this hop");
    to[channel_name(header)][slot(direction)].push_back(to_buffer(Bytes{frames[i]}.subspan(wire::header_octets)));
  }
  return {};
}

/// Every channel as it was on this hop.
Result<Streams> streams_on(const Capture& capture, std::size_t hop) {
  Streams out;
  for (const Direction direction : both_directions) LOUVER_TRY(gather(capture, hop, direction, out));
  return out;
}

Result<Buffer> read_hello(const Capture& capture) {
  std::optional<Buffer> hello;
  for (std::size_t hop = 0; hop < capture.association.size(); ++hop) {
    const auto& frames = capture.association[hop].frames[slot(Direction::c2s)];
    if (frames.empty() || frames.front().front() != static_cast<std::byte>(wire::FrameType::hello))
      return at(hop, Direction::c2s, "HELLO is wanted first");
    if (hello && *hello != frames.front()) return at(hop, Direction::c2s, "the HELLO has changed on its way");
    hello = frames.front();
  }
  return to_buffer(Bytes{*hello}.subspan(wire::header_octets));
}

/// A channel crosses neighbouring hops; what is on one of them is what is on the others.
Result<Streams> read_streams(const Capture& capture) {
  Streams out;
  for (std::size_t hop = 0; hop < capture.association.size(); ++hop) {
    LOUVER_ASSIGN(Streams here, streams_on(capture, hop));
    for (auto& [name, streams] : here) {
      const auto [known, fresh] = out.emplace(name, streams);
      if (!fresh && known->second != streams)
        return at(hop, known->second[0] != streams[0] ? Direction::c2s : Direction::s2c,
                  "channel " + name + " has changed on its way");
    }
  }
  // each hop carries e, c of the middleboxes behind it and s of those before it
  for (std::size_t hop = 0; hop < capture.association.size(); ++hop) {
    LOUVER_ASSIGN(const Streams here, streams_on(capture, hop));
    if (here.size() != 1 + capture.middleboxes()) return at(hop, Direction::c2s, "a channel is missing");
  }
  return out;
}

Buffer joined(const std::vector<Buffer>& bodies) {
  Buffer out;
  for (const Buffer& body : bodies) append(out, body);
  return out;
}

Result<std::vector<Said>> messages_of(Bytes application) {
  std::vector<Said> out;
  while (!application.empty()) {
    LOUVER_ASSIGN(const std::optional<wire::MessageView> message, wire::next_message(application));
    if (!message) return Error{Fault::input_too_short, "it ends within a message"};
    out.push_back({message->type, to_buffer(message->body)});
    application = application.subspan(message->octets);
  }
  return out;
}

Result<ReadChannel> read_channel(const std::string& name, const std::array<std::vector<Buffer>, 2>& streams,
                                 const TlsSecrets& secrets) {
  ReadChannel out;
  const std::string alpn = std::string{"louver-x/1-"} + name.front();
  LOUVER_ASSIGN(out.tls,
                read_tls(joined(streams[slot(Direction::c2s)]), joined(streams[slot(Direction::s2c)]), secrets, alpn));
  LOUVER_ASSIGN(out.from_client, messages_of(out.tls.client.application));
  LOUVER_ASSIGN(out.from_server, messages_of(out.tls.server.application));
  return out;
}

Json side_to_json(const TlsSide& tls, const std::vector<Said>& messages) {
  Json out = {{"leaf_hash", tls.leaf.empty() ? Json(nullptr) : Json(to_hex(crypto::sha256({tls.leaf})))},
              {"messages", Json::array()},
              {"close_notify", tls.closed}};
  for (const Said& one : messages)
    out["messages"].push_back({{"type", wire::name_of(one.type)}, {"body", to_hex(one.body)}});
  return out;
}

}  // namespace

Result<CapturedChannels> read_channels(const Capture& capture) {
  CapturedChannels out;
  LOUVER_ASSIGN(out.hello, read_hello(capture));
  LOUVER_ASSIGN(const Streams streams, read_streams(capture));
  for (const auto& [name, secrets] : capture.tls) {
    const auto found = streams.find(name);
    if (found == streams.end())
      return Error{Fault::unexpected_frame, "/inputs/association: channel " + name + " is missing"};
    auto channel = read_channel(name, found->second, secrets);
    if (!channel) return Error{channel.error().fault, "channel " + name + ": " + channel.error().detail};
    out.channels.emplace(name, *std::move(channel));
  }
  return out;
}

Json to_json(const CapturedChannels& channels) {
  Json out = Json::object();
  for (const auto& [name, channel] : channels.channels) {
    out[name] = {{"tls_suite", channel.tls.suite->name},
                 {"client", side_to_json(channel.tls.client, channel.from_client)},
                 {"server", side_to_json(channel.tls.server, channel.from_server)}};
  }
  return out;
}

}  // namespace louver::vectors

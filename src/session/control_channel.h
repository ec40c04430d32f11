#pragma once

#include "base/time.h"
#include "session/output.h"
#include "tls/channel.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace louver::session {

/// One pairwise channel as it travels in CHANNEL frames: which id and flags it has there, and the messages in it.
class ControlChannel {
 public:
  ControlChannel(tls::Channel channel, std::uint8_t id, std::uint8_t flags)
      : channel_(std::move(channel)), id_(id), flags_(flags) {}

  Result<> start() { return channel_.start(); }
  /// Body of a CHANNEL frame. @fault bad_value for an empty one, whatever the TLS connection finds
  Result<> receive(Bytes body, WallTime wall) {
    if (body.empty()) return Error{Fault::bad_value, "an empty CHANNEL frame"};
    return channel_.receive(body, wall);
  }
  Result<> send(Bytes message) { return channel_.send(message); }
  template <wire::Described M>
  Result<> send(const M& message) {
    return channel_.send(wire::make_message(message));
  }
  /// What the TLS connection wants to say, as CHANNEL frames.
  void flush(Outbound& out);

  /// True once, when the handshake is complete and the peer checked.
  bool newly_established();
  bool established() const { return channel_.established(); }
  const tls::VerifiedPeer* peer() const { return channel_.peer(); }
  Result<> export_secret(std::string_view label, Bytes context, MutableBytes out) const {
    return channel_.export_secret(label, context, out);
  }

  /// Hands whole messages to `take(MessageType, body)`, first to last, and stops at its first fault.
  template <class Take>
  Result<> for_each_message(Take&& take) {
    while (channel_.established()) {
      LOUVER_ASSIGN(const std::optional<wire::MessageView> message, wire::next_message(channel_.received()));
      if (!message) return {};
      const std::size_t octets = message->octets;
      LOUVER_TRY(take(message->type, message->body));
      channel_.consume(octets);
    }
    return {};
  }

 private:
  tls::Channel channel_;
  std::uint8_t id_;
  std::uint8_t flags_;
  bool reported_ = false;
};

}  // namespace louver::session

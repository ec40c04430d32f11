#include "wire/messages.h"

namespace louver::wire {

std::string_view name_of(MessageType type) {
  switch (type) {
    case MessageType::describe:
      return "Describe";
    case MessageType::accept:
      return "Accept";
    case MessageType::confirm:
      return "Confirm";
    case MessageType::keys:
      return "Keys";
    case MessageType::ready:
      return "Ready";
    case MessageType::go:
      return "Go";
    case MessageType::alive:
      return "Alive";
    case MessageType::audit:
      return "Audit";
    case MessageType::receipt:
      return "Receipt";
    case MessageType::blocked:
      return "Blocked";
    case MessageType::alert:
      return "Alert";
    case MessageType::close:
      return "Close";
  }
  return {};
}

Result<std::optional<MessageView>> next_message(Bytes received) {
  if (received.size() < message_header_octets) return std::optional<MessageView>{};
  Reader in{received};
  std::uint64_t type = 0;
  std::uint64_t length = 0;
  in.number<1>(type);
  in.number<3>(length);
  const auto known = static_cast<MessageType>(type);
  if (name_of(known).empty()) return Error{Fault::unexpected_message, "message type " + std::to_string(type)};
  if (length > limits::message_bytes) {
    return Error{Fault::limit_exceeded, std::string{name_of(known)} + " of " + std::to_string(length) + " octets"};
  }
  Bytes body;
  if (in.rest().size() < length) return std::optional<MessageView>{};
  in.take(length, body);
  return std::optional{MessageView{known, body, message_header_octets + length}};
}

Buffer make_message(MessageType type, Bytes body) {
  Buffer out;
  out.reserve(message_header_octets + body.size());
  write(out, type);
  detail::put_number(out, body.size(), 3);
  append(out, body);
  return out;
}

}  // namespace louver::wire

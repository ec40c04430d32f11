#pragma once

#include "wire/hello.h"

/// The messages inside the channels: msg_type u8 | length u24 | body. docs/protocol.md §4, §8
namespace louver::wire {

enum class MessageType : std::uint8_t {
  describe = 1,
  accept = 2,
  confirm = 3,
  keys = 4,
  ready = 5,
  go = 6,
  alive = 7,
  audit = 8,
  receipt = 9,
  blocked = 10,
  alert = 11,
  close = 12,
};
std::string_view name_of(MessageType type);

inline constexpr std::size_t message_header_octets = 4;

/// Who runs a middlebox and what for; the same octets to both endpoints.
struct Describe {
  Opaque<0, 255> operator_name;
  Opaque<0, 1023> purpose;
  Opaque<0, 255> software;
  Opaque<0, 255> contact;
  Hash nonce{};
  Extensions extensions;
  static constexpr auto fields = std::tuple{field("operator", &Describe::operator_name),
                                            field("purpose", &Describe::purpose),
                                            field("software", &Describe::software),
                                            field("contact", &Describe::contact),
                                            field("nonce", &Describe::nonce),
                                            field("extensions", &Describe::extensions)};
  static constexpr MessageType type = MessageType::describe;
  bool operator==(const Describe&) const = default;
};

struct Accept {
  Hash hello_hash{};
  std::uint16_t version = 0;
  std::uint16_t suite = 0;
  Opaque<0, 65535> grants;
  Extensions extensions;
  static constexpr auto fields = std::tuple{field("hello_hash", &Accept::hello_hash),
                                            field("version", &Accept::version), field("suite", &Accept::suite),
                                            field("grants", &Accept::grants), field("extensions", &Accept::extensions)};
  static constexpr MessageType type = MessageType::accept;
  bool operator==(const Accept&) const = default;
};

struct Member {
  Hash leaf_hash{};
  Hash describe_hash{};
  static constexpr auto fields =
      std::tuple{field("leaf_hash", &Member::leaf_hash), field("describe_hash", &Member::describe_hash)};
  bool operator==(const Member&) const = default;
};

struct Manifest {
  Hash session_id{};
  Accept accept;
  Vector<Member, 128, 65535> members;  // P0 .. P(N+1)
  static constexpr auto fields = std::tuple{field("session_id", &Manifest::session_id),
                                            field("accept", &Manifest::accept), field("members", &Manifest::members)};
  bool operator==(const Manifest&) const = default;
};

/// The name of a secret; the six octets are also its context in Expand-Label. docs/protocol.md §5
struct ItemName {
  std::uint8_t kind = 0;
  std::uint8_t direction = 0;
  std::uint8_t context = 0;
  std::uint8_t from = 0;
  std::uint8_t to = 0;
  std::uint8_t verifier = 255;
  static constexpr auto fields =
      std::tuple{field("kind", &ItemName::kind),       field("direction", &ItemName::direction),
                 field("context", &ItemName::context), field("from", &ItemName::from),
                 field("to", &ItemName::to),           field("verifier", &ItemName::verifier)};
  auto operator<=>(const ItemName&) const = default;  // NOLINT(modernize-use-nullptr): the check misreads "<=>"
};

struct KeyItem {
  ItemName name;
  SecretOpaque<32, 48> part;
  static constexpr auto fields = std::tuple{field("name", &KeyItem::name), field("part", &KeyItem::part)};
};

struct Keys {
  Manifest manifest;
  Vector<KeyItem, 0, 16777215> items;
  static constexpr auto fields = std::tuple{field("manifest", &Keys::manifest), field("items", &Keys::items)};
  static constexpr MessageType type = MessageType::keys;
};

struct DigestItem {
  ItemName name;
  Hash digest{};
  static constexpr auto fields = std::tuple{field("name", &DigestItem::name), field("digest", &DigestItem::digest)};
  bool operator==(const DigestItem&) const = default;
};

struct Ready {
  Hash manifest_hash{};
  Vector<DigestItem, 0, 16777215> items;
  static constexpr auto fields =
      std::tuple{field("manifest_hash", &Ready::manifest_hash), field("items", &Ready::items)};
  static constexpr MessageType type = MessageType::ready;
  bool operator==(const Ready&) const = default;
};

struct Confirm {
  Hash manifest_hash{};
  static constexpr auto fields = std::tuple{field("manifest_hash", &Confirm::manifest_hash)};
  static constexpr MessageType type = MessageType::confirm;
  bool operator==(const Confirm&) const = default;
};

struct Go {
  Hash manifest_hash{};
  static constexpr auto fields = std::tuple{field("manifest_hash", &Go::manifest_hash)};
  static constexpr MessageType type = MessageType::go;
  bool operator==(const Go&) const = default;
};

struct Alive {
  std::uint32_t number = 0;
  static constexpr auto fields = std::tuple{field("number", &Alive::number)};
  static constexpr MessageType type = MessageType::alive;
  bool operator==(const Alive&) const = default;
};

/// What an author, a sink or the sending end states about one message of an audited context. docs/protocol.md §9
struct Audit {
  std::uint64_t session = 0;
  std::uint32_t exchange = 0;
  std::uint32_t message = 0;  // of this context, direction and exchange, from 0
  std::uint8_t context = 0;
  std::uint8_t direction = 0;  // 0 c2s, 1 s2c
  std::uint8_t out = 0;        // 0 as taken in, 1 as sent on, 2 from end to end
  std::uint8_t changed = 0;    // with out 1, of a middlebox: 0 as taken in, 1 changed, 2 its own
  std::uint8_t redactor = 0;   // with out 0: whose tombstone was in it first; 0: no tombstone
  std::uint64_t length = 0;    // octets of content
  Hash value{};
  static constexpr auto fields = std::tuple{field("session", &Audit::session),     field("exchange", &Audit::exchange),
                                            field("message", &Audit::message),     field("context", &Audit::context),
                                            field("direction", &Audit::direction), field("out", &Audit::out),
                                            field("changed", &Audit::changed),     field("redactor", &Audit::redactor),
                                            field("length", &Audit::length),       field("value", &Audit::value)};
  static constexpr MessageType type = MessageType::audit;
  bool operator==(const Audit&) const = default;
};

/// All that one party has stated in one place of a session: how many values, and their chain.
struct ReceiptEntry {
  std::uint8_t direction = 0;
  std::uint8_t context = 0;
  std::uint8_t out = 0;
  std::uint32_t first_exchange = 0;
  std::uint32_t last_exchange = 0;
  std::uint64_t count = 0;
  Hash chain{};
  static constexpr auto fields = std::tuple{field("direction", &ReceiptEntry::direction),
                                            field("context", &ReceiptEntry::context),
                                            field("out", &ReceiptEntry::out),
                                            field("first_exchange", &ReceiptEntry::first_exchange),
                                            field("last_exchange", &ReceiptEntry::last_exchange),
                                            field("count", &ReceiptEntry::count),
                                            field("chain", &ReceiptEntry::chain)};
  bool operator==(const ReceiptEntry&) const = default;
};

/// What a receipt signs. docs/protocol.md §9
struct ReceiptBody {
  Hash manifest_hash{};
  std::uint64_t session = 0;
  std::uint8_t party = 0;
  std::uint32_t number = 0;  // of this party and session, from 1; each covers all before it
  std::uint8_t last = 0;     // 1: the party's session has ended
  Vector<ReceiptEntry, 0, 16777215> entries;
  static constexpr auto fields = std::tuple{field("manifest_hash", &ReceiptBody::manifest_hash),
                                            field("session", &ReceiptBody::session),
                                            field("party", &ReceiptBody::party),
                                            field("number", &ReceiptBody::number),
                                            field("last", &ReceiptBody::last),
                                            field("entries", &ReceiptBody::entries)};
  bool operator==(const ReceiptBody&) const = default;
};

struct Receipt {
  ReceiptBody body;
  std::uint16_t algorithm = 0;  // a SignatureScheme of TLS 1.3
  Opaque<1, 1024> signature;
  static constexpr auto fields = std::tuple{field("body", &Receipt::body), field("algorithm", &Receipt::algorithm),
                                            field("signature", &Receipt::signature)};
  static constexpr MessageType type = MessageType::receipt;
  bool operator==(const Receipt&) const = default;
};

/// A middlebox's filter stopped a message: to both ends, so that the user can be told who and why. docs/protocol.md §10
struct Blocked {
  std::uint64_t session = 0;
  std::uint32_t exchange = 0;
  std::uint8_t context = 0;
  Opaque<0, 255> reason;  // printable ASCII, in that middlebox's words
  static constexpr auto fields = std::tuple{field("session", &Blocked::session), field("exchange", &Blocked::exchange),
                                            field("context", &Blocked::context), field("reason", &Blocked::reason)};
  static constexpr MessageType type = MessageType::blocked;
  bool operator==(const Blocked&) const = default;
};

/// An authenticated alert. `session` 0: the association.
struct AlertMessage {
  std::uint64_t session = 0;
  std::uint8_t party = 0;  // who noticed
  std::uint8_t code = 0;
  static constexpr auto fields = std::tuple{field("session", &AlertMessage::session),
                                            field("party", &AlertMessage::party), field("code", &AlertMessage::code)};
  static constexpr MessageType type = MessageType::alert;
  bool operator==(const AlertMessage&) const = default;
};

inline constexpr std::uint32_t drain_by_themselves = 0xFFFFFFFF;

struct Close {
  std::uint8_t code = 0;  // 0 renewal, else an alert's number
  std::uint32_t drain_ms = 0;
  std::uint64_t last = 0;  // the highest session taken or made
  static constexpr auto fields =
      std::tuple{field("code", &Close::code), field("drain_ms", &Close::drain_ms), field("last", &Close::last)};
  static constexpr MessageType type = MessageType::close;
  bool operator==(const Close&) const = default;
};

/// A whole message where it lies in a channel's received bytes.
struct MessageView {
  MessageType type;
  Bytes body;
  std::size_t octets;  // with its header: what to consume
};

/// The first message of `received`, or nothing while it is not whole.
/// @fault unexpected_message (a type that version 1 has not), limit_exceeded (more than 1 MiB)
Result<std::optional<MessageView>> next_message(Bytes received);
Buffer make_message(MessageType type, Bytes body);
template <Described M>
Buffer make_message(const M& message) {
  return make_message(M::type, encode(message));
}

}  // namespace louver::wire

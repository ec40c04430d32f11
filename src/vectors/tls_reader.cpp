#include "vectors/tls_reader.h"

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "wire/codec.h"

namespace louver::vectors {
namespace {

constexpr std::size_t record_header_octets = 5;
constexpr std::size_t message_header_octets = 4;
enum ContentType : std::uint64_t { alert = 21, handshake = 22, application_data = 23 };
enum HandshakeType : std::uint64_t {
  client_hello = 1,
  server_hello = 2,
  encrypted_extensions = 8,
  certificate = 11,
  certificate_request = 13,
  certificate_verify = 15,
  finished = 20
};
constexpr std::uint64_t alpn_extension = 16;

Error bad(std::string why) { return Error{Fault::tls_failed, std::move(why)}; }

/// HKDF-Expand-Label of RFC 8446 section 7.1.
Buffer expand(const crypto::Suite& suite, Bytes secret, std::string_view label, Bytes context, std::size_t octets) {
  static constexpr std::string_view prefix = "tls13 ";
  const std::array<std::byte, 3> head = {std::byte{0}, static_cast<std::byte>(octets),
                                         static_cast<std::byte>(prefix.size() + label.size())};
  const std::array<std::byte, 1> context_length = {static_cast<std::byte>(context.size())};
  Buffer out;
  Buffer block;
  for (std::uint8_t number = 1; out.size() < octets; ++number) {
    const std::array<std::byte, 1> last = {std::byte{number}};
    Buffer next(suite.hash_octets);
    crypto::hmac(suite, secret, {block, head, as_bytes(prefix), as_bytes(label), context_length, context, last}, next);
    block = std::move(next);
    append(out, block);
  }
  out.resize(octets);
  return out;
}

/// One TLS record where it lies.
struct Record {
  std::uint64_t type = 0;
  Bytes header, body;
};

/// @param version  what the record's header must say
Result<Record> next_record(wire::Reader& in, std::uint64_t version) {
  Record out;
  const Bytes before = in.rest();
  std::uint64_t said = 0;
  std::uint64_t length = 0;
  if (!in.number<1>(out.type) || !in.number<2>(said) || !in.number<2>(length) || !in.take(length, out.body))
    return bad("the stream ends within a record");
  if (said != version) return bad("a record of another version");
  out.header = before.first(record_header_octets);
  return out;
}

/// Opens the records of one end under one traffic secret.
class Unsealer {
 public:
  Unsealer(const crypto::Suite& suite, Bytes secret)
      : key_(suite, crypto::Aead::Use::open, expand(suite, secret, "key", {}, suite.key_octets),
             expand(suite, secret, "iv", {}, crypto::iv_octets)) {}
  struct Inner {
    std::uint64_t type;
    Buffer content;
  };
  Result<Inner> open(const Record& record) {
    if (record.type != application_data) return bad("a record in the clear");
    if (record.body.size() <= crypto::tag_octets) return bad("a record without content");
    const std::size_t octets = record.body.size() - crypto::tag_octets;
    Inner out{0, Buffer(octets)};
    if (!key_.open(crypto::Sequence{next_++}, record.header, record.body.first(octets), record.body.subspan(octets),
                   out.content))
      return bad("record " + std::to_string(next_ - 1) + " under a traffic secret does not open");
    while (!out.content.empty() && out.content.back() == std::byte{0}) out.content.pop_back();  // padding
    if (out.content.empty()) return bad("a record without a type");
    out.type = std::to_integer<std::uint64_t>(out.content.back());
    out.content.pop_back();
    return out;
  }

 private:
  crypto::Aead key_;
  std::uint64_t next_ = 0;
};

/// A handshake message where it lies.
struct Message {
  std::uint64_t type = 0;
  Bytes whole, body;
};

/// The first whole message of `rest`, or nothing.
std::optional<Message> first_message(Bytes rest) {
  wire::Reader in{rest};
  Message out;
  std::uint64_t length = 0;
  if (!in.number<1>(out.type) || !in.number<3>(length) || !in.take(length, out.body)) return std::nullopt;
  out.whole = rest.first(message_header_octets + length);
  return out;
}

/// One end's part of the handshake.
struct Flight {
  Buffer hello;                     // ClientHello or ServerHello, whole
  Buffer hidden;                    // what follows in the handshake, up to its Finished
  std::vector<Message> messages{};  // of `hidden`, the last one is Finished
};

Result<Buffer> read_hello(wire::Reader& in, std::uint64_t version, HandshakeType type) {
  LOUVER_ASSIGN(const Record record, next_record(in, version));
  const std::optional<Message> message = first_message(record.body);
  if (record.type != handshake || !message || message->type != type || message->whole.size() != record.body.size())
    return bad("the stream does not begin with one whole Hello");
  return to_buffer(record.body);
}

/// Whether the messages in `hidden` are whole and the last one is Finished; nothing may stand behind that in its
/// record.
Result<bool> has_finished(Bytes hidden) {
  while (!hidden.empty()) {
    const std::optional<Message> message = first_message(hidden);
    if (!message) return false;
    hidden = hidden.subspan(message->whole.size());
    if (message->type != finished) continue;
    if (!hidden.empty()) return bad("octets behind Finished in its record");
    return true;
  }
  return false;
}

Result<> read_hidden(wire::Reader& in, const crypto::Suite& suite, Bytes secret, Flight& to) {
  Unsealer unsealer{suite, secret};
  while (true) {
    LOUVER_ASSIGN(const bool done, has_finished(to.hidden));
    if (done) break;
    LOUVER_ASSIGN(const Record record, next_record(in, 0x0303));
    LOUVER_ASSIGN(const Unsealer::Inner inner, unsealer.open(record));
    if (inner.type != handshake) return bad("no handshake message before Finished");
    append(to.hidden, inner.content);
  }
  for (Bytes rest{to.hidden}; !rest.empty(); rest = rest.subspan(to.messages.back().whole.size()))
    to.messages.push_back(*first_message(rest));
  return {};
}

/// Everything behind the handshake: application data, and a close_notify as the last record.
Result<> read_traffic(wire::Reader& in, const crypto::Suite& suite, Bytes secret, TlsSide& to) {
  Unsealer unsealer{suite, secret};
  while (!in.at_end()) {
    if (to.closed) return bad("a record behind close_notify");
    LOUVER_ASSIGN(const Record record, next_record(in, 0x0303));
    LOUVER_ASSIGN(const Unsealer::Inner inner, unsealer.open(record));
    if (inner.type == application_data) {
      append(to.application, inner.content);
    } else if (inner.type == alert && equal(inner.content, Buffer{std::byte{1}, std::byte{0}})) {
      to.closed = true;
    } else {
      return bad("neither application data nor close_notify behind Finished");
    }
  }
  return {};
}

/// The cipher suite of a ServerHello. RFC 8446 section 4.1.3
Result<const crypto::Suite*> suite_of(Bytes hello) {
  wire::Reader in{hello.subspan(message_header_octets)};
  Bytes random, session_id;
  std::uint64_t version = 0;
  std::uint64_t id = 0;
  if (!in.number<2>(version) || !in.take(32, random) || !wire::detail::read_prefixed<0, 32>(in, session_id) ||
      !in.number<2>(id))
    return bad("no ServerHello");
  const crypto::Suite* suite = crypto::find_suite(static_cast<std::uint16_t>(id));
  if (suite == nullptr) return bad("an unknown cipher suite");
  return suite;
}

/// The protocol of EncryptedExtensions. RFC 7301 section 3.1
Result<std::string> alpn_of(Bytes body) {
  wire::Reader in{body};
  Bytes extensions;
  if (!wire::detail::read_prefixed<0, 65535>(in, extensions)) return bad("no extensions");
  wire::Reader list{extensions};
  while (!list.at_end()) {
    std::uint64_t type = 0;
    Bytes data, names, name;
    if (!list.number<2>(type) || !wire::detail::read_prefixed<0, 65535>(list, data)) return bad("broken extensions");
    if (type != alpn_extension) continue;
    wire::Reader one{data};
    if (!wire::detail::read_prefixed<2, 65535>(one, names)) return bad("a broken ALPN");
    wire::Reader inner{names};
    if (!wire::detail::read_prefixed<1, 255>(inner, name) || !inner.at_end()) return bad("a broken ALPN");
    return std::string{as_text(name)};
  }
  return bad("no ALPN");
}

/// The leaf of a Certificate message; empty if the list is. RFC 8446 section 4.4.2
Result<Buffer> leaf_of(Bytes body) {
  wire::Reader in{body};
  Bytes context, list, leaf;
  if (!wire::detail::read_prefixed<0, 255>(in, context) || !wire::detail::read_prefixed<0, 16777215>(in, list))
    return bad("a broken Certificate");
  if (list.empty()) return Buffer{};
  wire::Reader entries{list};
  if (!wire::detail::read_prefixed<1, 16777215>(entries, leaf)) return bad("a broken Certificate");
  return to_buffer(leaf);
}

/// Checks Finished over all that came before it, and adds the flight to the transcript.
Result<> check_finished(const crypto::Suite& suite, Bytes secret, const Flight& flight, Buffer& transcript) {
  const Message& last = flight.messages.back();
  append(transcript, Bytes{flight.hidden}.first(flight.hidden.size() - last.whole.size()));
  const Buffer key = expand(suite, secret, "finished", {}, suite.hash_octets);
  Buffer expected(suite.hash_octets);
  crypto::hmac(suite, key, {crypto::digest(suite, {transcript})}, expected);
  if (!equal(last.body, expected)) return bad("Finished does not hold");
  append(transcript, last.whole);
  return {};
}

Result<> read_certificate(const Flight& flight, TlsSide& to) {
  for (const Message& message : flight.messages) {
    if (message.type != certificate) continue;
    LOUVER_ASSIGN(to.leaf, leaf_of(message.body));
  }
  return {};
}

Result<> check_alpn(const Flight& server, std::string_view wanted) {
  if (server.messages.front().type != encrypted_extensions) return bad("no EncryptedExtensions");
  LOUVER_ASSIGN(const std::string chosen, alpn_of(server.messages.front().body));
  if (chosen != wanted) return bad("another ALPN than " + std::string{wanted});
  return {};
}

/// Which end's stream a fault is in.
Result<> from(const char* end, Result<> result) {
  if (result) return result;
  return bad(std::string{"from the TLS "} + end + ": " + result.error().detail);
}

/// Both handshakes and what is behind them, end by end.
class Reading {
 public:
  Reading(Bytes from_client, Bytes from_server, const TlsSecrets& secrets)
      : client_in_(from_client), server_in_(from_server), secrets_(&secrets) {}

  Result<TlsReading> read(std::string_view alpn) {
    LOUVER_TRY(from("client", read_client_hello()));
    LOUVER_TRY(from("server", read_server(alpn)));
    LOUVER_TRY(from("client", read_client()));
    return out_;
  }

 private:
  Result<> read_client_hello() {
    LOUVER_ASSIGN(client_.hello, read_hello(client_in_, 0x0301, client_hello));
    append(transcript_, client_.hello);
    return {};
  }
  Result<> read_server(std::string_view alpn) {
    LOUVER_ASSIGN(server_.hello, read_hello(server_in_, 0x0303, server_hello));
    append(transcript_, server_.hello);
    LOUVER_ASSIGN(out_.suite, suite_of(server_.hello));
    LOUVER_TRY(check_secrets());
    LOUVER_TRY(read_hidden(server_in_, *out_.suite, secrets_->server_handshake, server_));
    LOUVER_TRY(check_alpn(server_, alpn));
    LOUVER_TRY(check_finished(*out_.suite, secrets_->server_handshake, server_, transcript_));
    LOUVER_TRY(read_certificate(server_, out_.server));
    return read_traffic(server_in_, *out_.suite, secrets_->server_traffic, out_.server);
  }
  Result<> read_client() {
    LOUVER_TRY(read_hidden(client_in_, *out_.suite, secrets_->client_handshake, client_));
    LOUVER_TRY(check_finished(*out_.suite, secrets_->client_handshake, client_, transcript_));
    LOUVER_TRY(read_certificate(client_, out_.client));
    return read_traffic(client_in_, *out_.suite, secrets_->client_traffic, out_.client);
  }
  Result<> check_secrets() const {
    for (const Buffer* secret : {&secrets_->client_handshake, &secrets_->server_handshake, &secrets_->client_traffic,
                                 &secrets_->server_traffic}) {
      if (secret->size() != out_.suite->hash_octets) return bad("the logged secrets have not the suite's length");
    }
    if (!secrets_->exporter.empty() && secrets_->exporter.size() != out_.suite->hash_octets)
      return bad("the exporter secret has not the suite's length");
    return {};
  }

  wire::Reader client_in_, server_in_;
  const TlsSecrets* secrets_;
  Buffer transcript_;
  Flight client_, server_;
  TlsReading out_;
};

}  // namespace

Result<TlsReading> read_tls(Bytes from_client, Bytes from_server, const TlsSecrets& secrets, std::string_view alpn) {
  return Reading{from_client, from_server, secrets}.read(alpn);
}

Buffer tls_exporter(const crypto::Suite& suite, Bytes exporter_secret, std::string_view label, Bytes context,
                    std::size_t octets) {
  const Buffer derived = expand(suite, exporter_secret, label, crypto::digest(suite, {}), suite.hash_octets);
  return expand(suite, derived, "exporter", crypto::digest(suite, {context}), octets);
}

}  // namespace louver::vectors

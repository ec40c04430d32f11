#include "vectors/captured_agreement.h"

#include "crypto/hash.h"
#include "session/terms.h"

namespace louver::vectors {
namespace {

Error in_channel(const std::string& channel, Fault fault, const std::string& why) {
  return Error{fault, "channel " + channel + ": " + why};
}

/// The first message of that end, which must be of that type.
template <class M>
Result<M> first_said(const std::string& channel, const std::vector<Said>& messages) {
  if (messages.empty() || messages.front().type != M::type)
    return in_channel(channel, Fault::unexpected_message, std::string{wire::name_of(M::type)} + " is wanted first");
  auto decoded = wire::decode<M>(messages.front().body);
  if (!decoded) return in_channel(channel, decoded.error().fault, decoded.error().detail);
  return *std::move(decoded);
}

/// "the same Describe octets on c_i and s_i"
Result<wire::Hash> describe_hash(const CapturedChannels& from, std::size_t i) {
  const std::string c = "c" + std::to_string(i);
  const std::string s = "s" + std::to_string(i);
  const std::vector<Said>& to_client = from.channels.at(c).from_server;
  const std::vector<Said>& to_server = from.channels.at(s).from_client;
  LOUVER_TRY(first_said<wire::Describe>(c, to_client));
  LOUVER_TRY(first_said<wire::Describe>(s, to_server));
  if (to_client.front().body != to_server.front().body)
    return in_channel(s, Fault::manifest_differs, "another Describe than in " + c);
  return crypto::sha256({to_client.front().body});
}

/// Every channel that shows a party's certificate shows the same.
Result<Buffer> same_leaf(const std::string& a, const Buffer& leaf, const std::string& b, const Buffer& other) {
  if (leaf.empty()) return in_channel(a, Fault::certificate_invalid, "no certificate");
  if (leaf != other) return in_channel(b, Fault::manifest_differs, "another certificate than in " + a);
  return leaf;
}

/// docs/protocol.md §4 "leaf_hash"
wire::Hash client_leaf_hash(const TlsReading& e, Bytes exporter) {
  if (e.client.leaf.empty()) return {};
  return crypto::sha256({e.client.leaf, tls_exporter(*e.suite, exporter, "EXPERIMENTAL-louver-v1 cid", {}, 32)});
}

Result<wire::Manifest> manifest_of(const CapturedChannels& from, std::size_t middleboxes, Bytes exporter) {
  const ReadChannel& e = from.channels.at("e");
  wire::Manifest out;
  std::ranges::copy(tls_exporter(*e.tls.suite, exporter, "EXPERIMENTAL-louver-v1 id", {}, 32), out.session_id.begin());
  LOUVER_ASSIGN(out.accept, first_said<wire::Accept>("e", e.from_server));
  out.members.items.push_back({client_leaf_hash(e.tls, exporter), {}});
  for (std::size_t i = 1; i <= middleboxes; ++i) {
    const std::string c = "c" + std::to_string(i);
    const std::string s = "s" + std::to_string(i);
    LOUVER_ASSIGN(const Buffer leaf,
                  same_leaf(c, from.channels.at(c).tls.server.leaf, s, from.channels.at(s).tls.client.leaf));
    LOUVER_TRY(same_leaf("e", e.tls.server.leaf, s, from.channels.at(s).tls.server.leaf));
    LOUVER_ASSIGN(const wire::Hash described, describe_hash(from, i));
    out.members.items.push_back({crypto::sha256({leaf}), described});
  }
  if (e.tls.server.leaf.empty()) return in_channel("e", Fault::certificate_invalid, "no certificate");
  out.members.items.push_back({crypto::sha256({e.tls.server.leaf}), {}});
  return out;
}

/// What one end of a channel has to say, in order.
using Expected = std::vector<Said>;

template <class M>
Said said(const M& message) {
  return {M::type, wire::encode(message)};
}

/// Behind the agreement: Alive with numbers from 1 (end to end), Close.
Result<> check_rest(const std::string& channel, const std::vector<Said>& messages, std::size_t from,
                    std::uint32_t& alive) {
  for (std::size_t i = from; i < messages.size(); ++i) {
    if (messages[i].type == wire::MessageType::close) {
      const auto close = wire::decode<wire::Close>(messages[i].body);
      if (!close) return in_channel(channel, close.error().fault, "Close: " + close.error().detail);
      continue;
    }
    if (messages[i].type != wire::MessageType::alive || channel != "e")
      return in_channel(channel, Fault::unexpected_message,
                        std::string{wire::name_of(messages[i].type)} + " behind the agreement");
    const auto number = wire::decode<wire::Alive>(messages[i].body);
    if (!number || number->number != alive + 1)
      return in_channel(channel, Fault::unexpected_message, "Alive out of turn");
    ++alive;
  }
  return {};
}

/// @return the newest Alive
Result<std::uint32_t> check_said(const std::string& channel, const std::vector<Said>& messages,
                                 const Expected& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string name{wire::name_of(expected[i].type)};
    if (messages.size() <= i || messages[i].type != expected[i].type)
      return in_channel(channel, Fault::unexpected_message, name + " is wanted as message " + std::to_string(i));
    if (messages[i].body != expected[i].body)
      return in_channel(channel, Fault::manifest_differs, name + " is not what follows from the key log");
  }
  std::uint32_t alive = 0;
  LOUVER_TRY(check_rest(channel, messages, expected.size(), alive));
  return alive;
}

Said keys_said(const CapturedAgreement& agreed, PartyIndex endpoint, PartyIndex middlebox) {
  const session::Terms& terms = agreed.path.terms();
  const auto& seed = endpoint == PartyIndex{0} ? agreed.roots.client_seed : agreed.roots.server_seed;
  const session::EndpointInputs inputs{session::EndToEndSecret{Bytes{agreed.roots.e2e}},
                                       session::Seed{Bytes{seed.value_or(Buffer{})}}};
  wire::Keys keys;
  keys.manifest = agreed.manifest;
  keys.items.items = session::keys_for(terms, agreed.path.items, endpoint, middlebox, inputs);
  return said(keys);
}

/// The four ends of the two channels of one middlebox.
Result<> check_middlebox(const CapturedAgreement& agreed, const CapturedChannels& from, std::size_t i) {
  const PartyIndex self{static_cast<std::uint8_t>(i)};
  const Said ready = said(wire::Ready{agreed.manifest_hash, {agreed.path.parties[i]->secrets.digests()}});
  const Said go = said(wire::Go{agreed.manifest_hash});
  for (const char* side : {"c", "s"}) {
    const std::string name = side + std::to_string(i);
    const ReadChannel& channel = from.channels.at(name);
    const bool is_client = *side == 'c';  // the endpoint is the TLS client there, the TLS server in the other
    const std::vector<Said>& by_middlebox = is_client ? channel.from_server : channel.from_client;
    const std::vector<Said>& by_endpoint = is_client ? channel.from_client : channel.from_server;
    LOUVER_TRY(check_said(name, by_middlebox, {by_middlebox.front(), ready}));
    const Said keys = keys_said(agreed, is_client ? PartyIndex{0} : agreed.path.terms().server(), self);
    LOUVER_TRY(check_said(name, by_endpoint, {keys, go}));
  }
  return {};
}

Result<> check_everybody(CapturedAgreement& agreed, const CapturedChannels& from) {
  const ReadChannel& e = from.channels.at("e");
  const Said confirm = said(wire::Confirm{agreed.manifest_hash});
  LOUVER_TRY(check_said("e", e.from_client, {confirm}));
  LOUVER_ASSIGN(agreed.alive, check_said("e", e.from_server, {e.from_server.front(), confirm}));
  for (std::size_t i = 1; i <= agreed.path.middleboxes(); ++i) LOUVER_TRY(check_middlebox(agreed, from, i));
  return {};
}

}  // namespace

Result<CapturedAgreement> check_agreement(const Capture& capture, const CapturedChannels& channels) {
  CapturedAgreement out;
  const Bytes exporter = capture.tls.at("e").exporter;
  LOUVER_ASSIGN(const wire::Hello hello, wire::decode_hello(channels.hello));
  if (hello.middleboxes() != capture.middleboxes())
    return Error{Fault::bad_value, "/inputs/association: one hop more than middleboxes in the HELLO is wanted"};
  out.hello_hash = session::hash_of_hello(channels.hello);
  LOUVER_ASSIGN(out.manifest, manifest_of(channels, capture.middleboxes(), exporter));
  LOUVER_ASSIGN(const session::Terms terms, session::agree_on_terms(hello, out.hello_hash, out.manifest.accept));
  out.manifest_hash = session::hash_of_manifest(out.manifest);
  const crypto::Suite& tls_suite = *channels.channels.at("e").tls.suite;
  const std::size_t octets = terms.suite().hash_octets;
  out.roots = {tls_exporter(tls_suite, exporter, "EXPERIMENTAL-louver-v1 e2e", out.manifest_hash, octets),
               capture.client_seed, capture.server_seed};
  auto path = make_path(out.roots, terms, out.manifest_hash);
  if (!path) return Error{path.error().fault, "/inputs/" + path.error().detail};
  out.path = *std::move(path);
  LOUVER_TRY(check_everybody(out, channels));
  return out;
}

}  // namespace louver::vectors

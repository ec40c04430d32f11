#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509v3.h>

#include "crypto/expand_label.h"
#include "rogue/agreement_certificates.h"
#include "rogue/agreement_raw_tls.h"
#include "rogue/agreement_splice.h"
#include "rogue/agreement_stage.h"
#include "tls/identity.h"

// P10: no key, certificate, port or byte of Louver is valid in TLS as used elsewhere, nor the other way round (HS-14,
// HS-16, KI-04).
namespace louver::rogue {
namespace {

using namespace std::string_view_literals;
using tls::Role;
using wire::MessageType;

// --- bytes
// ---------------------------------------------------------------------------------------------------------------------

/// How other protocols begin.
const std::string_view foreign_beginnings[] = {
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv,  // TLS ClientHello
    "\x15\x03\x03\x00\x02\x02\x28"sv,                  // TLS alert
    "\x80\x2e\x01\x00\x02"sv,                          // SSL 2
    "GET / HTTP/1.1\r\nHost: m1.example\r\n\r\n"sv,
    "POST / HTTP/1.1\r\n"sv,
    "CONNECT m1.example:443 HTTP/1.1\r\n"sv,
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv,
    "SSH-2.0-OpenSSH_9.2\r\n"sv,
    "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"sv,
    "EHLO example\r\n"sv,
    "\x00\x00\x00\x08"sv,
    "\xff\xfb\x01"sv,
};

// DS-10 at this level: whoever speaks another protocol to a middlebox or a server is found at its first octet, told so
// in one frame, and nothing goes on.
TEST(P10Separation, another_protocol_is_noticed_at_its_first_octet_and_goes_no_further) {
  for (const std::string_view beginning : foreign_beginnings) {
    for (const std::size_t n : {1U, 0U}) {
      for (const std::size_t octets : {std::size_t{1}, beginning.size()}) {
        SCOPED_TRACE(printable(beginning) + " to " + (n == 1 ? "M1" : "the server"));
        Stage stage{cast(n)};
        stage.chain().inject(0, Direction::c2s, as_bytes(beginning.substr(0, octets)));
        stage.chain().run();
        ASSERT_TRUE(stage.fault(1));
        EXPECT_EQ(alert_for(*stage.fault(1)), Alert::bad_frame) << stage.why(1);
        const char first = beginning[0];
        const bool known = first == 0x16 || first == 0x15 || first == '\x80' || (first >= 'A' && first <= 'Z');
        EXPECT_EQ(stage.fault(1), known ? Fault::not_louver : Fault::unknown_frame_type) << stage.why(1);
        ASSERT_EQ(stage.chain().seen(0, Direction::s2c).size(), 1U);
        EXPECT_EQ(type_of(stage.chain().seen(0, Direction::s2c).front()), wire::FrameType::alert);
        EXPECT_TRUE(n == 0 || stage.chain().seen(1, Direction::c2s).empty());
        EXPECT_TRUE(stage.said.empty());
      }
    }
  }
}

// The same answers to a client, instead of a middlebox or server.
TEST(P10Separation, another_protocol_in_answer_is_noticed_by_the_client) {
  for (const std::string_view beginning : foreign_beginnings) {
    SCOPED_TRACE(printable(beginning));
    Stage stage{cast(1)};
    stage.start();
    stage.chain().inject(0, Direction::s2c, as_bytes(beginning));
    stage.chain().run();
    ASSERT_TRUE(stage.fault(0));
    EXPECT_EQ(alert_for(*stage.fault(0)), Alert::bad_frame) << stage.why(0);
    expect_nothing_stands(stage);
  }
}

// The other way round: no frame of ours begins like anything that a TLS, HTTP or SSH peer would read on.
TEST(P10Separation, no_frame_begins_like_another_protocol) {
  Stage stage{cast(2)};
  stage.run();
  sim::Path::Session& session = stage.join();
  session.start();
  session.send(Side::client, "both", "text", 0);
  session.finish(Side::client);
  std::size_t frames = 0;
  for (sim::Chain* chain : {&stage.chain(), &session.chain}) {
    for (std::size_t hop = 0; hop < 3; ++hop) {
      for (Direction d : both_directions) {
        for (const Buffer& frame : chain->seen(hop, d)) {
          const auto first = std::to_integer<unsigned char>(frame[0]);
          EXPECT_FALSE(first >= 0x14 && first <= 0x18) << "TLS content type";
          EXPECT_FALSE(first >= 0x20) << "text, or SSL 2";
          ++frames;
        }
      }
    }
  }
  EXPECT_GT(frames, 30U);
}

// --- channels (HS-14)
// ------------------------------------------------------------------------------------------------------------

constexpr const char* end_to_end_alpn = "louver-x/1-e";
constexpr const char* client_side_alpn = "louver-x/1-c";
constexpr const char* server_side_alpn = "louver-x/1-s";

// HS-14: the three kinds of channel taken for one another: each has an ALPN of its own.
TEST(P10Separation, channels_of_different_kinds_exchanged_are_noticed_by_their_alpn) {
  Stage client_side{cast(1)};  // e and c_1 on the first hop: M1 is given the ClientHello of e
  exchange_channels(client_side, 0, {0, 0}, {1, 0});
  client_side.run();
  expect_noticed(client_side, 1, {Fault::tls_failed, Fault::tls_parameters});
  Stage server_side{cast(1)};  // e and s_1 on the last
  exchange_channels(server_side, 1, {0, 0}, {1, wire::flag::server_channel});
  server_side.run();
  expect_noticed(server_side, 2, {Fault::tls_failed, Fault::tls_parameters});
}

/// An honest server without middleboxes, and a TLS client of another making that has the end-to-end channel to itself.
struct AtServer {
  Stage stage{cast(0)};
  RawTls peer;
  explicit AtServer(RawTls::Options options) : peer(std::move(options)) {
    Stage honest{cast(0)};  // whose Hello anybody may send
    honest.start();
    std::vector<Buffer> answers;
    stage.chain().tamper(0, Direction::s2c,
                         [&](Buffer frame, std::vector<Buffer>&) { answers.push_back(std::move(frame)); });
    stage.chain().inject(0, Direction::c2s, honest.chain().seen(0, Direction::c2s).front());
    put(peer.step({}));
    stage.chain().run();
    while (!answers.empty()) {
      for (const Buffer& frame : std::exchange(answers, {})) {
        if (channel_of(frame) == ChannelName{0, 0}) put(peer.step(Bytes{frame}.subspan(wire::header_octets)));
      }
      stage.chain().run();
    }
  }
  void put(const Buffer& octets) {
    if (!octets.empty())
      stage.chain().inject(0, Direction::c2s, wire::make_frame({wire::FrameType::channel, 0, 0, 0}, octets));
  }
};

/// An honest client, and a TLS server of another making in place of one of its peers.
struct AtClient {
  Stage stage;
  RawTls peer;
  AtClient(std::size_t middleboxes, ChannelName channel, RawTls::Options options)
      : stage(cast(middleboxes)), peer(std::move(options)) {
    std::vector<Buffer> asked;
    stage.chain().tamper(0, Direction::c2s, [&](Buffer frame, std::vector<Buffer>& out) {
      (channel_of(frame) == channel ? asked : out).push_back(std::move(frame));
    });
    stage.chain().tamper(0, Direction::s2c, dropping([channel](Bytes frame) { return channel_of(frame) == channel; }));
    stage.start();
    while (!asked.empty()) {
      for (const Buffer& frame : std::exchange(asked, {})) {
        const Buffer answer = peer.step(Bytes{frame}.subspan(wire::header_octets));
        if (!answer.empty())
          stage.chain().inject(0, Direction::s2c,
                               wire::make_frame({wire::FrameType::channel, channel.id, 0, 0}, answer));
      }
      stage.chain().run();
    }
  }
};

std::shared_ptr<const tls::Identity> identity(const std::string& name, Role role) {
  return sim::TestPki::shared().identity(name, role);
}

const std::set<Fault> handshake_faults = {Fault::tls_failed, Fault::tls_parameters};

// The harness itself: with our version and ALPN such a peer gets through its handshake, so that what follows is refused
// for what it is.
TEST(P10Separation, a_foreign_tls_stack_with_our_parameters_completes_a_channel_and_nothing_else) {
  AtServer at_server{{.alpn = {end_to_end_alpn}}};
  EXPECT_TRUE(at_server.peer.is_done());
  EXPECT_FALSE(at_server.stage.fault(1)) << at_server.stage.why(1);
  EXPECT_EQ(at_server.stage.path.record(1), nullptr);
  AtClient at_client{
      0, {0, 0}, {.is_server = true, .alpn = {end_to_end_alpn}, .identity = identity("server.example", Role::server)}};
  EXPECT_TRUE(at_client.peer.is_done());
  EXPECT_FALSE(at_client.stage.fault(0)) << at_client.stage.why(0);
  EXPECT_EQ(at_client.stage.path.record(0), nullptr);
}

// HS-14, HS-16: a client of the web, its ClientHello carried into a channel.
TEST(P10Separation, a_tls_client_with_another_version_or_alpn_is_noticed_by_the_server) {
  const RawTls::Options clients[] = {
      {.alpn = {}},
      {.alpn = {"h2", "http/1.1"}},
      {.alpn = {client_side_alpn}},
      {.alpn = {server_side_alpn}},
      {.alpn = {"louver-x/1-"}},
      {.alpn = {"louver-x/1-e2"}},
      {.alpn = {end_to_end_alpn}, .highest_version = TLS1_2_VERSION},
  };
  for (const RawTls::Options& client : clients) {
    SCOPED_TRACE(client.alpn.empty() ? "no ALPN" : client.alpn.front());
    AtServer at{client};
    ASSERT_TRUE(at.stage.fault(1)) << at.stage.why(1);
    EXPECT_TRUE(handshake_faults.contains(*at.stage.fault(1))) << at.stage.why(1);
    EXPECT_EQ(alert_for(*at.stage.fault(1)), Alert::handshake_failed);
    EXPECT_EQ(at.stage.path.record(1), nullptr);
    for (const Said& said : at.stage.said)
      EXPECT_EQ(said.type, MessageType::accept) << "queued for whoever completes the handshake";
  }
}

// HS-14: the library completes a handshake without an ALPN in common; each end must look by itself.
TEST(P10Separation, a_tls_server_with_another_version_or_alpn_is_noticed_by_the_client) {
  struct Peer {
    std::vector<std::string> alpn;
    int version = TLS1_3_VERSION;
  };
  const Peer peers[] = {
      {{}}, {{"h2"}}, {{"http/1.1"}}, {{client_side_alpn}}, {{server_side_alpn}}, {{end_to_end_alpn}, TLS1_2_VERSION}};
  for (const Peer& one : peers) {
    SCOPED_TRACE(one.alpn.empty() ? "no ALPN" : one.alpn.front());
    AtClient as_server{0,
                       {0, 0},
                       {.is_server = true,
                        .alpn = one.alpn,
                        .identity = identity("server.example", Role::server),
                        .highest_version = one.version}};
    ASSERT_TRUE(as_server.stage.fault(0)) << as_server.stage.why(0);
    EXPECT_TRUE(handshake_faults.contains(*as_server.stage.fault(0))) << as_server.stage.why(0);
    expect_nothing_stands(as_server.stage);
    EXPECT_TRUE(as_server.stage.nobody_said(MessageType::confirm));
    if (one.alpn == std::vector<std::string>{client_side_alpn}) continue;
    AtClient as_middlebox{1,
                          {1, 0},
                          {.is_server = true,
                           .alpn = one.alpn,
                           .identity = identity("m1.example", Role::middlebox),
                           .highest_version = one.version}};
    ASSERT_TRUE(as_middlebox.stage.fault(0)) << as_middlebox.stage.why(0);
    EXPECT_TRUE(handshake_faults.contains(*as_middlebox.stage.fault(0))) << as_middlebox.stage.why(0);
    expect_nothing_stands(as_middlebox.stage);
  }
}

// RS-01: the library's default, two tickets behind each handshake; there is no resumption, so nobody of ours sends one.
TEST(P10Separation, a_tls_server_that_sends_tickets_is_noticed_by_the_client) {
  AtClient at{0,
              {0, 0},
              {.is_server = true,
               .alpn = {end_to_end_alpn},
               .identity = identity("server.example", Role::server),
               .sends_tickets = true}};
  EXPECT_EQ(at.stage.fault(0), Fault::tls_parameters) << at.stage.why(0);
  expect_nothing_stands(at.stage);
}

// HS-16: a channel's bytes carried to a web server of the same name, even one that would speak our ALPN: its
// certificate is none of ours, and we are not taken for a browser.
TEST(P10Separation, a_web_server_of_the_same_name_is_noticed_by_its_certificate) {
  for (const std::string& usage : {std::string{"serverAuth"}, std::string{"serverAuth,clientAuth"}, std::string{}}) {
    OddLeaf web;
    web.names = "DNS:server.example";
    web.usages = usage;
    AtClient at{0, {0, 0}, {.is_server = true, .alpn = {end_to_end_alpn}, .identity = make_leaf(web)}};
    EXPECT_EQ(at.stage.fault(0), Fault::certificate_role) << at.stage.why(0);
    expect_nothing_stands(at.stage);
  }
}

// KI-04: and ours is none for the web: every verifier that looks for the purposes of TLS servers or clients refuses it.
TEST(P10Separation, no_certificate_of_louver_is_good_for_a_tls_server_or_client_elsewhere) {
  for (const Role role : {Role::client, Role::middlebox, Role::server}) {
    X509* leaf = identity("server.example", role)->impl().leaf.get();
    for (const int purpose :
         {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT, X509_PURPOSE_NS_SSL_SERVER, X509_PURPOSE_SMIME_SIGN}) {
      EXPECT_EQ(X509_check_purpose(leaf, purpose, 0), 0) << tls::name_of(role) << " for purpose " << purpose;
    }
  }
}

// --- keys
// --------------------------------------------------------------------------------------------------------------------------

/// HKDF-Expand-Label of TLS 1.3 itself, by the library.
Buffer tls13_expand_label(Bytes secret, std::string_view label, std::size_t octets) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf{EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr),
                                                              EVP_KDF_free};
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context{EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free};
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  char hash[] = "SHA256";
  char prefix[] = "tls13 ";
  Buffer key = to_buffer(secret), text = to_buffer(label), out(octets);
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_int("mode", &mode),
                                   OSSL_PARAM_construct_utf8_string("digest", hash, 0),
                                   OSSL_PARAM_construct_octet_string("key", key.data(), key.size()),
                                   OSSL_PARAM_construct_octet_string("prefix", prefix, 6),
                                   OSSL_PARAM_construct_octet_string("label", text.data(), text.size()),
                                   OSSL_PARAM_construct_end()};
  EXPECT_EQ(EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(out.data()), out.size(), parameters), 1);
  return out;
}

// With one and the same secret, label and length, TLS and Louver derive different keys: "key" and "iv" are labels of
// both.
TEST(P10Separation, the_same_secret_and_label_give_another_key_than_in_tls) {
  const crypto::Suite& suite = *crypto::find_suite(0x1301);
  const Buffer secret(32, std::byte{0x0b});
  for (const std::string_view label : {"key"sv, "iv"sv, "update"sv, "traffic upd"sv, "exporter"sv, "session"sv}) {
    Buffer ours(16);
    crypto::expand_label(suite, secret, label, {}, ours);
    EXPECT_NE(ours, tls13_expand_label(secret, label, 16)) << label;
    EXPECT_NE(ours, Buffer(16)) << label;
  }
}

}  // namespace
}  // namespace louver::rogue

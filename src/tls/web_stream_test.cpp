#include "tls/web_stream.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>

#include "base/limits.h"
#include "tls/raw_peer.h"

/// Ordinary TLS over memory against a peer without any rules: what it may say, and what it may not.
namespace louver::tls {
namespace {

using namespace std::chrono_literals;
using test::RawPeer;

constexpr const char* name = "shop.example";

struct Server {
  test::Party authority = test::make_authority("the web");
  test::Party leaf = make(leaf_spec(), &authority);
  static test::Spec leaf_spec() {
    test::Spec spec;
    spec.dns = {name};
    spec.usages = {"serverAuth"};
    return spec;
  }
};
const Server& server() {
  static const Server made;
  return made;
}

class File {
 public:
  explicit File(const std::string& text)
      : path_(::testing::TempDir() + "louver-web-" + std::to_string(std::random_device{}())) {
    std::ofstream{path_} << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Result<std::shared_ptr<const WebContext>> context_for(const std::string& expected, bool http = true,
                                                      const std::string& louver = {}) {
  const File trust{server().authority.certificate_pem()};
  const File anchors{louver};
  WebClientOptions options;
  options.name = expected;
  options.trust = trust.path();
  options.http = http;
  if (!louver.empty()) options.louver_trust = {anchors.path()};
  return WebContext::for_client(options);
}

RawPeer::Options peer_options() {
  RawPeer::Options options;
  options.is_server = true;
  options.alpn = {"http/1.1"};
  options.identity = &server().leaf;
  return options;
}

/// A client of ours and the peer, with everything that the client read.
struct WebPair {
  explicit WebPair(const RawPeer::Options& options = peer_options(), const std::string& expected = name)
      : client(*context_for(expected), test::now), peer(options) {}

  /// Carries octets both ways until nobody has more to say, at most so many at once to the client.
  Result<> run(std::size_t at_most = SIZE_MAX) {
    for (int quiet = 0; quiet < 3;) {
      LOUVER_TRY(client.handshake());
      if (client.established()) LOUVER_TRY(read_all());
      append(to_peer, Bytes{client.take_output()});
      if (const Buffer said = peer.step(to_peer); !said.empty()) append(to_client, Bytes{said});
      quiet = to_peer.empty() && to_client.empty() ? quiet + 1 : 0;
      to_peer.clear();
      LOUVER_TRY(feed(at_most));
    }
    return {};
  }
  Result<> feed(std::size_t at_most) {
    while (!to_client.empty()) {
      const MutableBytes room = client.room();
      const std::size_t count = std::min({room.size(), to_client.size(), at_most});
      std::copy_n(to_client.begin(), count, room.begin());
      to_client.erase(to_client.begin(), to_client.begin() + static_cast<std::ptrdiff_t>(count));
      client.add(count);
      LOUVER_TRY(client.handshake());
      if (client.established()) LOUVER_TRY(read_all());
    }
    return {};
  }
  Result<> read_all() {
    for (;;) {
      std::array<std::byte, 1000> room;
      LOUVER_ASSIGN(const WebStream::Got got, client.read(room));
      ended = ended || got.end;
      if (got.count == 0) return {};
      received += as_text(Bytes{room}.first(got.count));
    }
  }

  WebStream client;
  RawPeer peer;
  Buffer to_peer, to_client;
  std::string received;
  bool ended = false;
};

TEST(WebStream, carries_octets_both_ways_however_they_are_cut) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::size_t cut : {std::size_t{1}, std::size_t{7}, std::size_t{5000}, SIZE_MAX}) {
      auto options = peer_options();
      options.highest_version = version;
      WebPair pair{options};
      const auto agreed = pair.run(cut);
      ASSERT_TRUE(agreed) << describe(agreed.error());
      ASSERT_TRUE(pair.client.established());
      ASSERT_TRUE(pair.client.write(as_bytes("a request")));
      pair.peer.send(std::string(40'000, 'x'));
      ASSERT_TRUE(pair.run(cut));
      EXPECT_EQ(pair.peer.received(), "a request");
      EXPECT_EQ(pair.received, std::string(40'000, 'x'));
      EXPECT_EQ(pair.client.waiting(), WebStream::Waiting::nothing);
      EXPECT_FALSE(pair.ended);
      pair.peer.close();
      ASSERT_TRUE(pair.run(cut));
      EXPECT_TRUE(pair.ended);
    }
  }
}

TEST(WebStream, refuses_another_name) {
  WebPair pair{peer_options(), "bank.example"};
  const auto agreed = pair.run();
  ASSERT_FALSE(agreed);
  EXPECT_EQ(agreed.error().fault, Fault::certificate_name);
  EXPECT_NE(agreed.error().detail.find("not for \"bank.example\""), std::string::npos) << agreed.error().detail;
}

TEST(WebStream, refuses_who_chooses_another_protocol_than_was_offered) {
  auto options = peer_options();
  options.alpn = {"h2"};
  EXPECT_FALSE(WebPair{options}.run());
}

TEST(WebStream, does_without_alpn_where_the_peer_knows_none) {
  auto options = peer_options();
  options.alpn = {};
  WebPair pair{options};
  ASSERT_TRUE(pair.run());
  EXPECT_TRUE(pair.client.established());
}

TEST(WebStream, refuses_versions_below_1_2) {
  auto options = peer_options();
  options.highest_version = TLS1_1_VERSION;
  EXPECT_FALSE(WebPair{options}.run());
}

// HT-06: tickets come unasked and are not an answer; octets of an application are.
TEST(WebStream, tells_tickets_from_what_waits) {
  auto options = peer_options();
  options.sends_tickets = true;
  WebPair pair{options};
  ASSERT_TRUE(pair.run());
  EXPECT_EQ(pair.client.waiting(), WebStream::Waiting::nothing);
  pair.peer.send("unasked");
  const Buffer said = pair.peer.step({});
  std::copy_n(said.begin(), 3, pair.client.room().begin());
  pair.client.add(3);
  EXPECT_EQ(pair.client.waiting(), WebStream::Waiting::part);
  std::copy(said.begin() + 3, said.end(), pair.client.room().begin());
  pair.client.add(said.size() - 3);
  EXPECT_EQ(pair.client.waiting(), WebStream::Waiting::something);
  ASSERT_TRUE(pair.read_all());
  EXPECT_EQ(pair.received, "unasked") << "and nothing of it is lost";
}

TEST(WebStream, answers_some_key_updates_and_no_flood) {
  WebPair pair;
  ASSERT_TRUE(pair.run());
  for (unsigned i = 0; i < limits::key_updates; ++i) {
    pair.peer.update_keys();
    ASSERT_TRUE(pair.run()) << i;
  }
  pair.peer.update_keys();
  const auto flooded = pair.run();
  ASSERT_FALSE(flooded);
  EXPECT_EQ(flooded.error().fault, Fault::limit_exceeded);
}

TEST(WebStream, refuses_an_endless_row_of_empty_records) {
  WebPair pair;
  ASSERT_TRUE(pair.run());
  Result<> fed;
  for (unsigned i = 0; fed && i < 2 * limits::empty_tls_records; ++i) {
    append(pair.to_client, Bytes{pair.peer.seal("", SSL3_RT_APPLICATION_DATA, 10)});
    fed = pair.feed(SIZE_MAX);
  }
  EXPECT_FALSE(fed);
}

TEST(WebStream, refuses_a_changed_record_and_stays_broken) {
  WebPair pair;
  ASSERT_TRUE(pair.run());
  pair.peer.send("an answer");
  pair.to_client = pair.peer.step({});
  pair.to_client.back() ^= std::byte{1};
  ASSERT_FALSE(pair.feed(SIZE_MAX));
  EXPECT_EQ(pair.received, "");
  EXPECT_FALSE(pair.client.write(as_bytes("more")));
  EXPECT_EQ(pair.client.waiting(), WebStream::Waiting::something);
  EXPECT_FALSE(pair.client.take_output().empty()) << "the alert";
}

TEST(WebStream, refuses_what_is_no_tls) {
  WebStream client{*context_for(name), test::now};
  ASSERT_TRUE(client.handshake());
  const std::string words = "HTTP/1.1 400 Bad Request\r\n\r\n";
  std::ranges::copy(as_bytes(words), client.room().begin());
  client.add(words.size());
  const auto said = client.handshake();
  ASSERT_FALSE(said);
  EXPECT_NE(said.error().detail.find("does not speak TLS"), std::string::npos) << said.error().detail;
}

TEST(WebStream, sends_nothing_before_the_handshake_is_complete) {
  WebStream client{*context_for(name), test::now};
  ASSERT_TRUE(client.handshake());
  EXPECT_FALSE(client.write(as_bytes("early")));
}

// HT-18
TEST(WebContext, takes_no_authority_of_louvers_own) {
  const auto made = context_for(name, true, server().authority.certificate_pem());
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().detail.find("Louver's own anchors"), std::string::npos) << made.error().detail;
}

}  // namespace
}  // namespace louver::tls

#include <deque>
#include <random>

#include "crypto/hash.h"
#include "rogue/agreement_model.h"
#include "rogue/agreement_stage.h"
#include "session/middlebox_agreement.h"

// P5: a party, an endpoint too, holds no key that its part does not need (KI-01, KI-11): an endpoint can neither read
// nor forge what passes between two other parties.
namespace louver::rogue::least_privilege {
namespace {

using wire::MessageType;

class Approve final : public session::EndpointPolicy, public session::MiddleboxPolicy {
 public:
  Result<> approve(const session::Terms&, const std::vector<session::PartyReport>&) override { return {}; }
  Result<PartyIndex> place(const wire::Hello&) override { return Error{Fault::internal_error, "not asked here"}; }
  Result<> approve(const session::Terms&, PartyIndex) override { return {}; }
};

/// Peers as their channels verified them, from one real association with three middleboxes.
struct Peers {
  std::vector<tls::VerifiedPeer> by_channel;  // of the client: the server, then M1 .. M3
  Peers() {
    Stage stage{cast(3)};
    stage.run();
    for (std::size_t i = 0; i <= 3; ++i) by_channel.push_back(*dynamic_cast<RogueClient&>(stage.path.client()).peer(i));
  }
};

/// The agreement's engines of a whole path above the channels: messages go straight from one to the other. So a
/// thousand patterns of grants take a moment.
class Engines {
 public:
  Engines(const model::Grants& grants, const Peers& peers)
      : n_(static_cast<std::size_t>(grants.middleboxes)), hello_(make_hello(grants)) {
    const wire::Hash hash = session::hash_of_hello(wire::encode(hello_));
    accept_.hello_hash = hash;
    accept_.version = 1;
    accept_.suite = 0x1301;
    accept_.grants = wire::Opaque<0, 65535>{Bytes{hello_.grants.bytes}};
    const tls::VerifiedPeer& server_peer = peers.by_channel[0];
    session::EndpointAgreement::Own own{server_peer.leaf_hash(), server_peer.key_hash(),
                                        to_buffer(server_peer.leaf_der()), server_peer.not_after()};
    client_.emplace(session::EndpointAgreement::End::client, hello_, hash, session::EndpointAgreement::Own{}, policy_,
                    random_);
    server_.emplace(session::EndpointAgreement::End::server, hello_, hash, own, policy_, random_);
    for (std::size_t i = 1; i <= n_; ++i) {
      describes_.push_back(describe(i));
      const session::MiddleboxAgreement::Own mine{PartyIndex{static_cast<std::uint8_t>(i)},
                                                  peers.by_channel[i].leaf_hash(), WallTime::max(),
                                                  crypto::sha256({describes_.back()})};
      middleboxes_.emplace_back(std::make_unique<session::MiddleboxAgreement>(hello_, hash, mine, policy_));
      middleboxes_.back()->on_server_verified(server_peer);
    }
    run(peers);
  }

  bool complete() const {
    return fine_ && client_->complete() && server_->complete() &&
           std::ranges::all_of(middleboxes_, [](const auto& m) { return m->complete(); });
  }
  /// Name and digest of everything that the party holds.
  std::vector<wire::DigestItem> held_by(std::size_t party) {
    if (party == 0) return client_->take().secrets.digests();
    if (party == n_ + 1) return server_->take().secrets.digests();
    return middleboxes_[party - 1]->take().secrets.digests();
  }
  /// What was handed out: by which end, to which middlebox.
  struct Handed {
    std::size_t end, middlebox;
    wire::ItemName name;
    Buffer part;
  };
  const std::vector<Handed>& handed() const { return handed_; }

 private:
  struct InFlight {
    std::size_t from, to;
    Buffer message;
  };

  static wire::Hello make_hello(const model::Grants& grants) {
    wire::Hello hello;
    hello.versions.items = {1};
    for (int i = 1; i <= grants.middleboxes; ++i)
      hello.route.items.push_back({wire::Opaque<1, 255>{std::string_view{"m" + std::to_string(i)}}, 1});
    hello.route.items.push_back({wire::Opaque<1, 255>{std::string_view{"server"}}, 1});
    for (int c = 0; c < grants.contexts; ++c) {
      hello.contexts.items.push_back(
          {static_cast<std::uint8_t>(c + 1), 3, wire::Opaque<1, 255>{std::string_view{"c" + std::to_string(c)}}});
    }
    for (int m = 1; m <= grants.middleboxes; ++m) {
      for (int c = 0; c < grants.contexts; ++c)
        hello.grants.bytes.push_back(static_cast<std::byte>(grants.at(0, c, m) | grants.at(1, c, m) << 4));
    }
    hello.suites.items = {0x1301};
    return hello;
  }
  static Buffer describe(std::size_t i) {
    wire::Describe describe;
    describe.nonce[0] = static_cast<std::byte>(i);
    return wire::encode(describe);
  }
  /// Stands for the exporter of e: the same at both ends.
  static Result<> exported(std::string_view label, Bytes context, MutableBytes out) {
    const auto hash = crypto::sha256({as_bytes(label), context});
    std::ranges::copy_n(hash.begin(), static_cast<std::ptrdiff_t>(out.size()), out.begin());
    return {};
  }

  session::EndpointAgreement& end(std::size_t party) { return party == 0 ? *client_ : *server_; }
  session::EndpointAgreement::Send sender(std::size_t from) {
    return [this, from](std::size_t channel, SecretBuffer message) -> Result<> {
      const std::size_t to = channel == 0 ? n_ + 1 - from : channel;
      flying_.push_back({from, to, to_buffer(message.expose())});
      return {};
    };
  }
  void require(const Result<>& result) { fine_ = fine_ && result.has_value(); }

  void run(const Peers& peers) {
    require(server_->accept(accept_));
    for (const std::size_t party : {std::size_t{0}, n_ + 1}) {
      require(end(party).on_verified(0, party == 0 ? &peers.by_channel[0] : nullptr, exported, sender(party)));
      for (std::size_t i = 1; i <= n_; ++i) {
        require(end(party).on_verified(i, &peers.by_channel[i], exported, sender(party)));
        require(end(party).on_message(i, MessageType::describe, describes_[i - 1], exported, sender(party)));
      }
    }
    require(client_->on_message(0, MessageType::accept, wire::encode(accept_), exported, sender(0)));
    while (fine_ && !flying_.empty()) {
      const InFlight next = std::move(flying_.front());
      flying_.pop_front();
      deliver(next);
    }
  }
  void deliver(const InFlight& message) {
    const auto view = *wire::next_message(message.message);
    if (view->type == MessageType::keys) note_keys(message, view->body);
    if (message.to == 0 || message.to == n_ + 1) {
      const std::size_t channel = message.from == 0 || message.from == n_ + 1 ? 0 : message.from;
      require(end(message.to).on_message(channel, view->type, view->body, exported, sender(message.to)));
      return;
    }
    const Side from = message.from == 0 ? Side::client : Side::server;
    require(
        middleboxes_[message.to - 1]->on_message(from, view->type, view->body, [&](Side to, Buffer out) -> Result<> {
          flying_.push_back({message.to, to == Side::client ? 0 : n_ + 1, std::move(out)});
          return {};
        }));
  }
  void note_keys(const InFlight& message, Bytes body) {
    const auto keys = wire::decode<wire::Keys>(body);
    for (const wire::KeyItem& item : keys->items.items)
      handed_.push_back({message.from, message.to, item.name, to_buffer(item.part.secret.expose())});
  }

  std::size_t n_;
  wire::Hello hello_;
  wire::Accept accept_;
  Approve policy_;
  sim::SeededRandom random_{42};
  std::optional<session::EndpointAgreement> client_, server_;
  std::vector<std::unique_ptr<session::MiddleboxAgreement>> middleboxes_;
  std::vector<Buffer> describes_;
  std::deque<InFlight> flying_;
  std::vector<Handed> handed_;
  bool fine_ = true;
};

std::string text_of(const model::Grants& g) {
  std::string out;
  for (int direction = 0; direction < 2; ++direction) {
    for (int context = 0; context < g.contexts; ++context) {
      out += direction == 0 ? " c2s" : " s2c";
      for (int m = 1; m <= g.middleboxes; ++m)
        out += " " + std::string{session::name_of(static_cast<session::Grant>(g.at(direction, context, m)))};
      out += ";";
    }
  }
  return out;
}

std::vector<wire::ItemName> names_of(const std::vector<wire::DigestItem>& items) {
  std::vector<wire::ItemName> out;
  for (const wire::DigestItem& item : items) out.push_back(item.name);
  return out;
}

/// Everything of KI-01 for one pattern.
void expect_least_privilege(const model::Grants& grants, const Peers& peers) {
  Engines engines{grants, peers};
  ASSERT_TRUE(engines.complete());
  const int server = grants.middleboxes + 1;

  std::map<wire::ItemName, wire::Hash> values;
  for (int party = 0; party <= server; ++party) {
    const auto held = engines.held_by(static_cast<std::size_t>(party));
    ASSERT_EQ(names_of(held), model::held_by(grants, party)) << "party " << party;
    for (const wire::DigestItem& item : held) {
      const auto at = values.emplace(item.name, item.digest).first;
      EXPECT_EQ(at->second, item.digest) << "two holders, two secrets: " << wire::to_text(item.name);
    }
  }

  // What an end hands out: to holders alone; whole where it is the one that must, else a half that is not the whole.
  std::map<std::pair<std::size_t, wire::ItemName>, Buffer> parts;
  std::set<Buffer> distinct;
  for (const Engines::Handed& handed : engines.handed()) {
    const auto [at, fresh] = parts.emplace(std::pair{handed.end, handed.name}, handed.part);
    EXPECT_EQ(at->second, handed.part) << "two holders, two parts: " << wire::to_text(handed.name);
    EXPECT_TRUE(!fresh || distinct.insert(handed.part).second)
        << "two names, one secret: " << wire::to_text(handed.name);
    const int end = static_cast<int>(handed.end);
    EXPECT_TRUE(model::holds(grants, static_cast<int>(handed.middlebox), handed.name)) << wire::to_text(handed.name);
    const bool mine = model::holds(grants, end, handed.name), others = model::holds(grants, server - end, handed.name);
    const bool sends_this_way = (end == 0) == (handed.name.direction == 0);
    EXPECT_TRUE(mine ? !others || sends_this_way : !others) << "given by the wrong end: " << wire::to_text(handed.name);
    const std::array<std::byte, 6> octets = session::octets_of(handed.name);
    const wire::Hash digest = crypto::sha256({as_bytes("louver v1 secret"), octets, handed.part});
    EXPECT_EQ(digest == values[handed.name], mine) << wire::to_text(handed.name);
  }
}

int power(int base, int exponent) {
  int out = 1;
  for (; exponent > 0; --exponent) out *= base;
  return out;
}

/// Pattern `number` of one direction, and another, as regularly enumerated, of the other: each pattern comes once in
/// each direction.
model::Grants pattern(int middleboxes, int contexts, int number) {
  const int cells = middleboxes * contexts;
  const int all = power(5, cells);
  model::Grants grants{middleboxes, contexts, {}};
  for (int direction = 0; direction < 2; ++direction) {
    int rest = direction == 0
                   ? number
                   : static_cast<int>((std::int64_t{number} * 7 + 3) % all);  // 7 and a power of 5: a bijection
    for (int i = 0; i < cells; ++i, rest /= 5) grants.cells.push_back(rest % 5);
  }
  return grants;
}

// KI-01: for all grant patterns, 5 levels, up to three middleboxes with one context and up to two with two contexts,
// what each party holds equals the table computed by the model, which shares no code with the engines.
TEST(P5LeastPrivilege, no_party_holds_or_is_handed_a_secret_beyond_its_part_whatever_the_grants) {
  const Peers peers;
  std::size_t patterns = 0;
  for (const auto& [middleboxes, contexts] : {std::pair{0, 1}, {1, 1}, {2, 1}, {3, 1}, {0, 2}, {1, 2}, {2, 2}}) {
    for (int number = 0; number < power(5, middleboxes * contexts); ++number) {
      const model::Grants grants = pattern(middleboxes, contexts, number);
      SCOPED_TRACE(text_of(grants));
      expect_least_privilege(grants, peers);
      if (testing::Test::HasFailure()) return;
      ++patterns;
    }
  }
  EXPECT_EQ(patterns, 1U + 5 + 25 + 125 + 1 + 25 + 625);
}

// KI-01 once more through the real channels, for some patterns: what a middlebox answers for in its Ready, and what
// each party makes sessions from.
TEST(P5LeastPrivilege, no_middlebox_answers_for_a_secret_beyond_its_part_in_a_real_association) {
  sim::SeededRandom random{7};
  for (int run = 0; run < 20; ++run) {
    model::Grants grants{3, 2, {}};
    for (int i = 0; i < 12; ++i) grants.cells.push_back(static_cast<int>(random.upto(4)));
    SCOPED_TRACE(text_of(grants));
    Casting casting = cast(3);
    casting.spec.profile = &pair_traits;
    casting.spec.grants = [&](std::size_t m, std::string_view context, Direction d) {
      return static_cast<session::Grant>(
          grants.at(static_cast<int>(slot(d)), context == "first" ? 0 : 1, static_cast<int>(m)));
    };
    Stage stage{std::move(casting)};
    stage.run();
    expect_agreed(stage);
    for (const Said& said : stage.said) {
      if (said.type != MessageType::ready) continue;
      EXPECT_EQ(names_of(wire::decode<wire::Ready>(said.body)->items.items),
                model::held_by(grants, static_cast<int>(said.party)));
    }
  }
}

/// Every secret of a session that a party can make, asked for by every thinkable name.
std::set<wire::ItemName> obtainable(const session::KeySource& keys, const model::Grants& grants) {
  std::set<wire::ItemName> out;
  for (int party = 0; party <= grants.middleboxes + 1; ++party) {
    for (const wire::ItemName& name : model::held_by(grants, party)) {
      if (keys.secret(name)) out.insert(name);
    }
  }
  return out;
}

// KI-11: what passes between M1 and M2 when both write: the ends, who made the halves, can make no session key of it.
// Asking for one is a fault.
TEST(P5LeastPrivilege, the_ends_have_no_key_for_what_passes_between_two_middleboxes) {
  Casting casting = cast(2);
  casting.spec.grants = sim::grants_from("M1: both=write; M2: both=write");
  Stage stage{std::move(casting)};
  stage.run();
  expect_agreed(stage);
  model::Grants grants{2, 1, {4, 4, 4, 4}};
  std::map<std::size_t, std::set<wire::ItemName>> has;
  SessionNumber number{};
  Buffer join =
      *stage.path.record(0)->make_join(stage.path.clock.wall, number, [&](const session::KeySource& keys) -> Result<> {
        has[0] = obtainable(keys, grants);
        return {};
      });
  for (std::size_t party = 1; party <= 3; ++party) {
    ASSERT_TRUE(stage.path.record(party)->take_join(join, stage.path.clock.mono, stage.path.clock.wall,
                                                    [&](const session::KeySource& keys) -> Result<> {
                                                      has[party] = obtainable(keys, grants);
                                                      return {};
                                                    }));
  }
  for (const std::uint8_t direction : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::uint8_t from = direction == 0 ? 1 : 2, to = direction == 0 ? 2 : 1;
    for (const wire::ItemName& name :
         {wire::ItemName{1, direction, 1, from, to, 255}, wire::ItemName{5, direction, 0, from, to, 255}}) {
      EXPECT_FALSE(has[0].contains(name)) << wire::to_text(name);
      EXPECT_FALSE(has[3].contains(name)) << wire::to_text(name);
      EXPECT_TRUE(has[1].contains(name) && has[2].contains(name)) << wire::to_text(name);
    }
  }
  for (const std::size_t end : {std::size_t{0}, std::size_t{3}}) {
    const std::size_t neighbour = end == 0 ? 1 : 2, far = end == 0 ? 2 : 1;
    for (const wire::ItemName& name : has[end]) {
      EXPECT_TRUE(name.kind == 7 || has[neighbour].contains(name)) << wire::to_text(name);
      EXPECT_FALSE(has[far].contains(name)) << wire::to_text(name);
    }
  }
  EXPECT_FALSE(has[1].contains({7, 0, 0, 0, 3, 255})) << "a middlebox could make joins";
}

}  // namespace
}  // namespace louver::rogue::least_privilege

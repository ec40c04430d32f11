#include "sim/path.h"

#include <stdexcept>

namespace louver::sim {

std::string party_name(std::size_t index, std::size_t middleboxes) {
  if (index == middleboxes + 1) return "server.example";
  return "m" + std::to_string(index) + ".example";
}

class TestPolicies final : public session::ServerPolicy, public session::MiddleboxPolicy {
 public:
  explicit TestPolicies(Path& path) : path_(path) {}

  Result<> approve(const session::Terms&, const std::vector<session::PartyReport>&) override { return {}; }
  Result<wire::Accept> answer(const wire::Hello& hello, const session::Terms& offered) override {
    wire::Accept accept;
    accept.suite = hello.suites.items.front();
    accept.extensions = hello.extensions;
    for (std::size_t m = 1; m <= offered.middleboxes(); ++m) {
      for (const wire::Context& context : hello.contexts.items) {
        unsigned octet = 0;
        for (Direction d : both_directions) {
          const session::Grant asked =
              offered.grant(PartyIndex{static_cast<std::uint8_t>(m)}, ContextId{context.id}, d);
          const session::Grant given =
              path_.spec.server_grants ? path_.spec.server_grants(m, as_text(context.name.bytes), d, asked) : asked;
          octet |= static_cast<unsigned>(given) << (d == Direction::c2s ? 0 : 4);
        }
        accept.grants.bytes.push_back(static_cast<std::byte>(octet));
      }
    }
    return accept;
  }
  Result<PartyIndex> place(const wire::Hello&) override { return Error{Fault::internal_error, "see PlacedPolicy"}; }
  Result<> approve(const session::Terms&, PartyIndex) override { return {}; }

  /// A middlebox that knows its place by its name.
  class Placed final : public session::MiddleboxPolicy {
   public:
    explicit Placed(std::string name) : name_(std::move(name)) {}
    Result<PartyIndex> place(const wire::Hello& hello) override {
      for (std::size_t i = 0; i < hello.middleboxes(); ++i) {
        if (hello.route.items[i].name.text() == name_) return PartyIndex{static_cast<std::uint8_t>(i + 1)};
      }
      return Error{Fault::not_in_route, name_ + " is not in the route"};
    }
    Result<> approve(const session::Terms&, PartyIndex) override { return {}; }

   private:
    std::string name_;
  };
  std::vector<std::unique_ptr<Placed>> placed;

 private:
  Path& path_;
};

std::function<session::Grant(std::size_t, std::string_view, Direction)> grants_from(std::string_view text) {
  std::map<std::pair<std::size_t, std::string>, session::Grant> table;
  std::size_t middlebox = 0;
  std::string word;
  std::string context;
  const auto flush = [&] {
    if (!context.empty()) {
      const auto grant = session::parse_grant(word);
      if (!grant) throw std::runtime_error("bad grant " + word);
      table[{middlebox, context}] = *grant;
    }
    context.clear();
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ') continue;
    if (c == ':') {
      middlebox = static_cast<std::size_t>(std::stoul(word.substr(1)));
      word.clear();
    } else if (c == '=') {
      context = word;
      word.clear();
    } else if (c == ',' || c == ';') {
      flush();
    } else {
      word += c;
    }
  }
  flush();
  return [table](std::size_t m, std::string_view name, Direction) {
    const auto found = table.find({m, std::string{name}});
    return found == table.end() ? session::Grant::none : found->second;
  };
}

Path::Path(PathSpec wanted)
    : random(wanted.seed), spec(std::move(wanted)), policies_(std::make_unique<TestPolicies>(*this)) {
  build();
}
Path::~Path() = default;

void Path::build() {
  TestPki& pki = TestPki::shared();
  const std::size_t n = spec.middleboxes;
  session::ClientOffer offer;
  for (std::size_t i = 1; i <= n + 1; ++i)
    offer.route.push_back(
        {wire::Opaque<1, 255>{std::string_view{party_name(i, n)}}, static_cast<std::uint16_t>(4000 + i)});
  std::uint8_t id = 1;
  for (const session::ContextTraits& context : spec.profile->contexts)
    offer.contexts.push_back({id++, context.directions, wire::Opaque<1, 255>{context.name}});
  for (std::size_t m = 1; m <= n; ++m) {
    auto& row = offer.grants.emplace_back();
    for (const session::ContextTraits& context : spec.profile->contexts) {
      std::array<session::Grant, 2> pair{};
      for (Direction d : both_directions) {
        if ((context.directions >> slot(d) & 1) != 0 && spec.grants) pair[slot(d)] = spec.grants(m, context.name, d);
      }
      row.push_back(pair);
    }
  }
  offer.suites = {spec.suite};
  offer.max_record = spec.max_record;
  offer.profile = std::string{spec.profile->name};
  for (std::string_view name : spec.audit) offer.audit.push_back(raw(context(name)));

  std::vector<std::unique_ptr<Node>> nodes;
  const auto client_identity = spec.client_certificate ? pki.identity("client.example", tls::Role::client) : nullptr;
  std::unique_ptr<session::EndpointAssociation> client;
  if (spec.client_engine) client = spec.client_engine(offer, pki.client(client_identity), *policies_, random);
  if (client == nullptr) {
    auto made = session::ClientAssociation::make(offer, pki.client(client_identity), *policies_, random,
                                                 limits::handshake_deadline);
    if (!made) throw std::runtime_error(describe(made.error()));
    client = *std::move(made);
  }
  nodes.push_back(std::make_unique<EndpointNode>(std::move(client), Side::server));
  for (std::size_t i = 1; i <= n; ++i) {
    policies_->placed.push_back(std::make_unique<TestPolicies::Placed>(party_name(i, n)));
    session::MiddleboxPolicy& policy = *policies_->placed.back();
    auto options = pki.middlebox(pki.identity(party_name(i, n), tls::Role::middlebox));
    std::unique_ptr<session::MiddleboxAssociation> engine;
    if (spec.middlebox_engine) engine = spec.middlebox_engine(i, options, policy, random);
    if (engine == nullptr) engine = std::make_unique<session::MiddleboxAssociation>(options, policy, random);
    nodes.push_back(std::make_unique<MiddleboxNode>(std::move(engine)));
  }
  const session::ServerAssociation::Options server_options{party_name(n + 1, n), 250, limits::handshake_deadline};
  const auto channels = pki.server(pki.identity("server.example", tls::Role::server), spec.client_certificate);
  std::unique_ptr<session::EndpointAssociation> server;
  if (spec.server_engine) server = spec.server_engine(server_options, channels, *policies_, random);
  if (server == nullptr)
    server = std::make_unique<session::ServerAssociation>(server_options, channels, *policies_, random);
  nodes.push_back(std::make_unique<EndpointNode>(std::move(server), Side::client));
  association_ = std::make_unique<Chain>(clock, random, std::move(nodes), spec.latency);
  for (std::size_t i = 0; i < n + 2; ++i) tables_.push_back(std::make_unique<session::AssociationTable>(16));
}

bool Path::establish() {
  auto* client = dynamic_cast<session::ClientAssociation*>(&this->client());
  Node::Outputs out;
  if (client != nullptr && !client->start(clock.now(), out.to_server)) return false;
  association_->put(0, out);
  association_->run();
  for (std::size_t i = 0; i < spec.middleboxes + 2; ++i) {
    if (record(i) != nullptr && !tables_[i]->add(record(i))) return false;
  }
  return complete();
}

std::shared_ptr<session::AssociationRecord> Path::record(std::size_t party) {
  if (party == 0) return client().record();
  if (party == spec.middleboxes + 1) return server().record();
  return middlebox(party).record();
}

bool Path::complete() const {
  Path& self = const_cast<Path&>(*this);
  for (std::size_t i = 1; i <= spec.middleboxes; ++i) {
    if (self.error(i) || !self.middlebox(i).complete()) return false;
  }
  return !self.error(0) && !self.error(spec.middleboxes + 1) && self.client().complete() && self.server().complete();
}

ContextId Path::context(std::string_view name) const {
  std::uint8_t id = 1;
  for (const session::ContextTraits& one : spec.profile->contexts) {
    if (one.name == name) return ContextId{id};
    ++id;
  }
  throw std::runtime_error("no context " + std::string{name});
}

std::unique_ptr<Path::Session> Path::join() {
  return join([](std::size_t) { return nullptr; });
}

std::unique_ptr<Path::Session> Path::join(const Replace& replace) {
  std::vector<std::unique_ptr<Node>> nodes;
  nodes.push_back(std::make_unique<SessionClientNode>(record(0), *spec.profile, clock.now(), spec.idle, spec.counters));
  for (std::size_t i = 1; i <= spec.middleboxes + 1; ++i) {
    std::unique_ptr<Node> node = replace(i);
    if (node == nullptr && i <= spec.middleboxes)
      node = std::make_unique<RelayNode>(*tables_[i], *spec.profile, spec.idle, spec.counters);
    if (node == nullptr)
      node = std::make_unique<SessionServerNode>(*tables_[i], *spec.profile, spec.idle, spec.counters);
    nodes.push_back(std::move(node));
  }
  return std::make_unique<Session>(*this, std::move(nodes));
}

Path::Session::Session(Path& path, std::vector<std::unique_ptr<Node>> nodes)
    : chain(path.clock, path.random, std::move(nodes), path.spec.latency), path_(path) {}

void Path::Session::start() {
  Node::Outputs out;
  out.to_server.append(client().join);
  chain.put(0, out);
}

void Path::Session::send(Side end, std::string_view context, std::string_view text, std::uint32_t exchange, bool eom,
                         bool run_after) {
  const std::size_t node = end == Side::client ? 0 : chain.size() - 1;
  session::EndpointSession* engine = end == Side::client ? client().engine.get() : server().engine.get();
  if (engine == nullptr) throw std::runtime_error("no session at that end yet");
  Node::Outputs out;
  const session::Part part{path_.context(context), direction_from(end), Exchange{exchange}, as_bytes(text), eom};
  const auto sent = engine->send(part, out.to(opposite(end)), path_.clock.mono);
  chain.put(node, out);
  if (!sent) chain.fail(node, sent.error());
  if (run_after) run();
}

void Path::Session::finish(Side end, bool run_after) {
  const std::size_t node = end == Side::client ? 0 : chain.size() - 1;
  session::EndpointSession& engine = end == Side::client ? *client().engine : *server().engine;
  Node::Outputs out;
  const auto sent = engine.finish(out.to(opposite(end)), path_.clock.mono);
  chain.put(node, out);
  if (!sent) chain.fail(node, sent.error());
  if (run_after) run();
}

std::string Path::Session::got(Side end, std::string_view context, std::uint32_t exchange) {
  const Notebook& notes = end == Side::client ? client().notes : server().notes;
  return notes.text(path_.context(context), direction_from(opposite(end)), Exchange{exchange});
}

bool Path::Session::anyone_failed() {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (error(i)) return true;
  }
  return false;
}

}  // namespace louver::sim

#pragma once

#include "sim/association_nodes.h"
#include "sim/session_nodes.h"
#include "sim/test_pki.h"

namespace louver::sim {

inline const session::ContextTraits stream_contexts[] = {{"up", 1}, {"down", 2}};
/// Exchange 0 only, any number of messages: what stream/1 is.
inline const session::ProfileTraits stream_traits{"stream/1", false, false, stream_contexts};
inline const session::ContextTraits exchange_contexts[] = {{"head", 1},        {"cred", 1},  {"body", 1},
                                                           {"rhead", 2, true}, {"rcred", 2}, {"rbody", 2}};
/// Numbered exchanges in six contexts: what http/1 is.
inline const session::ProfileTraits exchange_traits{"http/1", true, false, exchange_contexts};

/// What a test wants of a path.
struct PathSpec {
  std::size_t middleboxes = 1;
  const session::ProfileTraits* profile = &exchange_traits;
  /// (middlebox from 1, context by name, direction) -> what is offered.
  std::function<session::Grant(std::size_t, std::string_view, Direction)> grants{};
  /// What the server makes of it; by default all that is offered.
  std::function<session::Grant(std::size_t, std::string_view, Direction, session::Grant)> server_grants{};
  std::uint16_t suite = 0x1301;
  std::uint32_t max_record = limits::max_record_default;
  bool client_certificate = false;
  std::vector<std::string_view> audit{};  // contexts that are audited
  std::uint64_t seed = 1;
  Duration latency{};
  /// Replace an honest engine: returns null to keep it.
  std::function<std::unique_ptr<session::MiddleboxAssociation>(std::size_t, session::MiddleboxAssociation::Options,
                                                               session::MiddleboxPolicy&, RandomSource&)>
      middlebox_engine{};
  std::function<std::unique_ptr<session::EndpointAssociation>(const session::ClientOffer&, session::EndpointChannels,
                                                              session::EndpointPolicy&, RandomSource&)>
      client_engine{};
  std::function<std::unique_ptr<session::EndpointAssociation>(
      session::ServerAssociation::Options, session::EndpointChannels, session::ServerPolicy&, RandomSource&)>
      server_engine{};
  Duration idle = limits::idle_deadline;  // of sessions
  session::CounterLimits counters{};      // lowered to see epochs and counters turn
};

/// "M1: head=read, body=write; M2: rbody=inspect" -> a grants function (the context's own directions).
std::function<session::Grant(std::size_t, std::string_view, Direction)> grants_from(std::string_view text);

std::string party_name(std::size_t index, std::size_t middleboxes);

/// The policies of honest parties in tests: approve everything; the server grants as the spec says.
class TestPolicies;

/// One association over a chain, and the sessions that join it.
class Path {
 public:
  explicit Path(PathSpec spec);
  ~Path();

  Clock clock;
  SeededRandom random;
  PathSpec spec;

  /// Runs the agreement until nothing moves. True if every party is complete.
  bool establish();
  bool complete() const;
  Chain& association() { return *association_; }
  session::EndpointAssociation& client() { return *static_cast<EndpointNode&>(association_->node(0)).engine; }
  session::EndpointAssociation& server() {
    return *static_cast<EndpointNode&>(association_->node(spec.middleboxes + 1)).engine;
  }
  session::MiddleboxAssociation& middlebox(std::size_t i) {
    return *static_cast<MiddleboxNode&>(association_->node(i)).engine;
  }
  /// Why party i gave up the association.
  const std::optional<Error>& error(std::size_t i) { return association_->node(i).error; }
  std::shared_ptr<session::AssociationRecord> record(std::size_t party);
  session::AssociationTable& table(std::size_t party) { return *tables_[party]; }
  ContextId context(std::string_view name) const;

  /// A session of its own on a chain of its own. The JOIN is not yet out: see Session::start.
  class Session;
  std::unique_ptr<Session> join();
  /// The same with a node of the test's in place of party i (1..N+1).
  using Replace = std::function<std::unique_ptr<Node>(std::size_t party)>;
  std::unique_ptr<Session> join(const Replace& replace);

 private:
  friend class TestPolicies;
  void build();
  std::unique_ptr<TestPolicies> policies_;
  std::vector<std::unique_ptr<session::AssociationTable>> tables_;
  std::unique_ptr<Chain> association_;
};

/// One session: the client's and server's application, and what every middlebox sees.
class Path::Session {
 public:
  Session(Path& path, std::vector<std::unique_ptr<Node>> nodes);

  Chain chain;
  /// Puts out the JOIN; data may follow in the same flight.
  void start();
  /// The application at one end hands over a message (or a piece of it) and the world moves on, unless `run` is false.
  void send(Side end, std::string_view context, std::string_view text, std::uint32_t exchange = 1, bool eom = true,
            bool run = true);
  void finish(Side end, bool run = true);
  void run() { chain.run(); }

  SessionClientNode& client() { return static_cast<SessionClientNode&>(chain.node(0)); }
  SessionServerNode& server() { return static_cast<SessionServerNode&>(chain.node(chain.size() - 1)); }
  RelayNode& relay(std::size_t i) { return static_cast<RelayNode&>(chain.node(i)); }
  /// Why party i gave up the session, if it did.
  const std::optional<Error>& error(std::size_t i) { return chain.node(i).error; }
  std::optional<Fault> fault(std::size_t i) { return error(i) ? std::optional{error(i)->fault} : std::nullopt; }
  /// What the application at that end was given.
  std::string got(Side end, std::string_view context, std::uint32_t exchange = 1);
  bool anyone_failed();

 private:
  Path& path_;
};

}  // namespace louver::sim

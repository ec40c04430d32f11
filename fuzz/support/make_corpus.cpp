#include <filesystem>
#include <fstream>

#include "profile/http1/random_exchanges.h"
#include "support/recording.h"
#include "support/require.h"

// Writes the seeds of every target: what honest parties say, and the texts of the tests.

namespace louver::fuzz {
namespace {

class Corpus {
 public:
  Corpus(const std::filesystem::path& root, const std::string& target) : folder_(root / target) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void add(Bytes bytes) {
    const std::string name = (count_ < 10 ? "seed_0" : "seed_") + std::to_string(count_);
    ++count_;
    std::ofstream file{folder_ / name, std::ios::binary};
    file << as_text(bytes);
    require(file.good(), "a seed can be written");
  }
  void add(std::string_view text) { add(as_bytes(text)); }

 private:
  std::filesystem::path folder_;
  int count_ = 0;
};

std::vector<Choice> choices() {
  std::vector<Choice> out;
  for (std::uint8_t middleboxes : {0, 1, 2, 3}) {
    for (bool exchanges : {false, true}) {
      for (std::uint8_t grants : {3, 4, 7, 10}) {
        if (middleboxes == 0 && grants != 4) continue;
        if (exchanges && middleboxes == 3 && grants != 7) continue;
        out.push_back({middleboxes, exchanges, grants});
      }
    }
  }
  return out;
}

Bytes first_body(const Buffer& stream) {
  Buffer copy = stream;
  const auto frame = wire::next_frame(copy, wire::frame_length_most);
  require(frame && *frame, "a recorded stream begins with a frame");
  return Bytes{stream}.subspan(wire::header_octets, (*frame)->header.length);
}

Bytes body_of(const Buffer& messages, wire::MessageType type) {
  for (Bytes rest{messages};;) {
    const auto message = wire::next_message(rest);
    require(message && *message, "the message is in the recording");
    if ((*message)->type == type) return (*message)->body;
    rest = rest.subspan((*message)->octets);
  }
}

/// Everything that came to a party, as AssociationPlayer's orders.
Buffer association_script(const Choice& choice, const Recording& recording, std::size_t party) {
  ScriptWriter out;
  write(out, choice);
  for (const Arrival& one : recording) {
    const auto order = static_cast<unsigned>(slot(one.from)) << 3;
    if (one.party == party) out.octet(order).string(one.frame);
  }
  return out.octet(5).octet(20).octet(7).done();
}

void associations(const std::filesystem::path& root) {
  Corpus frames{root, "frame_fuzz"}, hellos{root, "hello_fuzz"}, messages{root, "messages_fuzz"},
      terms{root, "terms_fuzz"};
  Corpus keys{root, "keys_fuzz"}, client{root, "client_association_fuzz"}, server{root, "server_association_fuzz"};
  Corpus middlebox{root, "middlebox_association_fuzz"};
  for (const Choice& choice : choices()) {
    const Recording run = record_association(choice);
    const std::size_t last = choice.middleboxes + 1U;
    const Buffer to_server = stream_to(run, last, Side::client);
    const Buffer hello = to_buffer(first_body(to_server));
    const Buffer end_to_end = messages_to(run, 0, Side::server, 0, 0);
    hellos.add(hello);
    terms.add(ScriptWriter{}.string(hello).bytes(body_of(end_to_end, wire::MessageType::accept)).done());
    if (choice.exchanges && choice.middleboxes > 1) continue;  // the rest grows with contexts and middleboxes
    frames.add(to_server);
    messages.add(end_to_end);
    client.add(association_script(choice, run, 0));
    server.add(association_script(choice, run, last));
    if (choice.middleboxes == 0) continue;
    middlebox.add(association_script(choice, run, 1));
    const Buffer from_client = messages_to(run, 1, Side::client, 1, 0);
    const Buffer from_server = messages_to(run, 1, Side::server, 1, wire::flag::server_channel);
    messages.add(from_client);
    messages.add(messages_to(run, 0, Side::server, 1, 0));
    ScriptWriter both;
    write(both, choice);
    keys.add(both.string(body_of(from_client, wire::MessageType::keys))
                 .bytes(body_of(from_server, wire::MessageType::keys))
                 .done());
  }
}

/// What came to an end of a session, behind the JOIN, as the orders of endpoint_session_fuzz; its own messages in
/// between.
Buffer endpoint_script(const Choice& choice, const Recording& run, bool client) {
  ScriptWriter out;
  write(out, choice);
  out.octet(client ? 0 : 1);
  const unsigned exchange = choice.exchanges ? 1 : 0;
  const std::size_t contexts = choice.exchanges ? 3 : 1;
  const std::size_t first = client ? 1 : contexts + 1;
  const auto speak = [&] {
    for (std::size_t c = first; c < first + contexts; ++c) {
      out.octet(4).octet(static_cast<unsigned>(c)).octet(exchange).octet(1).string(as_bytes("content"));
    }
  };
  if (client) speak();
  for (const Arrival& one : run) {
    const auto type = wire::read_header(one.frame)->type;
    if (one.party == (client ? 0U : choice.middleboxes + 1U) && type != wire::FrameType::join)
      out.octet(0).string(one.frame);
  }
  if (!client) speak();
  return out.octet(5).octet(7).done();
}

Buffer relay_script(const Choice& choice, const Recording& run, unsigned orders) {
  ScriptWriter out;
  write(out, choice);
  Buffer filters(24);
  for (std::size_t i = 0; i < filters.size(); ++i) filters[i] = static_cast<std::byte>(i * orders);
  out.string(filters);
  for (const Arrival& one : run) {
    if (one.party == 1 && wire::read_header(one.frame)->type != wire::FrameType::join) {
      out.octet(static_cast<unsigned>(slot(one.from))).string(one.frame);
    }
  }
  return out.done();
}

void sessions(const std::filesystem::path& root) {
  Corpus joins{root, "join_fuzz"}, records{root, "records_fuzz"}, endpoints{root, "endpoint_session_fuzz"};
  Corpus relays{root, "relay_session_fuzz"};
  for (const Choice& choice : choices()) {
    const Recording run = record_session(choice);
    joins.add(first_body(stream_to(run, 1, Side::client)));
    endpoints.add(endpoint_script(choice, run, true));
    endpoints.add(endpoint_script(choice, run, false));
    if (choice.middleboxes > 0) {
      for (unsigned orders : {0, 1, 3}) relays.add(relay_script(choice, run, orders));
    }
    int taken = 0;
    for (const Arrival& one : run) {
      if (wire::read_header(one.frame)->type == wire::FrameType::join || ++taken > 5) continue;
      const std::size_t hop = one.from == Side::client ? one.party - 1 : choice.middleboxes - one.party;
      ScriptWriter record;
      write(record, choice);
      records.add(
          record.octet(static_cast<unsigned>(hop << 1 | slot(direction_from(one.from)))).bytes(one.frame).done());
    }
  }
  for (unsigned code : {1, 12, 20}) {
    joins.add(Bytes{wire::make_alert_frame(1, static_cast<Alert>(code))}.subspan(wire::header_octets));
  }
}

/// Paths on which the script alters a few frames.
void paths(const std::filesystem::path& root) {
  Corpus agreeing{root, "association_path_fuzz"}, speaking{root, "session_path_fuzz"};
  for (const Choice& choice : choices()) {
    ScriptWriter undisturbed, said;
    write(undisturbed, choice);
    write(said, choice);
    agreeing.add(undisturbed.octet(0).done());
    Buffer orders;
    for (unsigned order : {0U, 1U, 6U, 7U, 11U, 130U, 131U}) {
      orders.push_back(static_cast<std::byte>(order));
      orders.push_back(std::byte{3});
      append(orders, as_bytes("abc"));
    }
    const Buffer speech = said.octet(1).string(orders).done();
    speaking.add(speech);
    for (unsigned tampering = 1; tampering <= 6; ++tampering) {
      Buffer orders_of_network(4, std::byte{0});
      ScriptWriter one;
      one.octet(tampering).octet(0).octet(9).octet(1);
      append(orders_of_network, one.done());
      agreeing.add(ScriptWriter{}.bytes(undisturbed.done()).bytes(orders_of_network).done());
      speaking.add(ScriptWriter{}.bytes(speech).bytes(orders_of_network).done());
    }
  }
}

constexpr std::string_view request_heads[] = {
    "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n",
    "POST /api/x?y=1 HTTP/1.1\r\nhost: a.example:8080\r\naccept: */*\r\nx-debug: 1\r\ncontent-length: 12\r\n\r\n",
    "PUT /a%20b HTTP/1.1\r\nhost: [::1]\r\nx: \r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nhost: a.example\r\nx-seen: no\r\n\r\n",
    "HEAD /old/ HTTP/1.1\r\nhost: a.example\r\nx: 1\r\nx: 2\r\n\r\n",
};
constexpr std::string_view response_heads[] = {
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
    "HTTP/1.1 404 \r\nserver: s\r\nx-debug: 1\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
};

void part(ScriptWriter& to, unsigned order, unsigned context, unsigned exchange, std::string_view text) {
  to.octet(order).octet(context | 8).octet(exchange).string(as_bytes(text));
}

/// Exchanges of sessions that carry trailers.
void trailers(Corpus& agents, Corpus& gateways) {
  constexpr std::string_view behind = "5\r\nhello\r\n0\r\nX-Sum: 17\r\n\r\n";
  ScriptWriter agent;
  const std::string post = "POST /p HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n";
  agent.octet(2).octet(0).string(as_bytes(post + std::string{behind}));
  part(agent, 3, 4, 1, "HTTP/1.1 200 OK\r\n\r\n");
  part(agent, 3, 5, 1, "");
  part(agent, 3, 6, 1, "hello");
  part(agent, 3, 7, 1, "x-sum: 17\r\n");
  agents.add(agent.octet(6).octet(5).done());

  ScriptWriter gateway;
  part(gateway, 0, 1, 1, "POST /p HTTP/1.1\r\nhost: a\r\n\r\n");
  part(gateway, 0, 2, 1, "");
  part(gateway, 0, 3, 1, "hello");
  part(gateway, 0, 7, 1, "x-sum: 17\r\n");
  const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string{behind};
  gateway.octet(6).octet(3).string(as_bytes(answer));
  gateways.add(gateway.octet(5).octet(1).done());
}

void codecs(const std::filesystem::path& root) {
  Corpus agents{root, "http_agent_fuzz"}, gateways{root, "http_gateway_fuzz"}, bodies{root, "http_body_fuzz"};
  profile::http1::test::Random random{1};
  for (std::size_t i = 0; i < 16; ++i) {
    auto plan = profile::http1::test::make_plan(random);
    plan.request_body.resize(std::min<std::size_t>(plan.request_body.size(), 40));
    plan.response_body.resize(std::min<std::size_t>(plan.response_body.size(), 40));
    ScriptWriter agent;
    agent.octet(0).octet(0).string(as_bytes(profile::http1::test::request_bytes(plan, i, random)));
    part(agent, 3, 4, 1, response_heads[i % std::size(response_heads)]);
    part(agent, 3, 5, 1, "set-cookie: a=b\r\n");
    part(agent, 3, 6, 1, i % std::size(response_heads) == 0 ? "hello" : "");
    agents.add(agent.octet(6).octet(5).done());

    ScriptWriter gateway;
    part(gateway, 0, 1, 1, request_heads[i % std::size(request_heads)]);
    part(gateway, 0, 2, 1, "cookie: a=b\r\n");
    part(gateway, 0, 3, 1, i % std::size(request_heads) == 1 ? "twelve bytes" : "");
    gateway.octet(6).octet(3).string(as_bytes(profile::http1::test::response_bytes(plan, i, random)));
    gateways.add(gateway.octet(5).octet(1).done());

    const std::string body = profile::http1::test::in_chunks(plan.response_body, random);
    bodies.add(ScriptWriter{}.octet(static_cast<unsigned>(i * 2)).bytes(as_bytes(body)).done());
  }
  bodies.add(ScriptWriter{}.octet(1).string(as_bytes("counted")).done());
  trailers(agents, gateways);
}

void texts(const std::filesystem::path& root) {
  Corpus heads{root, "http_heads_fuzz"}, filters{root, "filter_fuzz"}, names{root, "names_fuzz"};
  const auto both = [&](std::string_view head, unsigned context) {
    heads.add(head);
    filters.add(ScriptWriter{}
                    .octet(context | 12)
                    .string(as_bytes(head))
                    .octet(context + 1 + 12)
                    .string(as_bytes("body"))
                    .done());
    const std::string_view end = head.substr(head.size() / 2);
    const std::string_view begin = head.substr(0, head.size() / 2);
    filters.add(ScriptWriter{}.octet(context).string(as_bytes(begin)).octet(context | 4).string(as_bytes(end)).done());
  };
  for (std::string_view head : request_heads) both(head, 0);
  for (std::string_view head : response_heads) both(head, 2);
  heads.add("cookie: a=b\r\nauthorization: Basic eA==\r\n");
  heads.add("set-cookie: a=b\r\nset-cookie: c=d\r\n");
  for (std::string_view name :
       {"m1.example", "server.example", "a", "xn--bcher-kva.example", "127.0.0.1", "a_b.example", "a-.example",
        "spiffe://example.org/agent/one", "spiffe://example.org/*", "spiffe://example.org/a/..", "spiffe://a",
        "a.example:80", "[::1]:8080", "[2001:db8::1]", "A.Example:443", "a..b", "a.example."}) {
    names.add(name);
  }
}

}  // namespace
}  // namespace louver::fuzz

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: make_corpus FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path root{arguments[1]};
  louver::fuzz::associations(root);
  louver::fuzz::sessions(root);
  louver::fuzz::paths(root);
  louver::fuzz::codecs(root);
  louver::fuzz::texts(root);
  return 0;
}

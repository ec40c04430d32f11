#include "session/agreement.h"
#include "vectors/document.h"
#include "wire/hello.h"

namespace louver::vectors {
namespace {

struct ContextLine {
  const char* name;
  std::uint8_t directions;
  std::uint8_t id = 0;  // 0: one more than the last
};

wire::Hello hello_of(std::uint16_t suite, std::size_t middleboxes, const std::vector<ContextLine>& contexts,
                     const std::vector<std::uint8_t>& grants, const char* profile,
                     const std::optional<std::vector<std::uint8_t>>& audit) {
  wire::Hello hello;
  hello.versions.items = {wire::version_1};
  for (std::size_t i = 1; i <= middleboxes; ++i)
    hello.route.items.push_back({decltype(wire::Party::name){std::string_view{"m" + std::to_string(i) + ".example"}},
                                 static_cast<std::uint16_t>(4430 + i)});
  hello.route.items.push_back({decltype(wire::Party::name){std::string_view{"server.example"}}, 4440});
  std::uint8_t id = 0;
  for (const ContextLine& line : contexts) {
    id = line.id != 0 ? line.id : static_cast<std::uint8_t>(id + 1);
    hello.contexts.items.push_back({id, line.directions, decltype(wire::Context::name){std::string_view{line.name}}});
  }
  for (const std::uint8_t grant : grants) hello.grants.bytes.push_back(std::byte{grant});
  hello.suites.items = {suite};
  hello.extensions = wire::write_extensions({audit, 16384U, std::string{profile}});
  return hello;
}

/// Everything accepted; members' hashes are octets that tell them apart.
wire::Manifest manifest_of(const wire::Hello& hello, std::uint16_t suite) {
  wire::Manifest manifest;
  manifest.session_id.fill(std::byte{0x44});
  manifest.accept = {session::hash_of_hello(wire::encode(hello)), wire::version_1, suite, {}, hello.extensions};
  manifest.accept.grants.bytes = hello.grants.bytes;
  for (std::size_t i = 0; i < hello.middleboxes() + 2; ++i) {
    wire::Member member;
    member.leaf_hash.fill(static_cast<std::byte>(0x60 + i));
    member.describe_hash.fill(static_cast<std::byte>(0x70 + i));
    manifest.members.items.push_back(member);
  }
  return manifest;
}

/// @param grants  middlebox by middlebox, contexts in order: low nibble c2s, high nibble s2c
/// @param audit   ids of contexts; every party signs a receipt
Json inputs_of(std::uint16_t suite, std::size_t middleboxes, const std::vector<ContextLine>& contexts,
               const std::vector<std::uint8_t>& grants, const char* profile, Json steps,
               const std::optional<std::vector<std::uint8_t>>& audit = std::nullopt) {
  const wire::Hello hello = hello_of(suite, middleboxes, contexts, grants, profile, audit);
  const std::size_t octets = suite == 0x1302 ? 48 : 32;
  Json out = {{"hello", to_hex(wire::encode(hello))},
              {"manifest", to_hex(wire::encode(manifest_of(hello, suite)))},
              {"e2e", to_hex(Buffer(octets, std::byte{0x11}))}};
  if (middleboxes > 0) {  // else no secret is made of a seed
    out["client_seed"] = to_hex(Buffer(octets, std::byte{0x22}));
    out["server_seed"] = to_hex(Buffer(octets, std::byte{0x33}));
  }
  out["session"] = 1;
  out["alive"] = 0;
  out["epoch_shift"] = 1;
  out["steps"] = std::move(steps);
  for (std::size_t i = 0; audit && i < middleboxes + 2; ++i)
    out["receipt_keys"][std::to_string(i)] = to_hex(Buffer(32, static_cast<std::byte>(0x80 + i)));
  return out;
}

Json say(const char* direction, int context, int exchange, std::string_view text, bool end, Json at = Json::object()) {
  return Json{{"direction", direction},
              {"context", context},
              {"exchange", exchange},
              {"plaintext", to_hex(as_bytes(text))},
              {"end", end},
              {"at", std::move(at)}};
}
Json finish(const char* direction) { return Json{{"direction", direction}, {"finish", true}}; }

/// Three records (the third is the first of the second epoch), an answer, both ends.
Json stream_steps(Json at) {
  return Json::array({say("c2s", 1, 0, "account 12", false), say("c2s", 1, 0, "secret", false, std::move(at)),
                      say("c2s", 1, 0, "behind the epoch", true), finish("c2s"), say("s2c", 2, 0, "done", true),
                      finish("s2c")});
}

/// Two exchanges; the credentials contexts (2, 5) are padded. M2 redacts the second answer's body, which M1 may write.
Json http_steps() {
  Json steps = Json::array();
  for (const int exchange : {1, 2}) {
    steps.push_back(say("c2s", 1, exchange, "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n", true));
    steps.push_back(say("c2s", 2, exchange, "cookie: a=b\r\n", true));
    steps.push_back(say("c2s", 3, exchange, "", true));
    steps.push_back(say("s2c", 4, exchange, "HTTP/1.1 200 OK\r\n\r\n", true));
    steps.push_back(say("s2c", 5, exchange, "", true));
    steps.push_back(
        say("s2c", 6, exchange, "answer", true, exchange == 2 ? Json{{"2", Json{{"redact", true}}}} : Json::object()));
  }
  steps.push_back(finish("c2s"));
  steps.push_back(finish("s2c"));
  return steps;
}

/// Each context of the example of flows in docs/protocol.md §5, both ways; M1 redacts the second record of context 3.
Json flow_steps() {
  Json steps = Json::array();
  for (const char* direction : {"c2s", "s2c"}) {
    for (const int context : {1, 2, 6, 3}) steps.push_back(say(direction, context, 0, "one", false));
    steps.push_back(say(direction, 3, 0, "secret", false, Json{{"1", Json{{"redact", true}}}}));
    for (const int context : {6, 3, 2, 1}) steps.push_back(say(direction, context, 0, "two", true));
    steps.push_back(finish(direction));
  }
  return steps;
}

}  // namespace

std::vector<std::pair<std::string, Json>> own_inputs() {
  const std::vector<ContextLine> stream = {{"upstream", 1}, {"downstream", 2}};
  const Json none = Json::object(), redact = {{"redact", true}}, replace = {{"replace", to_hex(as_bytes("changed"))}};
  return {
      {"n0-stream", inputs_of(0x1301, 0, stream, {}, "stream/1", stream_steps(none))},
      {"n1-none", inputs_of(0x1301, 1, stream, {0x00, 0x00}, "stream/1", stream_steps(none))},
      {"n1-read", inputs_of(0x1302, 1, stream, {0x01, 0x10}, "stream/1", stream_steps(none))},
      {"n1-inspect", inputs_of(0x1303, 1, stream, {0x02, 0x20}, "stream/1", stream_steps(none))},
      {"n1-redact", inputs_of(0x1302, 1, stream, {0x03, 0x10}, "stream/1", stream_steps({{"1", redact}}))},
      {"n1-write", inputs_of(0x1303, 1, stream, {0x04, 0x40}, "stream/1", stream_steps({{"1", replace}}), {{1, 2}})},
      {"n2-http1", inputs_of(0x1302, 2,
                             {{"request-head", 1},
                              {"request-credentials", 1},
                              {"request-body", 1},
                              {"response-head", 2},
                              {"response-credentials", 2},
                              {"response-body", 2}},
                             {0x01, 0x00, 0x03, 0x20, 0x00, 0x40, 0x04, 0x00, 0x02, 0x10, 0x00, 0x30}, "http/1",
                             http_steps(), {{1, 2, 3, 6}})},
      {"n3-flows",
       inputs_of(0x1303, 3, {{"one", 3}, {"two", 3}, {"three", 3}, {"six", 3, 6}},
                 {0x11, 0x00, 0x33, 0x22, 0x44, 0x00, 0x22, 0x00, 0x22, 0x44, 0x33, 0x44}, "stream/1", flow_steps())},
      {"n2-two-redactors-first",
       inputs_of(0x1301, 2, stream, {0x03, 0x20, 0x03, 0x10}, "stream/1", stream_steps({{"1", redact}}))},
      {"n2-two-redactors-second",
       inputs_of(0x1301, 2, stream, {0x03, 0x20, 0x03, 0x10}, "stream/1", stream_steps({{"2", redact}}))},
  };
}

}  // namespace louver::vectors

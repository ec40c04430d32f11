#include "role/demo/cast.h"

namespace louver::role::demo {
namespace {

// By these the parties know each other in the Hello; where they really listen only `connect` says.
constexpr std::string_view scanner_port = "4431", editor_port = "4432", server_port = "4433";

std::string quoted(std::string_view text) { return "\"" + std::string{text} + "\""; }

std::string line(std::string_view key, std::string_view value) {
  return std::string{key} + " = " + std::string{value} + "\n";
}

std::string loopback(std::uint16_t port) { return quoted("127.0.0.1:" + std::to_string(port)); }

std::string grants_of(const CastMember& member) {
  return "{ " + std::string{member.context} + " = " + quoted(member.grant) + " }";
}

/// Certificate, anchors and log of a party.
std::string common(const Place& place, const CastMember& member) {
  const std::string base = place.directory + "/pki/";
  return "[certificate]\n" + line("chain", quoted(base + std::string{member.name} + ".pem")) +
         line("key", quoted(base + std::string{member.name} + ".key")) + "\n[[trust]]\n" +
         line("anchors", quoted(base + "ca.pem")) + "\n[log]\n" + line("format", quoted("json")) +
         line("level", quoted("info")) + "\n[limits]\n" + line("drain_deadline", quoted("1s"));
}

std::string middlebox_head(const Place& place, const CastMember& member) {
  return line("name", quoted(member.name)) + line("listen", quoted("127.0.0.1:0")) + "\n" + common(place, member) +
         "\n[describe]\n" + line("operator", quoted(member.operator_name)) + line("purpose", quoted(member.purpose));
}

std::string next(const CastMember& member, std::string_view known_port, std::uint16_t port) {
  return "\n[[next]]\n" + line("name", quoted(member.name)) + line("port", known_port) +
         line("connect", loopback(port));
}

constexpr std::string_view log_filter = "\n[[filter]]\ntype = \"log\"\npayload = true\n";

}  // namespace

std::string gateway_file(const Place& place, std::uint16_t embedded_origin, const std::string& default_origin) {
  std::string out =
      line("name", quoted(server.name)) + line("listen", quoted("127.0.0.1:0")) + "\n" + common(place, server);
  for (const CastMember& member : {scanner, editor}) {
    out += "\n[[middlebox]]\n" + line("name", quoted(member.name)) + line("required", "true") +
           line("grants", grants_of(member));
  }
  out +=
      "\n[[origin]]\n" + line("hosts", "[" + quoted(attempts_host) + "]") + line("connect", loopback(embedded_origin));
  return out + "\n[[origin]]\n" + line("default", "true") + line("connect", quoted(default_origin));
}

/// A response meets the filters from the last to the first: what came is logged, then it is edited, then what goes on
/// is logged.
std::string editor_file(const Place& place, std::uint16_t gateway) {
  return middlebox_head(place, editor) + next(server, server_port, gateway) + std::string{log_filter} +
         "\n[[filter]]\ntype = \"edit\"\n" +
         line("add", "{ " + std::string{added_field} + " = " + quoted(added_value) + " }") +
         line("remove", "[" + quoted(removed_field) + "]") + std::string{log_filter};
}

std::string scanner_file(const Place& place, std::uint16_t editor_at) {
  return middlebox_head(place, scanner) + next(editor, editor_port, editor_at) + std::string{log_filter};
}

/// The most that is offered is the least that is taken: an association that is open has these grants and no others.
std::string agent_file(const Place& place, std::uint16_t scanner_at) {
  std::string out = common(place, client) + "\n[[route]]\n" + line("name", quoted("demo")) +
                    line("server", quoted(server.name)) + line("port", server_port) +
                    line("connect", loopback(scanner_at)) + line("default", "true");
  for (const auto& [member, port] : {std::pair{scanner, scanner_port}, std::pair{editor, editor_port}}) {
    out += "\n[[route.middlebox]]\n" + line("name", quoted(member.name)) + line("port", port) +
           line("grants", grants_of(member)) + line("minimum", grants_of(member));
  }
  return out + "\n[[http]]\n" + line("listen", quoted("127.0.0.1:0"));
}

}  // namespace louver::role::demo

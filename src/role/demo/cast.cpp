#include "role/demo/cast.h"

#include "role/demo/toml_text.h"

namespace louver::role::demo {
namespace {

// By these the parties know each other in the Hello; where they really listen only `connect` says.
constexpr std::string_view scanner_port = "4431", editor_port = "4432", server_port = "4433";

std::string grants_of(const CastMember& member) {
  return "{ " + std::string{member.context} + " = " + toml_text(member.grant) + " }";
}

/// Certificate, anchors and log of a party.
std::string common(const Place& place, const CastMember& member) {
  const std::string base = place.directory + "/pki/";
  return "[certificate]\n" + toml_line("chain", toml_text(base + std::string{member.name} + ".pem")) +
         toml_line("key", toml_text(base + std::string{member.name} + ".key")) + "\n[[trust]]\n" +
         toml_line("anchors", toml_text(base + "ca.pem")) + "\n[log]\n" + toml_line("format", toml_text("json")) +
         toml_line("level", toml_text("info")) + "\n[limits]\n" + toml_line("drain_deadline", toml_text("1s"));
}

std::string middlebox_head(const Place& place, const CastMember& member) {
  return toml_line("name", toml_text(member.name)) + toml_line("listen", toml_text("127.0.0.1:0")) + "\n" +
         common(place, member) + "\n[describe]\n" + toml_line("operator", toml_text(member.operator_name)) +
         toml_line("purpose", toml_text(member.purpose));
}

std::string next(const CastMember& member, std::string_view known_port, std::uint16_t port) {
  return "\n[[next]]\n" + toml_line("name", toml_text(member.name)) + toml_line("port", known_port) +
         toml_line("connect", loopback_text(port));
}

constexpr std::string_view log_filter = "\n[[filter]]\ntype = \"log\"\npayload = true\n";

}  // namespace

std::string gateway_file(const Place& place, std::uint16_t embedded_origin, const std::string& default_origin) {
  std::string out = toml_line("name", toml_text(server.name)) + toml_line("listen", toml_text("127.0.0.1:0")) + "\n" +
                    common(place, server);
  for (const CastMember& member : {scanner, editor}) {
    out += "\n[[middlebox]]\n" + toml_line("name", toml_text(member.name)) + toml_line("required", "true") +
           toml_line("grants", grants_of(member));
  }
  out += "\n[[origin]]\n" + toml_line("hosts", "[" + toml_text(attempts_host) + "]") +
         toml_line("connect", loopback_text(embedded_origin));
  return out + "\n[[origin]]\n" + toml_line("default", "true") + toml_line("connect", toml_text(default_origin));
}

/// A response meets the filters from the last to the first: what came is logged, then it is edited, then what goes on
/// is logged.
std::string editor_file(const Place& place, std::uint16_t gateway) {
  return middlebox_head(place, editor) + next(server, server_port, gateway) + std::string{log_filter} +
         "\n[[filter]]\ntype = \"edit\"\n" +
         toml_line("add", "{ " + std::string{added_field} + " = " + toml_text(added_value) + " }") +
         toml_line("remove", "[" + toml_text(removed_field) + "]") + std::string{log_filter};
}

std::string scanner_file(const Place& place, std::uint16_t editor_at) {
  return middlebox_head(place, scanner) + next(editor, editor_port, editor_at) + std::string{log_filter};
}

/// The most that is offered is the least that is taken: an association that is open has these grants and no others.
std::string agent_file(const Place& place, std::uint16_t scanner_at) {
  std::string out = common(place, client) + "\n[[route]]\n" + toml_line("name", toml_text("demo")) +
                    toml_line("server", toml_text(server.name)) + toml_line("port", server_port) +
                    toml_line("connect", loopback_text(scanner_at)) + toml_line("default", "true");
  for (const auto& [member, port] : {std::pair{scanner, scanner_port}, std::pair{editor, editor_port}}) {
    out += "\n[[route.middlebox]]\n" + toml_line("name", toml_text(member.name)) + toml_line("port", port) +
           toml_line("grants", grants_of(member)) + toml_line("minimum", grants_of(member));
  }
  return out + "\n[[http]]\n" + toml_line("listen", toml_text("127.0.0.1:0"));
}

}  // namespace louver::role::demo

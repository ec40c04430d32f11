#include "role/demo/member.h"

#include <algorithm>

#include "role/demo/toml_text.h"

namespace louver::role::demo {
namespace {

std::string grants_text(const Member& member) {
  std::string out;
  for (const Granted& one : member.grants) {
    if (!one.context.empty())
      out += (out.empty() ? "" : ", ") + std::string{one.context} + " = " + toml_text(one.grant);
  }
  return "{ " + out + " }";
}

std::string heading(const Member& member) {
  return toml_line("name", toml_text(member.name)) + toml_line("listen", loopback_text(0)) + "\n";
}

std::span<const Member> middleboxes_of(std::span<const Member> path) { return path.subspan(1, path.size() - 2); }

}  // namespace

std::string_view Member::grant_on(std::string_view context) const {
  const auto found = std::ranges::find(grants, context, &Granted::context);
  return found == grants.end() ? std::string_view{} : found->grant;
}

std::string common_text(const std::string& directory, const Member& member) {
  const std::string base = directory + "/pki/" + std::string{member.name};
  return "[certificate]\n" + toml_line("chain", toml_text(base + ".pem")) + toml_line("key", toml_text(base + ".key")) +
         "\n[[trust]]\n" + toml_line("anchors", toml_text(directory + "/pki/ca.pem")) + "\n[log]\n" +
         toml_line("format", toml_text("json")) + toml_line("level", toml_text("info")) + "\n[limits]\n" +
         toml_line("drain_deadline", toml_text("1s"));
}

std::string middlebox_text(const std::string& directory, const Member& member, const Member& next_member,
                           std::uint16_t next) {
  return heading(member) + common_text(directory, member) + "\n[describe]\n" +
         toml_line("operator", toml_text("Example")) + toml_line("purpose", toml_text(member.does)) + "\n[[next]]\n" +
         toml_line("name", toml_text(next_member.name)) + toml_line("port", std::to_string(next_member.port)) +
         toml_line("connect", loopback_text(next)) + "\n[[filter]]\n" + toml_line("type", toml_text("log")) +
         toml_line("payload", "true");
}

std::string gateway_text(const std::string& directory, std::span<const Member> path, std::uint16_t origin) {
  std::string out = heading(path.back()) + common_text(directory, path.back());
  for (const Member& member : middleboxes_of(path)) {
    out += "\n[[middlebox]]\n" + toml_line("name", toml_text(member.name)) + toml_line("required", "true") +
           toml_line("grants", grants_text(member));
  }
  return out + "\n[[origin]]\n" + toml_line("default", "true") + toml_line("connect", loopback_text(origin));
}

std::string agent_text(const std::string& directory, std::span<const Member> path, std::uint16_t next,
                       std::string_view more) {
  std::string out = common_text(directory, path.front()) + "\n[[route]]\n" + toml_line("name", toml_text("demo")) +
                    toml_line("server", toml_text(path.back().name)) +
                    toml_line("port", std::to_string(path.back().port)) + toml_line("connect", loopback_text(next)) +
                    toml_line("default", "true") + std::string{more};
  for (const Member& member : middleboxes_of(path)) {
    out += "\n[[route.middlebox]]\n" + toml_line("name", toml_text(member.name)) +
           toml_line("port", std::to_string(member.port)) + toml_line("grants", grants_text(member)) +
           toml_line("minimum", grants_text(member));
  }
  return out;
}

}  // namespace louver::role::demo

#include "measure/path_files.h"

#include "role/demo/toml_text.h"

namespace louver::measure {
namespace {

using role::demo::common_text;
using role::demo::loopback_text;
using role::demo::Member;
using role::demo::toml_line;
using role::demo::toml_text;

std::string head_text(const Member& member) {
  return toml_line("name", toml_text(member.name)) + toml_line("listen", loopback_text(0)) + "\n";
}

/// As in other files; in [limits] besides: associations that were replaced linger for ten seconds.
std::string base_text(const std::string& directory, const Member& member) {
  return common_text(directory, member) + toml_line("associations_per_source", "1000");
}

/// The same on what comes and on what goes.
std::string both_ways(std::string_view grant) {
  return "{ upstream = " + toml_text(grant) + ", downstream = " + toml_text(grant) + " }";
}

/// The most that is offered is the least that is taken: so what is measured is this grant and no other.
std::string route_text(std::uint16_t middlebox, std::string_view grant) {
  const Member &box = members[box_at], &gate = members[gate_at];
  return "\n[[route]]\n" + toml_line("name", toml_text(grant)) + toml_line("profile", toml_text("stream/1")) +
         toml_line("server", toml_text(gate.name)) + toml_line("port", std::to_string(gate.port)) +
         toml_line("connect", loopback_text(middlebox)) + "\n[[route.middlebox]]\n" +
         toml_line("name", toml_text(box.name)) + toml_line("port", std::to_string(box.port)) +
         toml_line("grants", both_ways(grant)) + toml_line("minimum", both_ways(grant));
}

}  // namespace

std::string gateway_file(const std::string& directory, std::uint16_t origin) {
  const Member &box = members[box_at], &gate = members[gate_at];
  return head_text(gate) + base_text(directory, gate) + "\n[[middlebox]]\n" + toml_line("name", toml_text(box.name)) +
         toml_line("required", "true") + toml_line("grants", both_ways("write")) + "\n[[origin]]\n" +
         toml_line("profile", toml_text("stream/1")) + toml_line("connect", loopback_text(origin));
}

std::string middlebox_file(const std::string& directory, std::uint16_t gateway) {
  const Member &box = members[box_at], &gate = members[gate_at];
  return head_text(box) + base_text(directory, box) + "\n[describe]\n" + toml_line("operator", toml_text("Example")) +
         toml_line("purpose", toml_text(box.does)) + "\n[[next]]\n" + toml_line("name", toml_text(gate.name)) +
         toml_line("port", std::to_string(gate.port)) + toml_line("connect", loopback_text(gateway));
}

std::string agent_file(const std::string& directory, std::size_t place, std::uint16_t middlebox,
                       std::span<const std::string_view> grants) {
  std::string out = common_text(directory, members[place]) + "\n[control]\n" +
                    toml_line("socket", toml_text(control_socket(directory, place)));
  for (const std::string_view grant : grants) out += route_text(middlebox, grant);
  for (const std::string_view grant : grants)
    out += "\n[[tcp]]\n" + toml_line("listen", loopback_text(0)) + toml_line("route", toml_text(grant));
  return out;
}

std::string control_socket(const std::string& directory, std::size_t place) {
  return directory + "/" + std::string{members[place].name} + ".control";
}

}  // namespace louver::measure

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "runtime/local_listener.h"

namespace louver::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t answer_most = 4 * 1024 * 1024;
constexpr std::chrono::seconds answer_deadline{70};

struct Request {
  std::string socket, name;
  bool at_once = false, json = false;
};

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string out;
  for (const Json& one : value) out += (out.empty() ? "" : ", ") + text_of(one);
  return out.empty() ? "none" : out;
}

/// Of the policy of a role, a list without a name in it lets everybody in.
bool lets_all_in(const std::string& key, const Json& value) {
  return value.is_array() && value.empty() && (key == "clients" || key == "servers");
}

/// Lists of objects as one line each, the rest as "key  value"; counters that are 0 are left out.
void print(const Json& answer, const std::string& indent) {
  for (const auto& [key, value] : answer.items()) {
    if (key == "ok") continue;
    if (value.is_object()) {
      std::cout << indent << key << ":\n";
      print(value, indent + "  ");
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
      std::cout << indent << key << ":\n";
      for (const Json& one : value) {
        std::string line;
        for (const auto& [name, part] : one.items()) line += (line.empty() ? "" : "  ") + name + "=" + text_of(part);
        std::cout << indent << "  " << line << '\n';
      }
    } else if (!(value.is_number() && value == 0 && key.ends_with("_total") && !indent.empty())) {
      std::cout << indent << key << "  " << (lets_all_in(key, value) ? "any" : text_of(value)) << '\n';
    }
  }
}

int ask(const Request& request, const std::string& command) {
  Json line{{"command", command}};
  if (!request.name.empty()) line["name"] = request.name;
  if (request.at_once) line["now"] = true;
  const auto said = runtime::ask_locally(request.socket, line.dump(-1, ' ', true), answer_most, answer_deadline);
  if (!said) {
    std::cerr << "louver control: " << said.error().detail << '\n';
    return failed;
  }
  const Json answer = Json::parse(*said, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok")) {
    std::cerr << "louver control: the answer is none of this program's\n";
    return failed;
  }
  if (request.json) {
    std::cout << *said << '\n';
  } else if (answer["ok"] == true) {
    print(answer, "");
    if (command == "withdraw" && answer.value("associations", Json{}) == 0)
      std::cerr << "louver control: note: no association here has a party of that name\n";
  } else {
    std::cerr << "louver control: " << text_of(answer.value("error", Json{""})) << '\n';
  }
  return answer["ok"] == true ? ok : failed;
}

}  // namespace

void add_control(CLI::App& program, const Chosen& chosen) {
  CLI::App* command = program.add_subcommand("control", "asks a running agent, middlebox or gateway, or changes it");
  auto request = std::make_shared<Request>();
  command->add_option("socket", request->socket, "the path in [control] socket of its configuration")->required();
  command->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& what) {
    CLI::App* one = command->add_subcommand(name, what);
    one->add_flag("--json", request->json, "print the answer as the process gives it: one line of JSON");
    one->final_callback([request, name, chosen] { chosen([request, name] { return ask(*request, name); }); });
    return one;
  };
  add("status", "what it is, what it has counted, its associations");
  add("reload", "read the configuration anew, as SIGHUP does; a bad file changes nothing");
  add("renew", "make new associations in the place of all present ones");
  CLI::App* withdraw = add("withdraw", "give a party nothing any more, until `restore` or a restart");
  withdraw->add_option("name", request->name, "its name, as in its certificate")->required();
  withdraw->add_flag("--now", request->at_once, "end its sessions at once, without a time to drain");
  CLI::App* restore = add("restore", "undo `withdraw`: the configuration counts again");
  restore->add_option("name", request->name, "the name that was withdrawn")->required();
}

}  // namespace louver::cli

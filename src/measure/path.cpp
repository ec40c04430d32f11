#include "measure/path.h"

#include <atomic>
#include <thread>

#include "measure/path_files.h"
#include "runtime/clock.h"
#include "runtime/endpoint.h"
#include "runtime/local_listener.h"
#include "runtime/loop.h"

namespace louver::measure {
namespace {

using role::demo::Json;
using role::demo::PartyProcess;
using role::demo::Scene;

constexpr std::string_view association_open = "association.open";
constexpr std::chrono::seconds control_deadline{5};
constexpr std::chrono::milliseconds until_heard{500};
constexpr std::size_t control_answer_most = 4096;

/// All of its listeners, in the order of its configuration.
std::vector<std::uint16_t> ports_of(const PartyProcess& party) {
  std::vector<std::uint16_t> out;
  for (const Json& event : party.events()) {
    if (role::demo::text_of(event, "event") != "listen") continue;
    const auto address = runtime::split_host_port(role::demo::text_of(event, "address"));
    if (address) out.push_back(address->second);
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Path>> Path::start(runtime::Loop& loop, std::string program) {
  std::unique_ptr<Path> path{new Path{loop}};
  LOUVER_ASSIGN(path->origin_, Origin::start());
  LOUVER_ASSIGN(path->scene_, Scene::set_up(loop, std::move(program), members, false, "louver-bench"));
  Scene& scene = *path->scene_;
  const std::string& directory = scene.directory();
  constexpr std::array<std::string_view, 1> one_grant = {"read"};
  LOUVER_TRY(scene.start(gate_at, gateway_file(directory, path->origin_->port())));
  LOUVER_TRY(scene.start(box_at, middlebox_file(directory, scene.port_of(gate_at))));
  const std::uint16_t box = scene.port_of(box_at);
  LOUVER_TRY(scene.start(grants_at, agent_file(directory, grants_at, box, session::grant_names)));
  LOUVER_TRY(scene.start(alice_at, agent_file(directory, alice_at, box, one_grant)));
  LOUVER_TRY(path->open_agents());
  return path;
}

Result<> Path::open_agents() {
  const PartyProcess& many = scene_->party(grants_at);
  LOUVER_TRY(scene_->wait([&] { return many.count(association_open) >= grant_ports_.size(); },
                          many.name() + " to open its associations"));
  const std::vector<std::uint16_t> ports = ports_of(many);
  if (ports.size() != grant_ports_.size())
    return Error{Fault::internal_error, many.name() + " has other listeners than it was told"};
  std::ranges::copy(ports, grant_ports_.begin());
  port_ = scene_->port_of(alice_at);
  return {};
}

Result<> Path::as_client(Duration within, const std::function<Result<>(const Patience&)>& work) {
  constexpr std::chrono::seconds longer{5};  // the work's own patience ends first, and says more
  const TimePoint until = runtime::now() + within;
  Result<> came = Error{Fault::internal_error, "not done"};
  std::atomic<bool> done = false;
  std::jthread client{[&](const std::stop_token& stop) {
    came = work({stop, until});
    done = true;
    loop_.post([] {});  // so that the loop looks
  }};
  const auto waited = scene_->wait([&] { return done.load(); }, "the client", within + longer);
  client.request_stop();
  client.join();
  if (!waited) return waited.error();
  if (!came) return explained(came.error());
  return {};
}

Result<> Path::renew() {
  const PartyProcess& agent = scene_->party(alice_at);
  const std::size_t opened = agent.count(association_open);
  LOUVER_ASSIGN(const std::string answer,
                runtime::ask_locally(control_socket(scene_->directory(), alice_at), R"({"command":"renew"})",
                                     control_answer_most, control_deadline));
  const Json said = Json::parse(answer, nullptr, false);
  if (!said.is_object() || !said.value("ok", false))
    return Error{Fault::internal_error, agent.name() + " has not taken the command to renew"};
  const auto waited = scene_->wait([&] { return agent.count(association_open) > opened; },
                                   agent.name() + " to open another association");
  if (!waited) return explained(waited.error());
  return {};
}

Result<> Path::rest(Duration time) {
  const auto waited = scene_->wait([] { return false; }, "nothing", time);
  return !waited && waited.error().fault != Fault::timeout ? waited : Result<>{};
}

std::array<const PartyProcess*, parties.size()> Path::processes(Agent agent) const {
  return {&scene_->party(agent == Agent::single ? alice_at : grants_at), &scene_->party(box_at),
          &scene_->party(gate_at)};
}

Result<ByParty> Path::cpu_of(Agent agent, const std::function<Result<>()>& work) const {
  const auto measured = processes(agent);
  std::array<ThreadTimes, parties.size()> before;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    LOUVER_ASSIGN(before[i], thread_times(measured[i]->pid()));
  }
  LOUVER_TRY(work());
  ByParty out{};
  for (std::size_t i = 0; i < measured.size(); ++i) {
    LOUVER_ASSIGN(const ThreadTimes after, thread_times(measured[i]->pid()));
    const auto used = used_between(before[i], after);
    if (!used) return Error{used.error().fault, measured[i]->name() + ": " + used.error().detail};
    out[i] = static_cast<double>(*used);
  }
  return out;
}

Result<ByParty> Path::memory_of(Agent agent) const {
  ByParty out{};
  const auto measured = processes(agent);
  for (std::size_t i = 0; i < measured.size(); ++i) {
    LOUVER_ASSIGN(const std::uint64_t resident, resident_kib(measured[i]->pid()));
    out[i] = static_cast<double>(resident);
  }
  return out;
}

Error Path::explained(Error error) {
  // When a party dies, its connections break before the system says so.
  std::string ended;
  const auto somebody_ended = [&] {
    for (std::size_t place = 0; place < members.size(); ++place) {
      const PartyProcess& party = scene_->party(place);
      if (!party.is_running()) ended += "; " + party.name() + ": " + party.last_words();
    }
    return !ended.empty();
  };
  static_cast<void>(scene_->wait(somebody_ended, "the end of a party", until_heard));
  error.detail += ended;
  return error;
}

}  // namespace louver::measure

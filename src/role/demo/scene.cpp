#include "role/demo/scene.h"

#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "runtime/clock.h"
#include "tls/pki.h"

namespace louver::role::demo {
namespace {

constexpr std::chrono::hours scene_pki_lifetime{24};

tls::Role role_of(const Member& member) {
  return member.role == "agent"     ? tls::Role::client
         : member.role == "gateway" ? tls::Role::server
                                    : tls::Role::middlebox;
}

}  // namespace

Result<std::unique_ptr<Scene>> Scene::set_up(runtime::Loop& loop, std::string program, std::span<const Member> path,
                                             bool keep, std::string_view name) {
  LOUVER_ASSIGN(std::unique_ptr<ScratchDirectory> directory, ScratchDirectory::make(keep, name));
  std::unique_ptr<Scene> scene{new Scene{loop, std::move(program), path, std::move(directory)}};
  loop.on_signals({SIGINT, SIGTERM}, [self = scene.get()](int) { self->asked_to_end_ = true; });
  LOUVER_TRY(scene->make_pki());
  return scene;
}

Result<> Scene::make_pki() const {
  const std::string base = directory() + "/pki/";
  if (mkdir(base.c_str(), 0700) != 0) return Error{Fault::configuration, base + ": " + std::strerror(errno)};
  const WallTime now = runtime::wall_now();
  LOUVER_ASSIGN(const tls::pki::Authority authority,
                tls::pki::create_authority({"Louver demo, thrown away", scene_pki_lifetime}, now));
  LOUVER_TRY(write_scratch(base + "ca.pem", authority.certificate_pem));
  for (const Member& member : path_) {
    const std::string name{member.name};
    LOUVER_ASSIGN(const tls::pki::Issued issued,
                  tls::pki::issue(authority, {role_of(member), {name}, scene_pki_lifetime}, now));
    LOUVER_TRY(write_scratch(base + name + ".pem", issued.chain_pem));
    LOUVER_TRY(write_scratch(base + name + ".key", issued.key_pem));
  }
  return {};  // the authority's own key is never written
}

Result<> Scene::start(std::size_t place, const std::string& configuration) {
  const Member& member = path_[place];
  const std::string_view ready = member.role == "agent" ? "association.open" : "listen";
  const std::string file = directory() + "/" + std::string{member.name} + ".toml";
  LOUVER_TRY(write_scratch(file, configuration));
  LOUVER_ASSIGN(parties_[place], PartyProcess::start(loop_, std::string{member.name},
                                                     {program_, std::string{member.role}, "--config", file}));
  const PartyProcess& party = *parties_[place];
  LOUVER_TRY(wait([&] { return party.first(ready) != nullptr || !party.is_running(); },
                  party.name() + " to say " + std::string{ready}));
  if (party.first(ready) == nullptr)
    return Error{Fault::configuration, party.name() + " does not run: " + party.last_words()};
  return {};
}

Result<> Scene::wait(const std::function<bool()>& done, std::string_view what, Duration within) {
  const bool came = loop_.run_until([&] { return asked_to_end_ || done(); }, runtime::now() + within);
  if (asked_to_end_) return Error{Fault::revoked, "told to end"};
  if (!came) return Error{Fault::timeout, "waited in vain for " + std::string{what}};
  return {};
}

Result<> Scene::close_ends() {
  for (const std::size_t place : {std::size_t{0}, parties_.size() - 1}) {
    PartyProcess& party = *parties_[place];
    party.terminate();
    LOUVER_TRY(wait([&] { return !party.is_running(); }, party.name() + " to end"));
  }
  return {};
}

std::uint64_t Scene::seen_octets(std::size_t place, std::string_view context) const {
  std::uint64_t out = 0;
  for (const Json& event : party(place).events()) {
    const bool counts = text_of(event, "event") == "message" && text_of(event, "context") == context;
    if (counts) out += event.value("octets", std::uint64_t{0});
  }
  return out;
}

}  // namespace louver::role::demo

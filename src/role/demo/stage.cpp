#include "role/demo/stage.h"

#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "runtime/clock.h"
#include "runtime/files.h"
#include "tls/pki.h"

namespace louver::role::demo {
namespace {

constexpr std::chrono::hours pki_lifetime{24};

tls::Role role_of(const CastMember& member) {
  return member.role == "agent"     ? tls::Role::client
         : member.role == "gateway" ? tls::Role::server
                                    : tls::Role::middlebox;
}

}  // namespace

Result<std::unique_ptr<ScratchDirectory>> ScratchDirectory::make(bool keep) {
  const char* base = std::getenv("TMPDIR");
  std::string path =
      (base != nullptr && *base == '/' ? std::string{base} : std::string{"/tmp"}) + "/louver-demo-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return Error{Fault::configuration,
                 path + ": " + std::strerror(errno) + "; set TMPDIR to a directory that can be written to"};
  }
  return std::unique_ptr<ScratchDirectory>{new ScratchDirectory{std::move(path), keep}};
}

ScratchDirectory::~ScratchDirectory() {
  if (keep_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Result<std::unique_ptr<Stage>> Stage::set_up(runtime::Loop& loop, Options options) {
  LOUVER_ASSIGN(std::unique_ptr<ScratchDirectory> directory, ScratchDirectory::make(options.keep));
  std::unique_ptr<Stage> stage{new Stage{loop, std::move(options), std::move(directory)}};
  loop.on_signals({SIGINT, SIGTERM}, [self = stage.get()](int) { self->asked_to_end_ = true; });
  LOUVER_TRY(stage->make_pki());
  LOUVER_ASSIGN(stage->origin_, Origin::start());
  const std::uint16_t embedded = stage->origin_->port();
  const std::string fallback = "127.0.0.1:" + std::to_string(embedded);
  const std::string& wanted = stage->options_.default_origin;
  // Each needs to know where the next one listens.
  LOUVER_ASSIGN(
      stage->gateway_,
      stage->start(server, gateway_file(stage->place_, embedded, wanted.empty() ? fallback : wanted), {"gateway"}));
  LOUVER_ASSIGN(stage->editor_,
                stage->start(demo::editor, editor_file(stage->place_, stage->gateway_->port()), {"middlebox"}));
  return stage;
}

Result<> Stage::make_pki() const {
  const std::string base = directory() + "/pki/";
  if (mkdir(base.c_str(), 0700) != 0) return Error{Fault::configuration, base + ": " + std::strerror(errno)};
  const WallTime now = runtime::wall_now();
  LOUVER_ASSIGN(const tls::pki::Authority authority,
                tls::pki::create_authority({"Louver demo, thrown away", pki_lifetime}, now));
  LOUVER_TRY(runtime::write_public_file(base + "ca.pem", as_bytes(authority.certificate_pem)));
  for (const CastMember& member : cast) {
    const std::string name{member.name};
    LOUVER_ASSIGN(const tls::pki::Issued issued,
                  tls::pki::issue(authority, {role_of(member), {name}, pki_lifetime}, now));
    LOUVER_TRY(runtime::write_public_file(base + name + ".pem", as_bytes(issued.chain_pem)));
    LOUVER_TRY(runtime::write_private_file(base + name + ".key", as_bytes(issued.key_pem)));
  }
  return {};  // the authority's own key is never written
}

Result<std::unique_ptr<PartyProcess>> Stage::start(const CastMember& member, const std::string& file,
                                                   std::vector<std::string> subcommand) {
  const std::string path = directory() + "/" + std::string{member.name} + ".toml";
  LOUVER_TRY(runtime::write_public_file(path, as_bytes(file), runtime::IfExists::replace));
  std::vector<std::string> argv = {options_.program};
  argv.insert(argv.end(), subcommand.begin(), subcommand.end());
  argv.insert(argv.end(), {"--config", path});
  LOUVER_ASSIGN(std::unique_ptr<PartyProcess> party,
                PartyProcess::start(loop_, std::string{member.name}, std::move(argv)));
  LOUVER_TRY(wait([&] { return party->port() != 0 || !party->is_running(); }, party->name() + " to listen"));
  if (party->port() == 0) return Error{Fault::configuration, party->name() + " does not run: " + party->last_words()};
  return party;
}

Result<> Stage::start_path(const std::string& attempt) {
  std::vector<std::string> subcommand = {"middlebox"};
  if (!attempt.empty()) {
    subcommand = {"demo-insider", "--attempt", attempt, "--past", "127.0.0.1:" + std::to_string(gateway_->port())};
  }
  LOUVER_ASSIGN(scanner_, start(demo::scanner, scanner_file(place_, editor_->port()), std::move(subcommand)));
  LOUVER_ASSIGN(agent_, start(client, agent_file(place_, scanner_->port()), {"agent"}));
  LOUVER_TRY(wait([this] { return agent_->first("association.open") != nullptr || !agent_->is_running(); },
                  "the association to be open"));
  if (!agent_->is_running()) return Error{Fault::configuration, "the agent does not run: " + agent_->last_words()};
  return {};
}

Result<> Stage::end_path() {
  for (const auto& party : {agent_.get(), scanner_.get()}) party->terminate();
  return wait([this] { return !agent_->is_running() && !scanner_->is_running(); }, "agent and scanner to end");
}

Result<> Stage::wait(const std::function<bool()>& done, std::string_view what, Duration within) {
  const TimePoint until = std::min(runtime::now() + within, options_.deadline);
  const bool came = loop_.run_until([&] { return asked_to_end_ || done(); }, until);
  if (asked_to_end_) return Error{Fault::revoked, "told to end"};
  if (!came) return Error{Fault::timeout, "waited in vain for " + std::string{what}};
  return {};
}

}  // namespace louver::role::demo

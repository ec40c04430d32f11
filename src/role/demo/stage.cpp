#include "role/demo/stage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "runtime/clock.h"
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

Result<std::unique_ptr<ScratchDirectory>> ScratchDirectory::make(bool keep, std::string_view name) {
  const char* base = std::getenv("TMPDIR");
  std::string path =
      (base != nullptr && *base == '/' ? std::string{base} : std::string{"/tmp"}) + "/" + std::string{name} + "-XXXXXX";
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
  LOUVER_ASSIGN(stage->gateway_,
                stage->start(server, "gateway",
                             gateway_file(stage->place_, embedded, wanted.empty() ? fallback : wanted), {"gateway"}));
  LOUVER_TRY(stage->wait_for(*stage->gateway_, "listen"));
  LOUVER_ASSIGN(stage->editor_, stage->start(demo::editor, "editor",
                                             editor_file(stage->place_, stage->gateway_->port()), {"middlebox"}));
  LOUVER_TRY(stage->wait_for(*stage->editor_, "listen"));
  return stage;
}

Result<> Stage::make_pki() const {
  const std::string base = directory() + "/pki/";
  if (mkdir(base.c_str(), 0700) != 0) return Error{Fault::configuration, base + ": " + std::strerror(errno)};
  const WallTime now = runtime::wall_now();
  LOUVER_ASSIGN(const tls::pki::Authority authority,
                tls::pki::create_authority({"Louver demo, thrown away", pki_lifetime}, now));
  LOUVER_TRY(write_scratch(base + "ca.pem", authority.certificate_pem));
  for (const CastMember& member : cast) {
    const std::string name{member.name};
    LOUVER_ASSIGN(const tls::pki::Issued issued,
                  tls::pki::issue(authority, {role_of(member), {name}, pki_lifetime}, now));
    LOUVER_TRY(write_scratch(base + name + ".pem", issued.chain_pem));
    LOUVER_TRY(write_scratch(base + name + ".key", issued.key_pem));
  }
  return {};  // the authority's own key is never written
}

Result<Stage::Process> Stage::start(const CastMember& member, const std::string& file_name,
                                    const std::string& configuration, std::vector<std::string> subcommand) {
  const std::string path = directory() + "/" + file_name + ".toml";
  LOUVER_TRY(write_scratch(path, configuration));
  std::vector<std::string> argv = {options_.program};
  argv.insert(argv.end(), subcommand.begin(), subcommand.end());
  argv.insert(argv.end(), {"--config", path});
  return PartyProcess::start(loop_, std::string{member.name}, std::move(argv));
}

Result<> Stage::wait_for(const PartyProcess& party, std::string_view event) {
  LOUVER_TRY(wait([&] { return party.first(event) != nullptr || !party.is_running(); },
                  party.name() + " to say " + std::string{event}));
  if (party.first(event) == nullptr)
    return Error{Fault::configuration, party.name() + " does not run: " + party.last_words()};
  return {};
}

Result<std::vector<Path>> Stage::open_paths(const std::vector<std::string>& attempts) {
  std::vector<Path> paths(attempts.size());
  const auto file = [&](const char* what, std::size_t i) {
    return what + (attempts[i].empty() ? "" : "-" + attempts[i]);
  };
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::vector<std::string> subcommand = {"middlebox"};
    if (!attempts[i].empty()) {
      subcommand = {"demo-insider", "--attempt", attempts[i], "--past",
                    "127.0.0.1:" + std::to_string(gateway_->port())};
    }
    LOUVER_ASSIGN(paths[i].scanner,
                  start(scanner, file("scanner", i), scanner_file(place_, editor_->port()), std::move(subcommand)));
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    LOUVER_TRY(wait_for(*paths[i].scanner, "listen"));
    LOUVER_ASSIGN(paths[i].agent,
                  start(client, file("agent", i), agent_file(place_, paths[i].scanner->port()), {"agent"}));
  }
  for (const Path& path : paths) LOUVER_TRY(wait_for(*path.agent, "association.open"));
  return paths;
}

Result<> Stage::wait(const std::function<bool()>& done, std::string_view what, Duration within) {
  const TimePoint until = std::min(runtime::now() + within, options_.deadline);
  const bool came = loop_.run_until([&] { return asked_to_end_ || done(); }, until);
  if (asked_to_end_) return Error{Fault::revoked, "told to end"};
  if (!came) return Error{Fault::timeout, "waited in vain for " + std::string{what}};
  return {};
}

Result<> write_scratch(const std::string& path, std::string_view content) {
  constexpr mode_t owner_only = 0600;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, owner_only);
  bool written = fd >= 0;
  for (std::string_view rest = content; written && !rest.empty();) {
    const ssize_t octets = write(fd, rest.data(), rest.size());
    if (octets < 0 && errno == EINTR) continue;
    written = octets > 0;
    if (written) rest.remove_prefix(static_cast<std::size_t>(octets));
  }
  const std::string why = std::strerror(errno);
  if (fd >= 0) close(fd);
  if (!written) return Error{Fault::configuration, path + ": " + why};
  return {};
}

}  // namespace louver::role::demo

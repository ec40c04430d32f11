#include "role/demo/scan_parts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "runtime/clock.h"
#include "runtime/timer.h"
#include "tls/pki.h"

namespace louver::role::demo {
namespace {

constexpr std::chrono::hours scan_pki_lifetime{24};
constexpr std::string_view modules = "/usr/lib/x86_64-linux-gnu/c_icap";

/// What must be there, and the Debian package that it is in.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> needed = {
    {{"/usr/bin/curl", "curl"},
     {"/usr/sbin/nginx", "nginx-light"},
     {"/usr/bin/c-icap", "c-icap"},
     {"/usr/lib/x86_64-linux-gnu/c_icap/clamd_mod.so", "libc-icap-mod-virus-scan"},
     {"/usr/sbin/clamd", "clamav-daemon"}}};

Result<> check_installed() {
  for (const auto& [file, package] : needed) {
    if (access(std::string{file}.c_str(), R_OK) != 0)
      return Error{Fault::configuration, std::string{file} + " is missing: install the package " +
                                             std::string{package} + ", as `./dev demo scan` does"};
  }
  return {};
}

std::string at_port(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

std::string common(const std::string& directory, std::string_view name) {
  const std::string base = directory + "/pki/";
  const std::string own = base + std::string{name};
  return "[certificate]\nchain = \"" + own + ".pem\"\nkey = \"" + own + ".key\"\n[[trust]]\nanchors = \"" + base +
         "ca.pem\"\n[log]\nformat = \"json\"\nlevel = \"info\"\n[limits]\ndrain_deadline = \"1s\"\n";
}

constexpr std::string_view grants = R"({ request-body = "inspect", response-body = "inspect" })";

}  // namespace

std::string eicar() {
  std::string out = "X5O!P%@AP[4";
  for (const char* more : {"\\PZX54(P^)7CC)7}$", "EICAR-STANDARD", "-ANTIVIRUS-TEST", "-FILE!$H+H*"}) out += more;
  return out;
}

Result<std::unique_ptr<ScanParts>> ScanParts::start(runtime::Loop& loop, Options options) {
  LOUVER_TRY(check_installed());
  std::unique_ptr<ScanParts> made{new ScanParts{loop, std::move(options)}};
  LOUVER_ASSIGN(made->directory_, ScratchDirectory::make(made->options_.keep));
  loop.on_signals({SIGINT, SIGTERM}, [self = made.get()](int) { self->asked_to_end_ = true; });
  LOUVER_TRY(made->make_pki());
  LOUVER_TRY(made->start_scanner());
  LOUVER_TRY(made->start_origin());
  LOUVER_TRY(made->start_path());
  return made;
}

Result<> ScanParts::make_pki() const {
  const std::string base = directory() + "/pki/";
  std::error_code error;
  for (const char* folder : {"/pki", "/www", "/www/up", "/nginx", "/signatures", "/tmp"})
    std::filesystem::create_directory(directory() + folder, error);
  const WallTime now = runtime::wall_now();
  LOUVER_ASSIGN(const tls::pki::Authority authority,
                tls::pki::create_authority({"Louver demo, thrown away", scan_pki_lifetime}, now));
  LOUVER_TRY(write_scratch(base + "ca.pem", authority.certificate_pem));
  for (const auto& [role, member] :
       {std::pair{tls::Role::client, scan_client}, std::pair{tls::Role::middlebox, scan_box},
        std::pair{tls::Role::server, scan_server}}) {
    const std::string name{member};
    LOUVER_ASSIGN(const tls::pki::Issued issued, tls::pki::issue(authority, {role, {name}, scan_pki_lifetime}, now));
    LOUVER_TRY(write_scratch(base + name + ".pem", issued.chain_pem));
    LOUVER_TRY(write_scratch(base + name + ".key", issued.key_pem));
  }
  return {};
}

Result<> ScanParts::start_scanner() {
  const std::string& at = directory();
  const std::string virus = options_.without_signature ? "something else entirely" : eicar();
  LOUVER_TRY(write_scratch(at + "/signatures/local.ndb",
                           std::string{scan_signature} + ":0:*:" + to_hex(as_bytes(virus)) + "\n"));
  const std::string clamd_socket = at + "/clamd.ctl";
  LOUVER_TRY(write_scratch(at + "/clamd.conf", "Foreground yes\nLocalSocket " + clamd_socket + "\nDatabaseDirectory " +
                                                   at + "/signatures\nTemporaryDirectory " + at +
                                                   "/tmp\nSelfCheck 0\nMaxThreads 4\n"));
  LOUVER_ASSIGN(clamd_, run("clamd", {"/usr/sbin/clamd", "-c", at + "/clamd.conf"}));
  LOUVER_TRY(wait_for(*clamd_, [&] { return is_answered(clamd_socket); }));
  LOUVER_ASSIGN(icap_port_, find_free_port());
  const std::string folder{modules};
  LOUVER_TRY(write_scratch(
      at + "/c-icap.conf",
      "PidFile " + at + "/c-icap.pid\nCommandsSocket " + at + "/c-icap.ctl\nPort " + at_port(icap_port_) +
          "\nStartServers 1\nMaxServers 1\nThreadsPerChild 10\nMinSpareThreads 1\nMaxSpareThreads 10\nTmpDir " + at +
          "/tmp\nServerLog " + at + "/c-icap.log\nAccessLog " + at + "/c-icap-access.log\nModulesDir " + folder +
          "\nServicesDir " + folder +
          "\nLoadMagicFile /etc/c-icap/c-icap.magic\nTemplateDir /usr/share/c_icap/templates/\n"
          "TemplateDefaultLanguage en\nService avscan virus_scan.so\n"
          "virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE DOCUMENT\n"
          "virus_scan.StartSendPercentDataAfter 64M\nvirus_scan.MaxObjectSize 64M\nvirus_scan.DefaultEngine clamd\n"
          "Module common clamd_mod.so\nclamd_mod.ClamdSocket " +
          clamd_socket + "\n"));
  LOUVER_ASSIGN(c_icap_, run("c-icap", {"/usr/bin/c-icap", "-N", "-f", at + "/c-icap.conf"}));
  LOUVER_TRY(wait_for(*c_icap_, [&] { return is_answered(icap_port_); }));
  LOUVER_ASSIGN(tap_, Tap::start(icap_port_));
  return {};
}

Result<> ScanParts::start_origin() {
  const std::string& at = directory();
  LOUVER_ASSIGN(origin_port_, find_free_port());
  const std::string user = geteuid() == 0 ? "user root;\n" : "";
  LOUVER_TRY(write_scratch(at + "/nginx.conf", user + "daemon off; master_process off; pid " + at +
                                                   "/nginx.pid; error_log " + at +
                                                   "/nginx.err;\nevents {}\nhttp { log_format said "
                                                   "'$request_uri|$http_cookie|$http_x_private|$status'; access_log " +
                                                   at + "/nginx.log said; client_body_temp_path " + at +
                                                   "/nginx;\n  server { listen " + at_port(origin_port_) + "; root " +
                                                   www() + "; location /up/ { dav_methods PUT; } } }\n"));
  LOUVER_ASSIGN(nginx_, run("nginx", {"/usr/sbin/nginx", "-c", at + "/nginx.conf", "-e", at + "/nginx.err"}));
  return wait_for(*nginx_, [&] { return is_answered(origin_port_); });
}

Result<> ScanParts::start_path() {
  const std::string& at = directory();
  const std::string box{scan_box}, last{scan_server};
  const std::string given = " = " + std::string{grants} + "\n";
  LOUVER_ASSIGN(gateway_, run_party("gateway", scan_server,
                                    "name = \"" + last + "\"\nlisten = \"127.0.0.1:0\"\n" + common(at, scan_server) +
                                        "[[middlebox]]\nname = \"" + box + "\"\nrequired = true\ngrants" + given +
                                        "[[origin]]\ndefault = true\nconnect = \"" + at_port(origin_port_) + "\"\n"));
  LOUVER_TRY(wait_for(*gateway_, [&] { return gateway_->port() != 0; }));
  LOUVER_ASSIGN(box_, run_party("middlebox", scan_box,
                                "name = \"" + box + "\"\nlisten = \"127.0.0.1:0\"\n" + common(at, scan_box) +
                                    "[describe]\noperator = \"" + std::string{scan_operator} +
                                    "\"\npurpose = \"looks for viruses in what is sent\"\n[[next]]\nname = \"" + last +
                                    "\"\nport = 4433\nconnect = \"" + at_port(gateway_->port()) +
                                    "\"\n[[filter]]\ntype = \"icap\"\nheads = true\nurl = \"icap://" +
                                    at_port(tap_->port()) + "/avscan\"\n"));
  LOUVER_TRY(wait_for(*box_, [&] { return box_->port() != 0; }));
  LOUVER_ASSIGN(agent_, run_party("agent", scan_client,
                                  common(at, scan_client) + "[[route]]\nname = \"demo\"\nserver = \"" + last +
                                      "\"\nport = 4433\ndefault = true\nconnect = \"" + at_port(box_->port()) +
                                      "\"\n[[route.middlebox]]\nname = \"" + box + "\"\nport = 4431\ngrants" + given +
                                      "minimum" + given + "[[http]]\nlisten = \"127.0.0.1:0\"\n"));
  return wait_for(*agent_, [&] { return agent_->first("association.open") != nullptr; });
}

Result<std::unique_ptr<PartyProcess>> ScanParts::run(std::string name, std::vector<std::string> argv) const {
  return PartyProcess::start(loop_, std::move(name), std::move(argv));
}

Result<std::unique_ptr<PartyProcess>> ScanParts::run_party(std::string_view role, std::string_view name,
                                                           const std::string& configuration) {
  const std::string path = directory() + "/" + std::string{role} + ".toml";
  LOUVER_TRY(write_scratch(path, configuration));
  return run(std::string{name}, {options_.program, std::string{role}, "--config", path});
}

Result<> ScanParts::wait(const std::function<bool()>& done, const std::string& what) {
  runtime::Timer tick{loop_};  // what is waited for may be said to nobody here
  const std::function<void()> again = [&] {
    tick.expires_at(runtime::now() + std::chrono::milliseconds{20}, [&] { again(); });
  };
  again();
  const bool came = loop_.run_until([&] { return asked_to_end_ || done(); }, options_.deadline);
  if (asked_to_end_) return Error{Fault::revoked, "told to end"};
  if (!came) return Error{Fault::timeout, "waited in vain for " + what};
  return {};
}

Result<> ScanParts::wait_for(const PartyProcess& process, const std::function<bool()>& ready) {
  LOUVER_TRY(wait([&] { return !process.is_running() || ready(); }, process.name()));
  if (!process.is_running())
    return Error{Fault::configuration, process.name() + " does not run: " + process.last_words()};
  return {};
}

Result<ScanParts::Fetched> ScanParts::curl(std::vector<std::string> arguments) {
  std::vector<std::string> argv = {
      "/usr/bin/curl", "-q", "-sS", "--max-time", "20", "--noproxy", "", "-x", "http://" + at_port(agent_->port())};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Fetched out;
  std::optional<runtime::ExitStatus> status;
  runtime::SubprocessOptions options;
  options.argv = std::move(argv);
  options.environment = std::vector<std::string>{"PATH=/usr/bin:/bin", "LC_ALL=C"};
  options.on_line = [&](runtime::OutputStream stream, std::string_view line) {
    if (stream == runtime::OutputStream::out) out.printed += std::string{line} + "\n";
  };
  options.on_exit = [&](const runtime::ExitStatus& ended) { status = ended; };
  LOUVER_ASSIGN(const auto process, runtime::Subprocess::start(loop_, std::move(options)));
  LOUVER_TRY(wait([&] { return status.has_value(); }, "curl"));
  out.whole = status->ok();
  return out;
}

}  // namespace louver::role::demo

#include "role/local_https.h"

#include <filesystem>

#include "runtime/files.h"
#include "tls/file.h"

namespace louver::role {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} * 1024;

std::vector<std::string> names_of(const std::vector<config::Authority>& hosts) {
  std::vector<std::string> out;
  for (const config::Authority& host : hosts) out.push_back(host.host);
  return out;
}

/// Of all https listeners: one authority serves them.
std::vector<std::string> https_hosts(const config::Agent& config) {
  std::vector<std::string> out;
  for (const config::HttpListener& listener : config.http) {
    if (!listener.tls) continue;
    for (std::string& name : names_of(listener.hosts)) {
      if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
    }
  }
  return out;
}

/// Links count as what is there, wherever they lead: nothing is made through them.
bool is_there(const std::string& path) {
  std::error_code failed;
  const auto status = std::filesystem::symlink_status(path, failed);
  return status.type() != std::filesystem::file_type::not_found;
}

Result<std::shared_ptr<const tls::LocalAuthority>> load(const config::LocalCa& files,
                                                        const std::vector<std::string>& hosts) {
  LOUVER_ASSIGN(const Buffer certificate, runtime::read_file_checked(files.certificate, most_bytes));
  LOUVER_ASSIGN(const tls::SecretBytes key, tls::read_file(files.key, tls::FileAccess::owner_only));
  return tls::LocalAuthority::open(as_text(certificate), as_text(key), hosts, "local_ca (" + files.certificate + ")",
                                   runtime::wall_now());
}

Result<> make(const config::LocalCa& files, const std::vector<std::string>& hosts) {
  LOUVER_ASSIGN(const auto made, tls::LocalAuthority::make(hosts, runtime::wall_now()));
  LOUVER_TRY(runtime::write_private_file(files.key, as_bytes(made.key_pem)));
  return runtime::write_public_file(files.certificate, as_bytes(made.certificate_pem));
}

}  // namespace

Result<> check_local_authority(const config::Agent& config) {
  const auto hosts = https_hosts(config);
  if (hosts.empty() || !config.local_ca) return {};
  const config::LocalCa& files = *config.local_ca;
  const bool none_there = !is_there(files.certificate) && !is_there(files.key);
  if (none_there) {
    LOUVER_TRY(tls::LocalAuthority::make(hosts, runtime::wall_now()));  // that it could be made
    return {};
  }
  LOUVER_TRY(load(files, hosts));
  return {};
}

Result<std::shared_ptr<const tls::LocalAuthority>> open_local_authority(const config::Agent& config,
                                                                        observe::Log& log) {
  const auto hosts = https_hosts(config);
  if (hosts.empty() || !config.local_ca) return std::shared_ptr<const tls::LocalAuthority>{};
  const config::LocalCa& files = *config.local_ca;
  if (!is_there(files.certificate) && !is_there(files.key)) {
    LOUVER_TRY(make(files, hosts));
    log.write(observe::Level::warn, observe::Event::config_warning,
              {{"what", "an authority for local https was made: " + files.certificate +
                            "; applications must trust it, and nobody but this agent may have its key"}});
  }
  return load(files, hosts);
}

Result<std::shared_ptr<const tls::WebContext>> https_context(const config::HttpListener& listener,
                                                             std::shared_ptr<const tls::LocalAuthority> authority) {
  return tls::WebContext::for_server(std::move(authority), names_of(listener.hosts), listener.listen.address);
}

void HttpsEntry::open(Household& household, Station& station, std::shared_ptr<const tls::WebContext> tls,
                      runtime::Socket socket, Then then) {
  std::shared_ptr<HttpsEntry> made{new HttpsEntry{household, station, std::move(then)}};
  household.move_in(made);
  made->handshake_ = std::make_unique<runtime::TlsHandshake>(
      household.loop(), std::move(socket), std::make_unique<tls::WebStream>(std::move(tls), runtime::wall_now()),
      Buffer{}, runtime::now() + station.limits.handshake_deadline,
      [self = made.get()](Result<runtime::WrappedSocket> wrapped) { self->on_wrapped(std::move(wrapped)); });
}

void HttpsEntry::on_wrapped(Result<runtime::WrappedSocket> wrapped) {
  if (wrapped) {
    then_(*std::move(wrapped));
  } else {
    station_.log.write(observe::Level::warn, observe::Event::connection_refused,
                       {{"what", "https: " + wrapped.error().detail}});
  }
  leave();
}

void HttpsEntry::leave() {
  handshake_.reset();
  household_.move_out(*this);
}

}  // namespace louver::role

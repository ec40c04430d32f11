#include "tls/local_authority.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <array>

#include "tls/certificate_builder.h"
#include "tls/certificate_fields.h"
#include "tls/local_leaf.h"
#include "tls/names.h"
#include "tls/openssl_error.h"
#include "tls/pem.h"
#include "tls/web_name.h"

namespace louver::tls {
namespace {

using std::chrono::seconds;

constexpr std::string_view name_begins = "Louver local authority ";
constexpr const char* server_usage = "1.3.6.1.5.5.7.3.1";  // id-kp-serverAuth, RFC 5280 section 4.2.1.12
constexpr auto lifetime = std::chrono::hours{24 * 730};
constexpr auto leaf_lifetime = std::chrono::hours{24};
constexpr auto backdated = std::chrono::minutes{1};

Error wrong_authority(const std::string& place, const std::string& why) {
  return {Fault::configuration, place + ": " + why};
}

/// In the words of x509v3_config(5). A constraint of one kind of names says nothing of the others; so where there is no
/// DNS name, one is permitted that never exists (RFC 6761 section 6.4), and where there is no address, all are
/// excluded.
Result<std::string> constraints(const std::vector<std::string>& hosts) {
  std::string out = "critical";
  bool names = false, addresses = false;
  for (const std::string& host : hosts) {
    if (is_ip_address(host)) {
      const bool v6 = host.find(':') != std::string::npos;
      out += ",permitted;IP:" + host + (v6 ? "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "/255.255.255.255");
      addresses = true;
    } else {
      if (const auto why = dns_name_fault(host))
        return Error{Fault::configuration, "no certificate can be made for \"" + printable(host) + "\": " + *why};
      out += ",permitted;DNS:" + host;
      names = true;
    }
  }
  if (!names) out += ",permitted;DNS:none.invalid";
  if (!addresses) out += ",excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::";
  return out;
}

Result<std::string> fresh_name() {
  std::array<unsigned char, 8> octets{};
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) return library_failed("drawing a name");
  return std::string{name_begins} + to_hex(std::as_bytes(std::span{octets}));
}

/// By the library's own check, as clients will do it.
bool permits(X509* authority, const std::string& host) {
  const Handle<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free> limits{
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(authority, NID_name_constraints, nullptr, nullptr))};
  const KeyHandle key{EVP_EC_gen("P-256")};
  if (!limits || !key) return false;
  CertificateBuilder trial{key.get(), nullptr};
  const std::string name = (is_ip_address(host) ? "IP:" : "DNS:") + host;
  const auto leaf = trial.common_name("a trial").extension(NID_subject_alt_name, name.c_str()).sign(key.get());
  // the check sees only what the library has read out of the certificate, which that asks for
  return leaf && !has_malformed_extension(**leaf) && NAME_CONSTRAINTS_check(leaf->get(), limits.get()) == X509_V_OK;
}

bool constraints_are_critical(const X509& certificate) {
  const int at = X509_get_ext_by_NID(&certificate, NID_name_constraints, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(&certificate, at)) == 1;
}

}  // namespace

Result<LocalAuthority::Files> LocalAuthority::make(const std::vector<std::string>& hosts, WallTime now) {
  LOUVER_ASSIGN(const std::string limits, constraints(hosts));
  LOUVER_ASSIGN(const std::string name, fresh_name());
  LOUVER_ASSIGN(const KeyHandle key, make_p256_key());
  const auto start = std::chrono::floor<seconds>(now);
  CertificateBuilder builder{key.get(), nullptr};
  builder.common_name(name)
      .validity(start - backdated, start + lifetime)
      .extension(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
      .extension(NID_key_usage, "critical,keyCertSign")
      .extended_key_usage(server_usage)
      .extension(NID_name_constraints, limits.c_str())
      .extension(NID_subject_key_identifier, "hash");
  LOUVER_ASSIGN(const CertificateHandle certificate, builder.sign(key.get()));
  Files files;
  LOUVER_ASSIGN(files.certificate_pem, pem_of(certificate.get()));
  LOUVER_ASSIGN(files.key_pem, pem_of(key.get()));
  return files;
}

Result<std::shared_ptr<const LocalAuthority>> LocalAuthority::open(std::string_view certificate_pem,
                                                                   std::string_view key_pem,
                                                                   const std::vector<std::string>& hosts,
                                                                   const std::string& place, WallTime now) {
  auto impl = std::make_unique<Impl>();
  LOUVER_ASSIGN(const CertificatesHandle certificates, certificates_from_pem(certificate_pem, place));
  impl->certificate.reset(sk_X509_shift(certificates.get()));
  LOUVER_ASSIGN(impl->key, key_from_pem(key_pem, place));
  const bool belongs = X509_check_private_key(impl->certificate.get(), impl->key.get()) == 1;
  ERR_clear_error();
  constexpr const char* remedy = "; remove both files and start again, and have applications trust the new one";
  X509& certificate = *impl->certificate;
  if (!belongs) return wrong_authority(place, std::string{"key and certificate do not belong together"} + remedy);
  if (!is_local_authority(certificate) || !constraints_are_critical(certificate))
    return wrong_authority(place, std::string{"it is no authority that an agent made for local https"} + remedy);
  if (not_after_of(certificate) <= now + leaf_lifetime)
    return wrong_authority(place, "it ends at " + text_of(not_after_of(certificate)) + remedy);
  for (const std::string& host : hosts) {
    if (!permits(&certificate, host))
      return wrong_authority(place, "it was made without \"" + printable(host) +
                                        "\", and is constrained to what it was made for" + remedy);
  }
  return std::shared_ptr<const LocalAuthority>{new LocalAuthority(std::move(impl))};
}

LocalAuthority::LocalAuthority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LocalAuthority::~LocalAuthority() = default;

bool is_local_authority(const X509& certificate) {
  if (!is_authority(certificate)) return false;
  std::array<char, 128> name{};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(&certificate), NID_commonName, name.data(),
                                             static_cast<int>(name.size()));
  return size > 0 && std::string_view{name.data(), static_cast<std::size_t>(size)}.starts_with(name_begins);
}

Result<LocalLeaf> issue_local_leaf(const LocalAuthority& authority, const std::string& host, WallTime now) {
  LocalLeaf leaf;
  LOUVER_ASSIGN(leaf.key, make_p256_key());
  const auto start = std::chrono::floor<seconds>(now);
  const std::string name = (is_ip_address(host) ? "IP:" : "DNS:") + host;  // the authority permits it: it is one
  CertificateBuilder builder{leaf.key.get(), authority.impl().certificate.get()};
  builder.common_name("Louver local https")
      .validity(start - backdated, start + leaf_lifetime)
      .extension(NID_basic_constraints, "critical,CA:FALSE")
      .extension(NID_key_usage, "critical,digitalSignature")
      .extended_key_usage(server_usage)
      .extension(NID_subject_alt_name, name.c_str())
      .extension(NID_subject_key_identifier, "hash")
      .extension(NID_authority_key_identifier, "keyid:always");
  LOUVER_ASSIGN(leaf.certificate, builder.sign(authority.impl().key.get()));
  leaf.renew_at = start + leaf_lifetime / 2;
  return leaf;
}

}  // namespace louver::tls

#include "tls/test_certificates.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <utility>

#include "tls/openssl_error.h"
#include "tls/role.h"

namespace louver::tls::test {
namespace {

void require(bool ok, const char* what) {
  if (!ok) {
    ADD_FAILURE() << what << ": " << library_errors();
    std::abort();
  }
}

KeyHandle make_key(KeyKind kind) {
  switch (kind) {
    case KeyKind::p256:
      return KeyHandle{EVP_EC_gen("P-256")};
    case KeyKind::p384:
      return KeyHandle{EVP_EC_gen("P-384")};
    case KeyKind::ed25519:
      return KeyHandle{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
    case KeyKind::rsa1024:
      return KeyHandle{EVP_RSA_gen(1024)};
    case KeyKind::rsa2048:
      return KeyHandle{EVP_RSA_gen(2048)};
  }
  return nullptr;
}

void add(X509* to, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const ExtensionHandle extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
  require(extension && X509_add_ext(to, extension.get(), -1) == 1, value.c_str());
}

void push(GENERAL_NAMES* to, int type, const std::string& octets) {
  GENERAL_NAME* entry = GENERAL_NAME_new();
  ASN1_STRING* text = ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  ASN1_STRING_set(text, octets.data(), static_cast<int>(octets.size()));
  GENERAL_NAME_set0_value(entry, type, text);
  sk_GENERAL_NAME_push(to, entry);
}

void add_names(X509* to, const Spec& spec) {
  if (spec.dns.empty() && spec.uris.empty() && spec.ips.empty()) return;
  const GeneralNamesHandle names{sk_GENERAL_NAME_new_null()};
  for (const auto& name : spec.dns) push(names.get(), GEN_DNS, name);
  for (const auto& name : spec.uris) push(names.get(), GEN_URI, name);
  for (const auto& name : spec.ips) push(names.get(), GEN_IPADD, name);
  for (int times = spec.second_alternative_name ? 2 : 1; times > 0; --times) {
    require(X509_add1_ext_i2d(to, NID_subject_alt_name, names.get(), 0, X509V3_ADD_APPEND) == 1, "names");
  }
}

void add_usages(X509* to, const Spec& spec) {
  std::string list;
  for (const auto& usage : spec.usages) list += (list.empty() ? "" : ",") + usage;
  add(to, to, NID_ext_key_usage, list);
}

void add_unknown_critical(X509* to, const std::string& oid) {
  if (oid.empty()) return;
  ASN1_OBJECT* object = OBJ_txt2obj(oid.c_str(), 1);
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(value, reinterpret_cast<const unsigned char*>("\x05\x00"), 2);
  const ExtensionHandle extension{X509_EXTENSION_create_by_OBJ(nullptr, object, 1, value)};
  require(extension && X509_add_ext(to, extension.get(), -1) == 1, "unknown extension");
  ASN1_OBJECT_free(object);
  ASN1_OCTET_STRING_free(value);
}

std::string text_in(BIO* bio) {
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

std::string Party::certificate_pem() const {
  const BioHandle out{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509(out.get(), certificate.get());
  return text_in(out.get());
}

std::string Party::key_pem() const {
  const BioHandle out{BIO_new(BIO_s_mem())};
  PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_in(out.get());
}

Party make(const Spec& spec, const Party* issuer) {
  static long serial = 0;
  Party party{CertificateHandle{X509_new()}, make_key(spec.key)};
  X509* certificate = party.certificate.get();
  X509* signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  const std::string& name = spec.common_name;
  X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  const auto at = std::chrono::system_clock::to_time_t(now);
  ASN1_TIME_set(X509_getm_notBefore(certificate), at + spec.begins.count());
  ASN1_TIME_set(X509_getm_notAfter(certificate), at + spec.ends.count());
  X509_set_pubkey(certificate, party.key.get());
  add(certificate, signer, NID_basic_constraints, spec.basic_constraints);
  add(certificate, signer, NID_key_usage, spec.key_usage);
  add(certificate, signer, NID_name_constraints, spec.name_constraints);
  add_usages(certificate, spec);
  add_names(certificate, spec);
  add_unknown_critical(certificate, spec.unknown_critical_oid);
  add(certificate, signer, NID_subject_key_identifier, "hash");
  if (issuer != nullptr) add(certificate, signer, NID_authority_key_identifier, "keyid:always");
  EVP_PKEY* signing_key = issuer != nullptr ? issuer->key.get() : party.key.get();
  const bool hashes_itself = EVP_PKEY_is_a(signing_key, "ED25519") == 1;
  require(X509_sign(certificate, signing_key, hashes_itself ? nullptr : EVP_get_digestbyname(spec.digest)) > 0,
          "signing");
  return party;
}

Party make_authority(const std::string& common_name, const Party* issuer, std::vector<std::string> usages) {
  Spec spec{.common_name = common_name, .usages = std::move(usages)};
  spec.basic_constraints = "critical,CA:TRUE";
  spec.key_usage = "critical,keyCertSign";
  spec.begins = -24h * 365;
  spec.ends = 24h * 365;
  return make(spec, issuer);
}

Spec good_leaf(Role role, const std::string& name) {
  Spec spec;
  (name.starts_with("spiffe://") ? spec.uris : spec.dns).push_back(name);
  spec.usages = {usage_oid(role)};
  return spec;
}

std::shared_ptr<const Identity> identity_of(const Party& leaf, const std::vector<const Party*>& intermediates) {
  std::string chain = leaf.certificate_pem();
  for (const Party* party : intermediates) chain += party->certificate_pem();
  auto identity = Identity::from_pem(chain, leaf.key_pem());
  if (!identity) {
    ADD_FAILURE() << describe(identity.error());
    return nullptr;
  }
  return *identity;
}

std::shared_ptr<const Trust> trust_in(const Party& anchor, RolePatterns roles) {
  auto trust = Trust::from_pem(anchor.certificate_pem(), std::move(roles));
  if (!trust) {
    ADD_FAILURE() << describe(trust.error());
    return nullptr;
  }
  return *trust;
}

}  // namespace louver::tls::test

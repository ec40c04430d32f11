#include "tls/certificate_builder.h"

#include "tls/names.h"
#include "tls/openssl_error.h"

namespace louver::tls {
namespace {

constexpr int version_3 = 2;  // as the field counts
constexpr int serial_bits = 128;

bool set_random_serial(X509* certificate) {
  const BigNumberHandle serial{BN_new()};
  return serial && BN_rand(serial.get(), serial_bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

std::time_t since_epoch(std::chrono::sys_seconds time) {
  return static_cast<std::time_t>(time.time_since_epoch().count());
}

bool push_name(GENERAL_NAMES* to, const std::string& name) {
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  GENERAL_NAME* entry = GENERAL_NAME_new();
  if (text == nullptr || entry == nullptr || ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())) != 1) {
    ASN1_IA5STRING_free(text);
    GENERAL_NAME_free(entry);
    return false;
  }
  GENERAL_NAME_set0_value(entry, is_spiffe(name) ? GEN_URI : GEN_DNS, text);
  if (sk_GENERAL_NAME_push(to, entry) > 0) return true;
  GENERAL_NAME_free(entry);
  return false;
}

}  // namespace

CertificateBuilder::CertificateBuilder(EVP_PKEY* key, X509* issuer) : certificate_(X509_new()), issuer_(issuer) {
  X509* certificate = certificate_.get();
  note(certificate != nullptr && X509_set_version(certificate, version_3) == 1 && set_random_serial(certificate) &&
       X509_set_pubkey(certificate, key) == 1);
}

CertificateBuilder& CertificateBuilder::common_name(const std::string& name) {
  if (!ok_) return *this;
  note(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate_.get()), NID_commonName, MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()),
                                  -1, 0) == 1);
  const X509* signer = issuer_ != nullptr ? issuer_ : certificate_.get();
  note(X509_set_issuer_name(certificate_.get(), X509_get_subject_name(signer)) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::validity(std::chrono::sys_seconds not_before,
                                                 std::chrono::sys_seconds not_after) {
  if (!ok_) return *this;
  note(ASN1_TIME_set(X509_getm_notBefore(certificate_.get()), since_epoch(not_before)) != nullptr &&
       ASN1_TIME_set(X509_getm_notAfter(certificate_.get()), since_epoch(not_after)) != nullptr);
  return *this;
}

CertificateBuilder& CertificateBuilder::extension(int nid, const char* value) {
  if (!ok_) return *this;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer_ != nullptr ? issuer_ : certificate_.get(), certificate_.get(), nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const ExtensionHandle made{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
  note(made && X509_add_ext(certificate_.get(), made.get(), -1) == 1);
  return *this;
}

void CertificateBuilder::add(int nid, void* value) {
  note(X509_add1_ext_i2d(certificate_.get(), nid, value, 0, X509V3_ADD_APPEND) == 1);
}

CertificateBuilder& CertificateBuilder::extended_key_usage(const char* oid) {
  if (!ok_) return *this;
  const ExtendedKeyUsageHandle usages{EXTENDED_KEY_USAGE_new()};
  ASN1_OBJECT* usage = OBJ_txt2obj(oid, 1);
  if (usages && usage != nullptr && sk_ASN1_OBJECT_push(usages.get(), usage) > 0) {
    add(NID_ext_key_usage, usages.get());
  } else {
    ASN1_OBJECT_free(usage);
    note(false);
  }
  return *this;
}

CertificateBuilder& CertificateBuilder::names(const std::vector<std::string>& names) {
  if (!ok_) return *this;
  const GeneralNamesHandle entries{sk_GENERAL_NAME_new_null()};
  note(entries != nullptr);
  for (const std::string& name : names) note(ok_ && push_name(entries.get(), name));
  if (ok_) add(NID_subject_alt_name, entries.get());
  return *this;
}

Result<CertificateHandle> CertificateBuilder::sign(EVP_PKEY* issuer_key) {
  if (!ok_ || X509_sign(certificate_.get(), issuer_key, EVP_sha256()) <= 0)
    return library_failed("making a certificate");
  return std::move(certificate_);
}

Result<KeyHandle> make_p256_key() {
  KeyHandle key{EVP_EC_gen("P-256")};
  if (!key) return library_failed("making a P-256 key");
  return key;
}

}  // namespace louver::tls

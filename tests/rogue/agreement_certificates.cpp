#include "rogue/agreement_certificates.h"

#include <openssl/pem.h>

#include <stdexcept>

#include "sim/test_pki.h"
#include "tls/certificate_builder.h"
#include "tls/identity.h"
#include "tls/pem.h"
#include "tls/role.h"

namespace louver::rogue {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(describe(result.error()));
  return *std::move(result);
}

std::string text_in(BIO* bio) {
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const tls::BioHandle out{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509(out.get(), certificate);
  return text_in(out.get());
}

std::string pem_of(EVP_PKEY* key) {
  const tls::BioHandle out{BIO_new(BIO_s_mem())};
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_in(out.get());
}

}  // namespace

std::shared_ptr<const tls::Identity> make_leaf(const OddLeaf& leaf) {
  const tls::pki::Authority& authority = leaf.issuer != nullptr ? *leaf.issuer : sim::TestPki::shared().authority();
  const auto certificates = must(tls::certificates_from_pem(authority.certificate_pem, "the authority"));
  const auto authority_key = must(tls::key_from_pem(authority.key_pem, "the authority"));
  const tls::KeyHandle own_key = leaf.key_of ? tls::KeyHandle{} : must(tls::make_p256_key());
  EVP_PKEY* key = leaf.key_of ? leaf.key_of->impl().key.get() : own_key.get();
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  tls::CertificateBuilder builder{key, sk_X509_value(certificates.get(), 0)};
  builder.common_name(leaf.common_name).validity(now + leaf.begins, now + leaf.ends);
  const std::pair<int, const std::string&> extensions[] = {{NID_basic_constraints, leaf.basic_constraints},
                                                           {NID_key_usage, leaf.key_usage},
                                                           {NID_ext_key_usage, leaf.usages},
                                                           {NID_subject_alt_name, leaf.names}};
  for (const auto& [id, value] : extensions) {
    if (!value.empty()) builder.extension(id, value.c_str());
  }
  builder.extension(NID_subject_key_identifier, "hash").extension(NID_authority_key_identifier, "keyid:always");
  const auto certificate = must(builder.sign(authority_key.get()));
  return must(tls::Identity::from_pem(pem_of(certificate.get()), pem_of(key)));
}

const tls::pki::Authority& stranger() {
  static const tls::pki::Authority authority = must(tls::pki::create_authority(
      {"An authority nobody knows", std::chrono::hours{48}}, std::chrono::system_clock::now()));
  return authority;
}

std::string usage_of(tls::Role role) { return tls::usage_oid(role); }

}  // namespace louver::rogue

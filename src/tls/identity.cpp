#include "tls/identity.h"

#include <openssl/err.h>

#include "tls/certificate_fields.h"
#include "tls/file.h"
#include "tls/pem.h"

namespace louver::tls {
namespace {

struct PemText {
  std::string_view pem;
  std::string place;  // for errors
};

Error unusable(const PemText& text, const std::string& why) { return {Fault::configuration, text.place + ": " + why}; }

Result<> check_key(const PemText& certificates, const PemText& key_text, const Identity::Impl& identity) {
  const bool belongs = X509_check_private_key(identity.leaf.get(), identity.key.get()) == 1;
  ERR_clear_error();
  if (!belongs) {
    return unusable(key_text, "the private key does not belong to the first certificate of " + certificates.place +
                                  "; that file must begin with the party's own certificate");
  }
  if (EVP_PKEY_get_security_bits(identity.key.get()) < least_security_bits) {
    return unusable(key_text, "the key is too weak (RSA needs 2048 bits); make a new one, P-256 for instance");
  }
  return {};
}

Result<> describe_leaf(const PemText& certificates, Identity::Impl& identity) {
  const X509& leaf = *identity.leaf;
  auto names = names_of(leaf);
  if (!names) return unusable(certificates, names.error().detail);
  if (names->empty()) {
    return unusable(certificates,
                    "the certificate has neither a DNS name nor a SPIFFE id in its subject alternative name");
  }
  identity.names = *std::move(names);
  identity.role = role_by_usage(leaf);
  identity.leaf_der = der_of(leaf);
  identity.leaf_hash = digest_of(leaf);
  identity.key_hash = key_digest_of(leaf);
  identity.not_after = not_after_of(leaf);
  return {};
}

Result<std::unique_ptr<Identity::Impl>> read_identity(const PemText& certificates, const PemText& key) {
  auto identity = std::make_unique<Identity::Impl>();
  LOUVER_ASSIGN(identity->intermediates, certificates_from_pem(certificates.pem, certificates.place));
  identity->leaf.reset(sk_X509_shift(identity->intermediates.get()));
  LOUVER_ASSIGN(identity->key, key_from_pem(key.pem, key.place));
  LOUVER_TRY(check_key(certificates, key, *identity));
  LOUVER_TRY(describe_leaf(certificates, *identity));
  return identity;
}

}  // namespace

Result<std::shared_ptr<const Identity>> Identity::load(const std::string& certificate_path,
                                                       const std::string& key_path) {
  LOUVER_ASSIGN(const SecretBytes certificates, read_file(certificate_path, FileAccess::anybody));
  LOUVER_ASSIGN(const SecretBytes key, read_file(key_path, FileAccess::owner_only));
  LOUVER_ASSIGN(auto impl, read_identity({as_text(certificates), certificate_path}, {as_text(key), key_path}));
  return std::shared_ptr<const Identity>{new Identity(std::move(impl))};
}

Result<std::shared_ptr<const Identity>> Identity::from_pem(std::string_view certificates, std::string_view key) {
  LOUVER_ASSIGN(auto impl, read_identity({certificates, "the certificate text"}, {key, "the key text"}));
  return std::shared_ptr<const Identity>{new Identity(std::move(impl))};
}

Identity::Identity(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Identity::~Identity() = default;

const Digest& Identity::leaf_hash() const { return impl_->leaf_hash; }
const Digest& Identity::key_hash() const { return impl_->key_hash; }
Bytes Identity::leaf_der() const { return impl_->leaf_der; }
std::vector<Buffer> Identity::certificates() const {
  std::vector<Buffer> out{impl_->leaf_der};
  for (int i = 0; i < sk_X509_num(impl_->intermediates.get()); ++i)
    out.push_back(der_of(*sk_X509_value(impl_->intermediates.get(), i)));
  return out;
}
WallTime Identity::not_after() const { return impl_->not_after; }
const std::vector<std::string>& Identity::names() const { return impl_->names; }
std::optional<Role> Identity::role() const { return impl_->role; }

}  // namespace louver::tls

#include "tls/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits>

#include "tls/openssl_error.h"

namespace louver::tls {
namespace {

/// A view: `pem` must outlive it.
BioHandle reader_of(std::string_view pem) {
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
  return BioHandle{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
}

bool at_end() {
  const unsigned long code = ERR_peek_last_error();
  return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

Error unusable(std::string_view place, const std::string& what) {
  return {Fault::configuration, std::string{place} + ": " + what};
}

/// Stands for the library's own, which would ask on the terminal. `asked` is told that there was a question.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

Result<CertificatesHandle> certificates_from_pem(std::string_view pem, std::string_view place) {
  ERR_clear_error();
  const BioHandle reader = reader_of(pem);
  CertificatesHandle out{sk_X509_new_null()};
  if (!reader || !out) return library_failed("reading certificates");
  while (X509* certificate = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    if (sk_X509_push(out.get(), certificate) == 0) {
      X509_free(certificate);
      return library_failed("reading certificates");
    }
  }
  const auto number = std::to_string(sk_X509_num(out.get()) + 1);
  if (!at_end()) return unusable(place, "certificate " + number + " in it is malformed (" + library_errors() + ")");
  ERR_clear_error();
  if (sk_X509_num(out.get()) == 0) return unusable(place, "there is no \"BEGIN CERTIFICATE\" block in it");
  return out;
}

Result<KeyHandle> key_from_pem(std::string_view pem, std::string_view place) {
  ERR_clear_error();
  const BioHandle reader = reader_of(pem);
  if (!reader) return library_failed("reading a private key");
  bool encrypted = false;
  KeyHandle key{PEM_read_bio_PrivateKey(reader.get(), nullptr, no_passphrase, &encrypted)};
  const std::string why = key ? "" : library_errors();
  ERR_clear_error();
  if (key) return key;
  if (encrypted)
    return unusable(place,
                    "the private key is encrypted; decrypt it with `openssl pkey` and protect the file by its mode");
  return unusable(place, "there is no readable private key in it (" + why + ")");
}

Result<std::string> pem_of(X509* certificate) {
  const BioHandle out{BIO_new(BIO_s_mem())};
  if (!out || PEM_write_bio_X509(out.get(), certificate) != 1) return library_failed("writing a certificate");
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string{text, static_cast<std::size_t>(size)};
}

/// The library wipes its copy.
Result<std::string> pem_of(EVP_PKEY* key) {
  const BioHandle out{BIO_new(BIO_s_secmem())};
  if (!out || PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return library_failed("writing a private key");
  }
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string{text, static_cast<std::size_t>(size)};
}

}  // namespace louver::tls

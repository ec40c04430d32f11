#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

/// Owners of the TLS library's objects: each frees what it holds, none copies.
namespace louver::tls {

template <auto free_function>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
template <class T, auto free_function>
using Handle = std::unique_ptr<T, FreeWith<free_function>>;

inline void free_certificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
inline void free_text(char* text) { OPENSSL_free(text); }

using BioHandle = Handle<BIO, BIO_free>;
using BioMethodHandle = Handle<BIO_METHOD, BIO_meth_free>;
using CertificateHandle = Handle<X509, X509_free>;
using CertificatesHandle = Handle<STACK_OF(X509), free_certificates>;
using ExtensionHandle = Handle<X509_EXTENSION, X509_EXTENSION_free>;
using ExtendedKeyUsageHandle = Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using GeneralNamesHandle = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using KeyHandle = Handle<EVP_PKEY, EVP_PKEY_free>;
using BigNumberHandle = Handle<BIGNUM, BN_free>;
using SslContextHandle = Handle<SSL_CTX, SSL_CTX_free>;
using SslHandle = Handle<SSL, SSL_free>;
using StoreHandle = Handle<X509_STORE, X509_STORE_free>;
using StoreContextHandle = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;
using TextHandle = Handle<char, free_text>;

/// Another owner of the same certificate.
inline CertificateHandle share(X509* certificate) {
  X509_up_ref(certificate);
  return CertificateHandle{certificate};
}

}  // namespace louver::tls

#include "tls/certificate_fields.h"

#include <ctime>

#include "crypto/hash.h"
#include "tls/names.h"
#include "tls/role.h"

namespace louver::tls {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return WallTime::min();
  const seconds since_epoch{timegm(&parts)};
  if (since_epoch >= duration_cast<seconds>(WallTime::max().time_since_epoch())) return WallTime::max();
  if (since_epoch <= duration_cast<seconds>(WallTime::min().time_since_epoch())) return WallTime::min();
  return WallTime{since_epoch};
}

std::string name_text(const X509_NAME* name) {
  const BioHandle out{BIO_new(BIO_s_mem())};
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return "?";
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return printable({text, static_cast<std::size_t>(size)});
}

std::string_view string_text(const ASN1_STRING* string) {
  return as_text(
      std::as_bytes(std::span{ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))}));
}

/// Null if the certificate has no such extension; an error if it has it twice or unreadable.
template <class Extension>
Result<Extension> extension(const X509& certificate, int nid, Fault fault) {
  int found = 0;
  void* parsed = X509_get_ext_d2i(&certificate, nid, &found, nullptr);
  if (parsed == nullptr && found != -1) {
    return Error{fault,
                 std::string{"its extension "} + OBJ_nid2ln(nid) + (found == -2 ? " is there twice" : " is malformed")};
  }
  return Extension{static_cast<typename Extension::pointer>(parsed)};
}

}  // namespace

Buffer der_of(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(&certificate, &der);
  if (size < 0) return {};
  Buffer out = to_buffer(std::as_bytes(std::span{der, static_cast<std::size_t>(size)}));
  OPENSSL_free(der);
  return out;
}

Digest digest_of(const X509& certificate) { return crypto::sha256({der_of(certificate)}); }

Digest key_digest_of(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size < 0) return {};
  const Digest out = crypto::sha256({std::as_bytes(std::span{der, static_cast<std::size_t>(size)})});
  OPENSSL_free(der);
  return out;
}

WallTime not_before_of(const X509& certificate) { return time_of(X509_get0_notBefore(&certificate)); }
WallTime not_after_of(const X509& certificate) { return time_of(X509_get0_notAfter(&certificate)); }

std::string subject_of(const X509& certificate) { return name_text(X509_get_subject_name(&certificate)); }
std::string issuer_of(const X509& certificate) { return name_text(X509_get_issuer_name(&certificate)); }

std::string serial_of(const X509& certificate) {
  const BigNumberHandle number{ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr)};
  const TextHandle text{number ? BN_bn2hex(number.get()) : nullptr};
  return text ? text.get() : "?";
}

Result<std::vector<AlternativeName>> alternative_names_of(const X509& certificate) {
  LOUVER_ASSIGN(const auto entries,
                extension<GeneralNamesHandle>(certificate, NID_subject_alt_name, Fault::certificate_name));
  std::vector<AlternativeName> names;
  for (int i = 0; i < sk_GENERAL_NAME_num(entries.get()); ++i) {  // -1 for null
    const GENERAL_NAME* entry = sk_GENERAL_NAME_value(entries.get(), i);
    if (entry->type == GEN_DNS)
      names.push_back({AlternativeName::Kind::dns, std::string{string_text(entry->d.dNSName)}});
    if (entry->type == GEN_URI) {
      names.push_back({AlternativeName::Kind::uri, std::string{string_text(entry->d.uniformResourceIdentifier)}});
    }
  }
  return names;
}

Result<std::vector<std::string>> names_of(const X509& certificate) {
  LOUVER_ASSIGN(auto written, alternative_names_of(certificate));
  std::vector<std::string> names;
  for (auto& [kind, text] : written) {
    const bool is_uri = kind == AlternativeName::Kind::uri;
    if (is_uri && !is_spiffe(text)) continue;
    if (auto why = is_uri ? spiffe_id_fault(text) : dns_name_fault(text)) {
      return Error{Fault::certificate_name, "its name \"" + printable(text) + "\" cannot be used: " + *why};
    }
    names.push_back(std::move(text));
  }
  return names;
}

Result<std::optional<std::vector<std::string>>> usages_of(const X509& certificate) {
  LOUVER_ASSIGN(const auto entries,
                extension<ExtendedKeyUsageHandle>(certificate, NID_ext_key_usage, Fault::certificate_role));
  if (!entries) return std::optional<std::vector<std::string>>{};
  std::vector<std::string> usages;
  for (int i = 0; i < sk_ASN1_OBJECT_num(entries.get()); ++i) {
    char oid[128];
    const int size = OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(entries.get(), i), 1);
    const bool whole = size > 0 && static_cast<std::size_t>(size) < sizeof oid;
    usages.emplace_back(whole ? oid : "an unreadable identifier");
  }
  return std::optional{std::move(usages)};
}

std::optional<Role> role_by_usage(const X509& certificate) {
  const auto usages = usages_of(certificate);
  if (!usages || !usages->has_value() || usages.value()->size() != 1) return std::nullopt;
  return role_of_usage(usages.value()->front());
}

bool may_sign(const X509& certificate) {
  auto* asked = const_cast<X509*>(&certificate);                   // the library fills a cache in it, under a lock
  return (X509_get_key_usage(asked) & KU_DIGITAL_SIGNATURE) != 0;  // all bits are set where there is no such extension
}

bool is_authority(const X509& certificate) { return X509_check_ca(const_cast<X509*>(&certificate)) != 0; }

bool has_malformed_extension(const X509& certificate) {
  return (X509_get_extension_flags(const_cast<X509*>(&certificate)) & EXFLAG_INVALID) != 0;
}

std::string text_of(WallTime time) {
  const std::time_t since_epoch = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  char text[32];
  if (gmtime_r(&since_epoch, &parts) == nullptr || std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
    return "?";
  return text;
}

}  // namespace louver::tls

#include "tls/openssl_error.h"

#include <openssl/err.h>

namespace louver::tls {

std::string library_errors() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!out.empty()) out += "; ";
    out += reason != nullptr ? std::string{reason} : "error " + std::to_string(ERR_GET_REASON(code));
  }
  return out.empty() ? "no reason given" : out;
}

Error library_failed(std::string_view doing) {
  return {Fault::internal_error, std::string{doing} + ": " + library_errors()};
}

}  // namespace louver::tls

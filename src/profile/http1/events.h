#pragma once

#include <span>
#include <string>
#include <string_view>

#include "profile/http1/fields.h"

namespace louver::profile::http1 {

/// A request as the role sees it when it decides what becomes of it. Views live until the callback returns.
struct RequestTarget {
  std::string_view scheme;  // as configured at the agent; empty at the gateway, which is not told
  std::string_view host;    // lower case; IPv6 in brackets
  std::uint16_t port = 0;   // never 0 at the agent; at the gateway 0 if it is the scheme's default
  std::string_view method;
  std::string_view path;          // with the query; `*` for OPTIONS
  std::span<const Field> fields;  // those of the head, without credentials
};

}  // namespace louver::profile::http1

#pragma once

#include <string>

#include "filter/ask/engine.h"
#include "filter/io/icap/head.h"
#include "filter/io/icap/offer.h"

namespace louver::filter::icap {

/// What an ICAP server is asked about: the heads that are told, the body apart.
struct Message {
  Method method = Method::reqmod;
  std::string request_head;   // empty: not told
  std::string response_head;  // RESPMOD only
  bool has_body = true;
  bool may_change = false;               // the grant is `write`
  std::optional<std::size_t> announced;  // octets of the body, where a head that may be read says so
};

/// What a question becomes. Heads that the filter was not granted are made up, with the server's name and nothing else:
/// no path, no field of anybody's.
Message message_of(const ask::Question& question);

/// The ICAP request line and head for it, with the heads that it encloses.
/// @param service  "avscan"
/// @param host     "127.0.0.1:1344"
/// @param preview  octets; nothing where there is no body or no preview is wanted
std::string write_request(const Message& message, std::string_view host, std::string_view service, const Offer& offer,
                          std::optional<std::size_t> preview);
std::string write_options(std::string_view host, std::string_view service);

}  // namespace louver::filter::icap

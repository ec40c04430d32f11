#include "filter/io/icap/offer.h"

#include <algorithm>
#include <charconv>

namespace louver::filter::icap {
namespace {

/// A decimal number of at most 9 digits; nothing where the field is missing.
Result<std::optional<std::size_t>> number_of(const Fields& fields, std::string_view name) {
  const auto value = fields.find(name);
  if (!value) return std::optional<std::size_t>{};
  std::size_t out = 0;
  const auto [rest, error] = std::from_chars(value->data(), value->data() + value->size(), out);
  if (error != std::errc{} || rest != value->data() + value->size() || value->size() > 9 || fields.count(name) > 1)
    return Error{Fault::bad_value, "the answer to OPTIONS has a bad number in " + std::string{name}};
  return std::optional{out};
}

}  // namespace

Result<Offer> read_offer(const IcapHead& head) {
  if (head.status != 200)
    return Error{Fault::bad_value, "the answer to OPTIONS has status " + std::to_string(head.status)};
  Offer out;
  out.reqmod = head.fields.has_word("methods", "REQMOD");
  out.respmod = head.fields.has_word("methods", "RESPMOD");
  if (!out.reqmod && !out.respmod)
    return Error{Fault::bad_value, "the answer to OPTIONS names neither REQMOD nor RESPMOD"};
  out.allow_204 = head.fields.has_word("allow", "204");
  out.allow_206 = out.allow_204 && head.fields.has_word("allow", "206");
  LOUVER_ASSIGN(out.preview, number_of(head.fields, "preview"));
  if (out.preview) out.preview = std::min(*out.preview, preview_most);
  LOUVER_ASSIGN(out.connections, number_of(head.fields, "max-connections"));
  if (out.connections == std::size_t{0}) out.connections.reset();
  LOUVER_ASSIGN(const auto ttl, number_of(head.fields, "options-ttl"));
  if (ttl) out.lives = std::chrono::seconds{std::clamp<std::size_t>(*ttl, 1, 3600)};
  return out;
}

}  // namespace louver::filter::icap

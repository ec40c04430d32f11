#include "session/terms.h"

#include "crypto/hash.h"

namespace louver::session {
namespace {

Result<> check_extensions(const wire::KnownExtensions& offered, const wire::Extensions& accepted_raw,
                          const wire::Extensions& offered_raw, const wire::KnownExtensions& accepted) {
  for (const wire::Extension& one : accepted_raw.items) {
    if (std::ranges::find(offered_raw.items, one.type, &wire::Extension::type) == offered_raw.items.end()) {
      return Error{Fault::extension_refused,
                   "the Accept holds extension " + std::to_string(one.type) + ", which the Hello does not"};
    }
  }
  if (accepted.audit && !std::ranges::includes(*offered.audit, *accepted.audit)) {
    return Error{Fault::extension_refused, "audit of a context that was not asked for"};
  }
  if (accepted.max_record && *accepted.max_record > *offered.max_record)
    return Error{Fault::extension_refused, "max_record above the offer"};
  if (accepted.profile != offered.profile) return Error{Fault::extension_refused, "another profile than offered"};
  return {};
}

std::array<Grant, 2> split(std::byte octet) {
  const auto value = std::to_integer<std::uint8_t>(octet);
  return {static_cast<Grant>(value & 15), static_cast<Grant>(value >> 4)};
}

Result<> check_grants(const wire::Hello& hello, const wire::Accept& accept) {
  if (accept.grants.bytes.size() != hello.grants.bytes.size())
    return Error{Fault::grant_raised, "the Accept has another number of grants"};
  for (std::size_t i = 0; i < accept.grants.bytes.size(); ++i) {
    const auto offered = split(hello.grants.bytes[i]);
    const auto accepted = split(accept.grants.bytes[i]);
    if (accepted[0] > offered[0] || accepted[1] > offered[1]) {
      const std::size_t contexts = hello.contexts.items.size();
      return Error{Fault::grant_raised, "the Accept raises a grant of " + hello.route.items[i / contexts].name.text() +
                                            " on " + hello.contexts.items[i % contexts].name.text()};
    }
  }
  return {};
}

}  // namespace

const ContextInfo* Terms::find_context(ContextId id) const {
  const int index = slot_of_[raw(id)];
  return index < 0 ? nullptr : &contexts_[static_cast<std::size_t>(index)];
}

const ContextInfo* Terms::find_context(std::string_view name) const {
  const auto found = std::ranges::find(contexts_, name, &ContextInfo::name);
  return found == contexts_.end() ? nullptr : &*found;
}

Grant Terms::grant(PartyIndex middlebox, ContextId context, Direction direction) const {
  const std::size_t row = raw(middlebox) - 1U;
  const int column = slot_of_[raw(context)];
  if (row >= middleboxes() || column < 0) return Grant::none;
  return grants_[row * contexts_.size() + static_cast<std::size_t>(column)][slot(direction)];
}

bool Terms::anyone_has(Grant wanted, ContextId context, Direction direction) const {
  for (std::size_t i = 1; i <= middleboxes(); ++i) {
    if (grant(PartyIndex{static_cast<std::uint8_t>(i)}, context, direction) == wanted) return true;
  }
  return false;
}

bool Terms::audited(ContextId context) const { return std::ranges::find(audit_, raw(context)) != audit_.end(); }

Result<Terms> agree_on_terms(const wire::Hello& hello, const wire::Hash& hello_hash, const wire::Accept& accept) {
  if (accept.hello_hash != hello_hash) return Error{Fault::hello_hash, "the Accept answers another Hello"};
  if (accept.version != wire::version_1)
    return Error{Fault::unsupported_version, "version " + std::to_string(accept.version)};
  const bool suite_offered = std::ranges::find(hello.suites.items, accept.suite) != hello.suites.items.end();
  const crypto::Suite* suite = crypto::find_suite(accept.suite);
  if (!suite_offered || suite == nullptr)
    return Error{Fault::unsupported_suite, "suite " + std::to_string(accept.suite) + " was not offered"};
  LOUVER_TRY(check_grants(hello, accept));
  LOUVER_ASSIGN(const wire::KnownExtensions offered, wire::read_extensions(hello.extensions));
  LOUVER_ASSIGN(const wire::KnownExtensions accepted, wire::read_extensions(accept.extensions));
  LOUVER_TRY(check_extensions(offered, accept.extensions, hello.extensions, accepted));

  Terms terms;
  for (const wire::Party& party : hello.route.items) terms.route_.push_back({party.name.text(), party.port});
  std::vector<std::size_t> order(hello.contexts.items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return hello.contexts.items[i].id; });
  terms.slot_of_.fill(-1);
  for (std::size_t i : order) {
    const wire::Context& context = hello.contexts.items[i];
    terms.slot_of_[context.id] = static_cast<std::int16_t>(terms.contexts_.size());
    terms.contexts_.push_back(
        {ContextId{context.id}, context.name.text(), {(context.directions & 1) != 0, (context.directions & 2) != 0}});
  }
  for (std::size_t m = 0; m < hello.middleboxes(); ++m) {
    for (std::size_t i : order) terms.grants_.push_back(split(accept.grants.bytes[m * order.size() + i]));
  }
  terms.suite_ = suite;
  terms.max_record_ = accepted.max_record.value_or(limits::max_record_default);
  if (offered.max_record && !accepted.max_record) terms.max_record_ = std::min(terms.max_record_, *offered.max_record);
  terms.profile_ = accepted.profile.value_or("stream/1");
  terms.audit_ = accepted.audit.value_or(std::vector<std::uint8_t>{});
  return terms;
}

Result<Terms> offered_terms(const wire::Hello& hello) {
  wire::Accept accept;
  accept.version = wire::version_1;
  for (std::uint16_t suite : hello.suites.items) {
    if (accept.suite == 0 && crypto::find_suite(suite) != nullptr) accept.suite = suite;
  }
  accept.grants = wire::Opaque<0, 65535>{Bytes{hello.grants.bytes}};
  accept.extensions = hello.extensions;
  return agree_on_terms(hello, accept.hello_hash, accept);
}

wire::Hash hash_of_hello(Bytes hello_body) { return crypto::sha256({hello_body}); }

}  // namespace louver::session

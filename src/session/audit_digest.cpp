#include "session/audit_digest.h"

#include <algorithm>

namespace louver::session {
namespace {

std::array<std::byte, 8> number_of(std::uint32_t exchange, std::uint32_t message) {
  std::array<std::byte, 8> out;
  for (std::size_t i = 0; i < 4; ++i) {
    out[i] = static_cast<std::byte>(exchange >> (24 - 8 * i));
    out[4 + i] = static_cast<std::byte>(message >> (24 - 8 * i));
  }
  return out;
}

wire::ItemName audit_item(const Segment& segment) {
  return item_name(ItemKind::audit, segment.direction, segment.context, segment.author, segment.sink);
}

}  // namespace

AuditDigest::AuditDigest(const Segment& segment, AuditPlace place, AuditBook& book, const SessionSecret& key)
    : book_(&book),
      place_(place),
      context_(raw(segment.context)),
      direction_(static_cast<std::uint8_t>(segment.direction)),
      value_(key.expose()) {}

Result<AuditDigest> AuditDigest::make(const KeySource& keys, const Segment& segment, AuditPlace place,
                                      AuditBook& book) {
  LOUVER_ASSIGN(const SessionSecret key, keys.secret(audit_item(segment)));
  return AuditDigest{segment, place, book, key};
}

Result<> AuditDigest::add_end(const KeySource& keys, const Segment& segment) {
  const std::size_t n = keys.plan().middleboxes();
  LOUVER_ASSIGN(const SessionSecret key,
                keys.secret(item_name(ItemKind::end_audit, segment.direction, segment.context,
                                      party_at(0, segment.direction, n), party_at(n + 1, segment.direction, n))));
  second_.emplace(key.expose());
  return {};
}

Result<> AuditDigest::add_echo(const KeySource& keys, const Segment& next, AuditEcho& echo) {
  LOUVER_ASSIGN(const SessionSecret key, keys.secret(audit_item(next)));
  second_.emplace(key.expose());
  echo_ = &echo;
  return {};
}

void AuditDigest::begin(Exchange exchange) {
  message_ = any_ && exchange_ == raw(exchange) ? message_ + 1 : 0;
  exchange_ = raw(exchange);
  any_ = open_ = true;
  length_ = 0;
  redactor_ = 0;
  const auto number = number_of(exchange_, message_);
  value_.add(number);
  if (second_) second_->add(number);
  if (echo_ != nullptr) echo_->open = true;
}

void AuditDigest::add(Exchange exchange, Bytes content) {
  if (!open_) begin(exchange);
  length_ += content.size();
  value_.add(content);
  if (second_) second_->add(content);
}

void AuditDigest::add_tombstone(Exchange exchange, std::uint32_t octets, PartyIndex redactor) {
  if (!open_) begin(exchange);
  if (redactor_ == 0) redactor_ = raw(redactor);
  static constexpr auto filler = [] {
    std::array<std::byte, 1024> out{};
    out.fill(std::byte{'x'});
    return out;
  }();
  while (octets != 0) {
    const std::uint32_t piece = std::min<std::uint32_t>(octets, filler.size());
    add(exchange, Bytes{filler}.first(piece));
    octets -= piece;
  }
}

/// "changed is the writer's own statement about what it took in and sent on"
AuditChange AuditDigest::change(std::uint32_t exchange, const crypto::Hash& value) const {
  if (source_ == nullptr) return AuditChange::none;
  const bool same_message = source_->any && source_->exchange == exchange && source_->message == message_;
  if (same_message && !source_->open) {
    const bool same = source_->length == length_ && crypto::equal_in_constant_time(source_->value, value);
    return same ? AuditChange::none : AuditChange::changed;
  }
  const bool something_came =
      source_->open || (source_->any && (source_->exchange > exchange ||
                                         (source_->exchange == exchange && source_->message >= message_)));
  return something_came ? AuditChange::changed : AuditChange::own;
}

void AuditDigest::end(Exchange exchange) {
  if (!open_) begin(exchange);
  open_ = false;
  wire::Audit value;
  value.session = raw(book_->session);
  value.exchange = exchange_;
  value.message = message_;
  value.context = context_;
  value.direction = direction_;
  value.length = length_;
  if (second_ && echo_ != nullptr) {
    *echo_ = {true, false, exchange_, message_, length_, second_->finish()};
  } else if (second_) {
    value.out = static_cast<std::uint8_t>(AuditPlace::end);
    value.value = second_->finish();
    book_->values.push_back(value);
  }
  value.out = static_cast<std::uint8_t>(place_);
  value.value = value_.finish();
  value.redactor = redactor_;
  value.changed = static_cast<std::uint8_t>(change(exchange_, value.value));
  book_->values.push_back(value);
}

bool AuditChain::add(const wire::Audit& value) {
  const bool behind = count_ == 0 || value.exchange > last_exchange_ ||
                      (value.exchange == last_exchange_ && value.message > last_message_);
  if (!behind) return false;
  if (count_++ == 0) first_exchange_ = value.exchange;
  last_exchange_ = value.exchange;
  last_message_ = value.message;
  chain_ = crypto::sha256({as_bytes("louver v1 audit"), chain_, wire::encode(value)});
  return true;
}

}  // namespace louver::session

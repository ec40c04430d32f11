#include "session/session_keys.h"

#include "crypto/expand_label.h"

namespace louver::session {

Result<SessionSecret> KeySource::secret(const wire::ItemName& name) const {
  const ItemSecret* item = agreement_->secrets.find(name);
  if (item == nullptr) return Error{Fault::internal_error, "no secret of kind " + std::to_string(name.kind) + " here"};
  return session_secret(agreement_->terms.suite(), *item, session_);
}

Result<crypto::Aead> KeySource::aead(const wire::ItemName& name, crypto::Aead::Use use) const {
  LOUVER_ASSIGN(const SessionSecret secret, this->secret(name));
  return crypto::Aead{agreement_->terms.suite(), use, secret.expose()};
}

EpochKey::EpochKey(const crypto::Suite& suite, crypto::Aead::Use use, SessionSecret secret, unsigned shift)
    : suite_(&suite), use_(use), secret_(std::move(secret)), shift_(shift), key_(suite, use, secret_.expose()) {}

const crypto::Aead& EpochKey::at(std::uint64_t seq) {
  const std::uint64_t wanted = seq >> shift_;
  if (wanted == epoch_) return key_;
  for (; epoch_ < wanted; ++epoch_) {
    secret_ = crypto::expand_secret<struct SessionSecretKind>(*suite_, secret_.expose(), "update", {});
  }
  key_ = crypto::Aead{*suite_, use_, secret_.expose()};
  return key_;
}

Result<crypto::Sequence> Hop::next() {
  if (seq_ == end_) return Error{Fault::sequence_exhausted, "a hop's counter is used up"};
  return crypto::Sequence{seq_++};
}

Result<> Hop::check(std::initializer_list<Bytes> covered, Bytes tag) {
  LOUVER_ASSIGN(const crypto::Sequence seq, next());
  if (!key_.check(seq, covered, tag)) return Error{Fault::hop_tag, "the hop tag does not hold"};
  return {};
}

Result<> Hop::stamp(std::initializer_list<Bytes> covered, MutableBytes tag) {
  LOUVER_ASSIGN(const crypto::Sequence seq, next());
  const crypto::Tag made = key_.tag(seq, covered);
  std::ranges::copy(made, tag.begin());
  return {};
}

}  // namespace louver::session

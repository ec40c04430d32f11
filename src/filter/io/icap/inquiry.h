#pragma once

#include "crypto/hash.h"
#include "filter/io/icap/message.h"

namespace louver::filter::icap {

/// One message on its way to an ICAP server: what has come of it, what was sent, and who waits for the verdict.
/// Lives on the client's loop.
class Inquiry {
 public:
  /// @param held  counts octets that all inquiries keep; outlives this
  Inquiry(Message message, std::size_t& held);
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;
  ~Inquiry() { held_ -= charged_; }

  const Message& message() const { return message_; }
  void add(Bytes octets, bool end);
  bool has_ended() const { return ended_; }
  /// Of the body, so far.
  std::uint64_t octets() const { return octets_; }
  /// Whether that is the body, octet by octet: for a body that has ended, once.
  bool is_body(std::uint64_t octets, crypto::HmacSha256& digest) {
    return ended_ && octets == octets_ && digest.finish() == came_.finish();
  }
  /// Tells bodies apart that come in differently cut pieces, without keeping them: a hash, the key is nobody's secret.
  static crypto::HmacSha256 make_digest() { return crypto::HmacSha256{as_bytes("icap body")}; }

  /// What has come and was not taken yet; lives until the next call.
  Bytes unsent() const { return Bytes{body_}.subspan(sent_); }
  void take(std::size_t octets) { sent_ += octets; }
  /// Lets go of what was taken, unless the answer may refer to it: from now on there is no second try.
  void trim();
  /// Back to the beginning, for another connection; false if that is no longer possible, or was done before.
  bool rewind();
  /// All of the body; only as long as nothing was trimmed, as with messages that may be changed.
  Bytes body() const { return body_; }

  enum class Stage : std::uint8_t { gathering, queued, asked };
  Stage stage = Stage::gathering;
  TimePoint deadline{};              // queued: until when a connection must be free
  std::uint64_t number = 0;          // of the question that waits
  ask::Engine::Done done = nullptr;  // of the question that waits; null if none does
  std::optional<Result<ask::Answer>> verdict;

 private:
  void charge();

  const Message message_;
  std::size_t& held_;
  std::size_t charged_ = 0;
  Buffer body_;
  std::size_t sent_ = 0;
  bool whole_ = true;  // body_ begins with the body
  bool tried_again_ = false;
  bool ended_ = false;
  std::uint64_t octets_ = 0;
  crypto::HmacSha256 came_ = make_digest();
};

}  // namespace louver::filter::icap

/// Channels without TLS, for fuzzing only (LOUVER_FUZZ): the same classes, nothing secret, nothing random, so that
/// mutated bytes get through.
///
/// An identity's "PEM" is "<role> <name> [<name> ..]", which is its "DER" too; every anchor is believed. Each way
/// carries records:
///     type u8 | length u16 | body
///     1 ClientHello  kind u8                       4 Data   plaintext
///     2 ServerHello  kind u8, asks u8, identity    5 Close  nothing
///     3 Finished     identity, or nothing
/// The server sends Data right behind its ServerHello; nothing that it receives is shown before Finished, as with TLS.

#include <algorithm>

#include "base/limits.h"
#include "crypto/hash.h"
#include "tls/channel.h"
#include "tls/channel_rules.h"
#include "tls/names.h"
#include "tls/role.h"

namespace louver::tls {
namespace {

/// One key for each certificate.
Digest key_hash_of(Bytes certificate) { return crypto::sha256({as_bytes("key of "), certificate}); }

constexpr std::size_t header_bytes = 3;
constexpr std::size_t longest_body = 0xffff;

enum class RecordType : std::uint8_t { client_hello = 1, server_hello, finished, data, close };

void put_record(Buffer& to, RecordType type, Bytes body) {
  to.push_back(static_cast<std::byte>(type));
  to.push_back(static_cast<std::byte>(body.size() >> 8));
  to.push_back(static_cast<std::byte>(body.size()));
  append(to, body);
}

struct NullCertificate {
  Role role{};
  std::vector<std::string> names;
};

Result<NullCertificate> read_certificate(std::string_view text) {
  const auto next_word = [&text] {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
  };
  NullCertificate out;
  const std::string_view role = next_word();
  const auto* found = std::ranges::find(all_roles, role, [](Role r) { return name_of(r); });
  if (found == std::end(all_roles)) return Error{Fault::certificate_invalid, "no null certificate"};
  out.role = *found;
  while (!text.empty()) {
    const std::string_view name = next_word();
    if (auto why = party_name_fault(name)) return Error{Fault::certificate_name, *why};
    out.names.emplace_back(name);
  }
  if (out.names.empty()) return Error{Fault::certificate_name, "the certificate has no name"};
  return out;
}

}  // namespace

struct Identity::Impl {
  NullCertificate certificate;
  Buffer text;
  Digest hash;
  Digest key_hash;
};

Result<std::shared_ptr<const Identity>> Identity::load(const std::string&, const std::string&) {
  return Error{Fault::configuration, "a build for fuzzing reads no certificate files"};
}

Result<std::shared_ptr<const Identity>> Identity::from_pem(std::string_view certificates, std::string_view) {
  LOUVER_ASSIGN(auto certificate, read_certificate(certificates));
  if (certificates.size() > longest_body / 2) return Error{Fault::configuration, "the certificate is too long"};
  auto impl =
      std::make_unique<Impl>(Impl{std::move(certificate), to_buffer(certificates),
                                  crypto::sha256({as_bytes(certificates)}), key_hash_of(as_bytes(certificates))});
  return std::shared_ptr<const Identity>{new Identity(std::move(impl))};
}

Identity::Identity(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Identity::~Identity() = default;
const Digest& Identity::leaf_hash() const { return impl_->hash; }
const Digest& Identity::key_hash() const { return impl_->key_hash; }
Bytes Identity::leaf_der() const { return impl_->text; }
std::vector<Buffer> Identity::certificates() const { return {impl_->text}; }
WallTime Identity::not_after() const { return WallTime::max(); }
const std::vector<std::string>& Identity::names() const { return impl_->certificate.names; }
std::optional<Role> Identity::role() const { return impl_->certificate.role; }

struct Trust::Impl {};

Result<std::shared_ptr<const Trust>> Trust::load(const std::vector<Source>&) {
  return Error{Fault::configuration, "a build for fuzzing reads no certificate files"};
}
Result<std::shared_ptr<const Trust>> Trust::from_pem(std::string_view, const RolePatterns&) {
  return std::shared_ptr<const Trust>{new Trust(std::make_unique<Impl>())};
}
Trust::Trust(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Trust::~Trust() = default;
bool Trust::holds(const Anchor&) const { return true; }
bool Trust::same_as(const Trust&) const { return true; }

/// Role and name are checked as in verify.cpp; there is no chain.
class PeerVerifier {
 public:
  static Result<VerifiedPeer> verify(Bytes text, Role role, const std::string& name, bool any_name) {
    LOUVER_ASSIGN(const auto certificate, read_certificate(as_text(text)));
    if (certificate.role != role) return Error{Fault::certificate_role, "another role"};
    const bool named = std::ranges::find(certificate.names, name) != certificate.names.end();
    if (!any_name && !named) return Error{Fault::certificate_name, "another name"};
    VerifiedPeer peer;
    peer.role_ = role;
    peer.name_ = any_name ? certificate.names.front() : name;
    peer.leaf_hash_ = crypto::sha256({text});
    peer.leaf_der_ = to_buffer(text);
    peer.key_hash_ = key_hash_of(text);
    peer.not_after_ = WallTime::max();
    return peer;
  }
};

struct ChannelContext::Impl {
  ChannelKind kind;
  End end;
  ChannelRules rules;
  std::shared_ptr<const Identity> identity;
  std::shared_ptr<const Trust> trust;
};

namespace {

Result<std::unique_ptr<ChannelContext::Impl>> make(ChannelKind kind, End end, std::shared_ptr<const Identity> identity,
                                                   std::shared_ptr<const Trust> trust,
                                                   const ChannelContext::Options& options) {
  LOUVER_ASSIGN(const auto rules, rules_for(kind, end, identity.get(), trust.get(), options));
  return std::make_unique<ChannelContext::Impl>(
      ChannelContext::Impl{kind, end, rules, std::move(identity), std::move(trust)});
}

}  // namespace

Result<std::shared_ptr<const ChannelContext>> ChannelContext::for_tls_client(ChannelKind kind,
                                                                             std::shared_ptr<const Identity> identity,
                                                                             std::shared_ptr<const Trust> trust,
                                                                             Options options) {
  LOUVER_ASSIGN(auto impl, make(kind, End::tls_client, std::move(identity), std::move(trust), options));
  return std::shared_ptr<const ChannelContext>{new ChannelContext(std::move(impl))};
}
Result<std::shared_ptr<const ChannelContext>> ChannelContext::for_tls_server(ChannelKind kind,
                                                                             std::shared_ptr<const Identity> identity,
                                                                             std::shared_ptr<const Trust> trust,
                                                                             Options options) {
  LOUVER_ASSIGN(auto impl, make(kind, End::tls_server, std::move(identity), std::move(trust), options));
  return std::shared_ptr<const ChannelContext>{new ChannelContext(std::move(impl))};
}
ChannelContext::ChannelContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChannelContext::~ChannelContext() = default;
const Identity* ChannelContext::identity() const { return impl_->identity.get(); }

struct Channel::Impl {
  Impl(std::shared_ptr<const ChannelContext> context, std::string expected_name)
      : context_(std::move(context)), expected_name_(std::move(expected_name)) {}

  const ChannelContext::Impl& context() const { return context_->impl(); }
  bool is_client() const { return context().end == End::tls_client; }
  std::byte kind() const { return static_cast<std::byte>(context().kind); }

  Result<> take(Bytes from_peer);
  Result<bool> take_record();
  Result<> on_record(RecordType type, Bytes body);
  Result<> on_client_hello(Bytes body);
  Result<> on_server_hello(Bytes body);
  Result<> on_finished(Bytes body);
  Result<> verify(Bytes certificate);
  Result<> send(Bytes plaintext);
  void put_handshake(RecordType type, const Buffer& body);
  void flush();
  Result<> keep(Result<> result);

  std::shared_ptr<const ChannelContext> context_;
  std::string expected_name_;
  std::optional<Error> fault_;
  std::optional<VerifiedPeer> peer_;
  Buffer input_, output_, queue_, received_, transcript_;
  std::size_t bytes_before_established_ = 0;
  bool started_ = false, answered_ = false, established_ = false, closed_ = false, peer_closed_ = false;
};

Result<> Channel::Impl::keep(Result<> result) {
  if (!result && !fault_) fault_ = result.error();
  return result;
}

Result<> Channel::Impl::take(Bytes from_peer) {
  if (peer_closed_) return from_peer.empty() ? Result<>{} : Result<>{Fault::closed};
  if (is_client() && !started_) return Fault::internal_error;
  append(input_, from_peer);
  for (;;) {
    LOUVER_ASSIGN(const bool more, take_record());
    if (!more) break;
  }
  if (!established_ && bytes_before_established_ + input_.size() > limits::channel_bytes_before_verified)
    return Fault::limit_exceeded;
  return {};
}

Result<bool> Channel::Impl::take_record() {
  if (peer_closed_ || input_.size() < header_bytes) return false;
  const std::size_t size =
      header_bytes + (std::to_integer<std::size_t>(input_[1]) << 8) + std::to_integer<std::size_t>(input_[2]);
  if (input_.size() < size) return false;
  if (!established_) bytes_before_established_ += size;
  const Buffer record{input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size)};
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size));
  LOUVER_TRY(on_record(static_cast<RecordType>(record.front()), Bytes{record}.subspan(header_bytes)));
  return true;
}

Result<> Channel::Impl::on_record(RecordType type, Bytes body) {
  if (type == RecordType::client_hello && !is_client() && !answered_) return on_client_hello(body);
  if (type == RecordType::server_hello && is_client() && !established_) return on_server_hello(body);
  if (type == RecordType::finished && !is_client() && answered_ && !established_) return on_finished(body);
  if (type == RecordType::data && established_) {
    append(received_, body);
    return {};
  }
  if (type == RecordType::close && established_ && body.empty()) {
    peer_closed_ = true;
    return {};
  }
  return Error{Fault::tls_failed, "an unexpected record"};
}

Result<> Channel::Impl::on_client_hello(Bytes body) {
  if (body.size() != 1 || body.front() != kind()) return Error{Fault::tls_parameters, "another kind of channel"};
  append(transcript_, body);
  const bool asks = context().rules.peer_certificate != PeerCertificate::not_asked_for;
  Buffer hello{kind(), std::byte{asks}};
  append(hello, context().identity->leaf_der());
  put_handshake(RecordType::server_hello, hello);
  answered_ = true;
  flush();
  return {};
}

Result<> Channel::Impl::on_server_hello(Bytes body) {
  if (body.size() < 2 || body.front() != kind()) return Error{Fault::tls_parameters, "another kind of channel"};
  append(transcript_, body);
  LOUVER_TRY(verify(body.subspan(2)));
  const bool shows = body[1] != std::byte{0} && context().rules.shows_identity && context().identity;
  put_handshake(RecordType::finished, shows ? to_buffer(context().identity->leaf_der()) : Buffer{});
  established_ = true;
  flush();
  return {};
}

Result<> Channel::Impl::on_finished(Bytes body) {
  append(transcript_, body);
  const PeerCertificate wanted = context().rules.peer_certificate;
  if (body.empty() && wanted == PeerCertificate::required) return Error{Fault::certificate_invalid, "no certificate"};
  if (!body.empty()) {
    if (wanted == PeerCertificate::not_asked_for)
      return Error{Fault::tls_failed, "a certificate that was not asked for"};
    LOUVER_TRY(verify(body));
  }
  established_ = true;
  flush();
  return {};
}

Result<> Channel::Impl::verify(Bytes certificate) {
  const ChannelRules& rules = context().rules;
  const bool any_name = rules.any_peer_name && expected_name_.empty();
  LOUVER_ASSIGN(peer_,
                PeerVerifier::verify(certificate, rules.peer_role.value_or(Role::server), expected_name_, any_name));
  return {};
}

void Channel::Impl::put_handshake(RecordType type, const Buffer& body) {
  append(transcript_, body);
  put_record(output_, type, body);
}

Result<> Channel::Impl::send(Bytes plaintext) {
  if (closed_) return Fault::closed;
  append(queue_, plaintext);
  flush();
  return {};
}

void Channel::Impl::flush() {
  if (!established_ && !answered_) return;
  for (Bytes rest = queue_; !rest.empty(); rest = rest.subspan(std::min(rest.size(), longest_body))) {
    put_record(output_, RecordType::data, rest.first(std::min(rest.size(), longest_body)));
  }
  queue_.clear();
}

Channel::Channel(std::shared_ptr<const ChannelContext> context, std::string expected_name)
    : impl_(std::make_unique<Impl>(std::move(context), std::move(expected_name))) {}
Channel::~Channel() = default;
Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;

Result<> Channel::start() {
  if (impl_->fault_) return *impl_->fault_;
  if (!impl_->is_client() || std::exchange(impl_->started_, true)) return {};
  impl_->put_handshake(RecordType::client_hello, {impl_->kind()});
  return {};
}

Result<> Channel::receive(Bytes from_peer, WallTime) {
  if (impl_->fault_) return *impl_->fault_;
  return impl_->keep(impl_->take(from_peer));
}

Result<> Channel::send(Bytes plaintext) {
  if (impl_->fault_) return *impl_->fault_;
  return impl_->keep(impl_->send(plaintext));
}

Buffer Channel::take_output() { return std::exchange(impl_->output_, {}); }
Bytes Channel::received() const { return impl_->received_; }
void Channel::consume(std::size_t count) {
  Buffer& received = impl_->received_;
  received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(std::min(count, received.size())));
}
bool Channel::established() const { return impl_->established_; }
const VerifiedPeer* Channel::peer() const { return impl_->established_ && impl_->peer_ ? &*impl_->peer_ : nullptr; }
bool Channel::peer_closed() const { return impl_->peer_closed_; }

void Channel::close() {
  if (impl_->fault_ || std::exchange(impl_->closed_, true) || !impl_->established_) return;
  put_record(impl_->output_, RecordType::close, {});
}

Result<> Channel::export_secret(std::string_view label, Bytes context, MutableBytes out) const {
  if (!impl_->established_) return Fault::internal_error;
  const auto transcript = crypto::sha256({impl_->transcript_});
  const auto label_hash = crypto::sha256({as_bytes(label)});
  for (std::byte block{0}; !out.empty(); block = static_cast<std::byte>(std::to_integer<int>(block) + 1)) {
    const auto bytes = crypto::sha256({transcript, label_hash, context, Bytes{&block, 1}});
    const std::size_t count = std::min(out.size(), bytes.size());
    std::copy_n(bytes.begin(), count, out.begin());
    out = out.subspan(count);
  }
  return {};
}

}  // namespace louver::tls

#include "session/server_association.h"

namespace louver::session {

ServerAssociation::ServerAssociation(Options options, EndpointChannels channels, ServerPolicy& policy,
                                     RandomSource& random)
    : EndpointAssociation(std::move(channels), options.handshake_deadline),
      options_(std::move(options)),
      policy_(policy),
      random_(random) {}

Result<> ServerAssociation::on_other_frame(const wire::FrameView& frame, Now, Outbound&) {
  if (frame.header.type != wire::FrameType::hello || agreement_ != nullptr) {
    return Error{Fault::unexpected_frame, std::string{wire::name_of(frame.header.type)} + " at a server"};
  }
  return on_hello(frame.body());
}

Result<> ServerAssociation::on_hello(Bytes body) {
  LOUVER_ASSIGN(wire::Hello hello, wire::decode_hello(body));
  const std::size_t n = hello.middleboxes();
  if (n > options_.middleboxes_most)
    return Error{Fault::limit_exceeded,
                 std::to_string(n) + " middleboxes; at most " + std::to_string(options_.middleboxes_most)};
  if (hello.route.items.back().name.text() != options_.name) {
    return Error{Fault::not_in_route,
                 "the route ends at " + hello.route.items.back().name.text() + ", not at " + options_.name};
  }
  self_ = PartyIndex{static_cast<std::uint8_t>(n + 1)};
  const wire::Hash hash = hash_of_hello(body);
  LOUVER_ASSIGN(const Terms offered, offered_terms(hello));
  LOUVER_ASSIGN(wire::Accept accept, policy_.answer(hello, offered));
  accept.hello_hash = hash;
  accept.version = wire::version_1;

  channels_.emplace_back(tls::Channel{contexts_.end_to_end, ""}, std::uint8_t{0}, std::uint8_t{0});
  for (std::size_t i = 1; i <= n; ++i) {
    tls::Channel channel{contexts_.middlebox, hello.route.items[i - 1].name.text()};
    channels_.emplace_back(std::move(channel), static_cast<std::uint8_t>(i), wire::flag::server_channel);
  }
  const tls::Identity& identity = *contexts_.end_to_end->identity();
  const EndpointAgreement::Own own{identity.leaf_hash(), identity.key_hash(), to_buffer(identity.leaf_der()),
                                   identity.not_after()};
  agreement_ = std::make_unique<EndpointAgreement>(EndpointAgreement::End::server, std::move(hello), hash, own, policy_,
                                                   random_);
  LOUVER_TRY(agreement_->accept(accept));
  if (options_.answer_after_finished) {
    late_accept_ = wire::make_message(accept);
    return {};
  }
  return say(0, SecretBuffer{wire::make_message(accept)});
}

Result<> ServerAssociation::on_established(std::size_t channel) {
  if (channel != 0 || late_accept_.empty()) return {};
  return say(0, SecretBuffer{std::exchange(late_accept_, {})});
}

}  // namespace louver::session

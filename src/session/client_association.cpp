#include "session/client_association.h"

#include "session/client_hello.h"

namespace louver::session {

wire::Hello make_hello(const ClientOffer& offer, RandomSource& random) {
  wire::Hello hello;
  hello.versions.items = {wire::version_1};
  random.fill(hello.random);
  hello.route.items = offer.route;
  hello.contexts.items = offer.contexts;
  for (const auto& middlebox : offer.grants) {
    for (const std::array<Grant, 2>& grant : middlebox) {
      hello.grants.bytes.push_back(
          static_cast<std::byte>(static_cast<unsigned>(grant[0]) | static_cast<unsigned>(grant[1]) << 4));
    }
  }
  hello.suites.items = offer.suites;
  wire::KnownExtensions known;
  known.max_record = offer.max_record;
  if (!offer.audit.empty()) known.audit = offer.audit;
  if (!offer.profile.empty()) known.profile = offer.profile;
  hello.extensions = wire::write_extensions(known);
  return hello;
}

namespace {

EndpointAgreement::Own own_of(const tls::Identity* identity) {
  if (identity == nullptr) return {};
  return {identity->leaf_hash(), identity->key_hash(), to_buffer(identity->leaf_der()), identity->not_after()};
}

}  // namespace

Result<std::unique_ptr<ClientAssociation>> ClientAssociation::make(const ClientOffer& offer, EndpointChannels channels,
                                                                   EndpointPolicy& policy, RandomSource& random,
                                                                   Duration handshake_deadline) {
  std::unique_ptr<ClientAssociation> made{new ClientAssociation{std::move(channels), handshake_deadline}};
  LOUVER_TRY(made->set_up(offer, policy, random));
  return made;
}

Result<> ClientAssociation::set_up(const ClientOffer& offer, EndpointPolicy& policy, RandomSource& random) {
  hello_ = wire::encode(make_hello(offer, random));
  LOUVER_ASSIGN(wire::Hello hello, wire::decode_hello(hello_));
  for (std::size_t i = 0; i < hello.route.items.size(); ++i) {
    const bool end_to_end = i == 0;
    const std::string name = end_to_end ? hello.route.items.back().name.text() : hello.route.items[i - 1].name.text();
    tls::Channel channel{end_to_end ? contexts_.end_to_end : contexts_.middlebox, name};
    channels_.emplace_back(std::move(channel), static_cast<std::uint8_t>(i), std::uint8_t{0});
  }
  const wire::Hash hash = hash_of_hello(hello_);
  agreement_ = std::make_unique<EndpointAgreement>(EndpointAgreement::End::client, std::move(hello), hash,
                                                   own_of(contexts_.end_to_end->identity()), policy, random);
  return {};
}

Result<> ClientAssociation::start(Now now, Outbound& out) {
  started_ = now.mono;
  out.append(wire::make_frame({wire::FrameType::hello, 0, 0, 0}, hello_));
  for (ControlChannel& channel : channels_) LOUVER_TRY(channel.start());
  return advance(now, out);
}

Result<> ClientAssociation::on_other_frame(const wire::FrameView& frame, Now, Outbound&) {
  if (frame.header.type == wire::FrameType::announce) return on_announce(frame.body());
  return Error{Fault::unexpected_frame, std::string{wire::name_of(frame.header.type)} + " at a client"};
}

/// "the client acts on it only if its configuration already lists that name": who made the offer decides, this is over.
Result<> ClientAssociation::on_announce(Bytes body) {
  if (agreement_->keys_out()) return Error{Fault::unexpected_frame, "ANNOUNCE after the Keys"};
  LOUVER_ASSIGN(wire::Announce announce, wire::decode_announce(body));
  if (announce.position >= channels_.size() + 1)
    return Error{Fault::bad_value, "a position behind the server is announced"};
  const std::string name = announce.party.name.text();
  announcement_ = std::move(announce);
  return Error{Fault::announced, name + " says that it stands on the path"};
}

}  // namespace louver::session

#pragma once

#include "session/endpoint_association.h"

namespace louver::session {

/// What a client offers: everything of the Hello but its random.
struct ClientOffer {
  std::vector<wire::Party> route;  // middleboxes in order, then the server
  std::vector<wire::Context> contexts;
  std::vector<std::vector<std::array<Grant, 2>>> grants;  // [middlebox][context as above][direction]
  std::vector<std::uint16_t> suites;
  std::uint32_t max_record = limits::max_record_default;
  std::string profile;
  std::vector<std::uint8_t> audit = {};  // ids of contexts, ascending
};

/// The client's end of an association.
class ClientAssociation : public EndpointAssociation {
 public:
  /// @fault bad_value, limit_exceeded: the offer breaks a rule of docs/protocol.md §3
  static Result<std::unique_ptr<ClientAssociation>> make(const ClientOffer& offer, EndpointChannels channels,
                                                         EndpointPolicy& policy, RandomSource& random,
                                                         Duration handshake_deadline);
  /// HELLO and every ClientHello.
  Result<> start(Now now, Outbound& out);

 protected:
  ClientAssociation(EndpointChannels channels, Duration handshake_deadline)
      : EndpointAssociation(std::move(channels), handshake_deadline) {}
  Result<> set_up(const ClientOffer& offer, EndpointPolicy& policy, RandomSource& random);

 private:
  Result<> on_other_frame(const wire::FrameView& frame, Now now, Outbound& out) override;
  PartyIndex self() const override { return PartyIndex{0}; }

  Result<> on_announce(Bytes body);

  Buffer hello_;
};

}  // namespace louver::session

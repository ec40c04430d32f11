#pragma once

#include "session/endpoint_association.h"

namespace louver::session {

/// The server's end of an association.
class ServerAssociation : public EndpointAssociation {
 public:
  struct Options {
    std::string name;  // of this server: the last of the route must be it
    std::size_t middleboxes_most = limits::middleboxes_by_default;
    Duration handshake_deadline = limits::handshake_deadline;
    bool answer_after_finished = false;  // a stranger who replays a Hello then learns no policy; a round trip more
  };
  ServerAssociation(Options options, EndpointChannels channels, ServerPolicy& policy, RandomSource& random);

 private:
  Result<> on_other_frame(const wire::FrameView& frame, Now now, Outbound& out) override;
  Result<> on_hello(Bytes body);
  Result<> on_established(std::size_t channel) override;
  PartyIndex self() const override { return self_; }
  std::size_t frame_limit() const override { return limits::hello_bytes; }

  Options options_;
  ServerPolicy& policy_;
  RandomSource& random_;
  PartyIndex self_{wire::unknown_party};
  Buffer late_accept_;
};

}  // namespace louver::session

#pragma once

#include "session/client_association.h"
#include "session/middlebox_association.h"
#include "session/server_association.h"
#include "sim/chain.h"

namespace louver::sim {

/// An end of an association on a chain; `engine` may be a rogue's.
class EndpointNode final : public Node {
 public:
  EndpointNode(std::unique_ptr<session::EndpointAssociation> made, Side towards_peer)
      : engine(std::move(made)), towards_(towards_peer) {}
  Result<std::size_t> receive(Side, MutableBytes input, Now now, Outputs& out) override {
    return engine->receive(input, now, out.to(towards_));
  }
  Result<> on_end(Side) override { return engine->on_connection_end(); }
  TimePoint deadline() const override { return engine->deadline(); }
  Result<> on_deadline(Now now, Outputs& out) override { return engine->on_deadline(now, out.to(towards_)); }
  void fail(const Error& why, Outputs& out) override { engine->fail(why, out.to(towards_)); }

  std::unique_ptr<session::EndpointAssociation> engine;

 private:
  Side towards_;
};

class MiddleboxNode final : public Node {
 public:
  explicit MiddleboxNode(std::unique_ptr<session::MiddleboxAssociation> made) : engine(std::move(made)) {}
  Result<std::size_t> receive(Side from, MutableBytes input, Now now, Outputs& out) override {
    return engine->receive(from, input, now, {out.to_client, out.to_server});
  }
  Result<> on_end(Side) override {
    if (engine->closed()) return {};
    return Error{Fault::connection_lost, "a neighbour's connection was cut"};
  }
  TimePoint deadline() const override { return engine->deadline(); }
  Result<> on_deadline(Now now, Outputs&) override { return engine->on_deadline(now); }
  void fail(const Error& why, Outputs& out) override { engine->fail(why, {out.to_client, out.to_server}); }

  std::unique_ptr<session::MiddleboxAssociation> engine;
};

}  // namespace louver::sim

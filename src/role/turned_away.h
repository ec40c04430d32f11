#pragma once

#include "role/sided_link.h"
#include "role/station.h"
#include "runtime/timer.h"

namespace louver::role {

/// An HTTP connection of somebody who may not use the agent: told so with a 403 once he has said something, whatever
/// that is, and closed. Nothing of his is parsed or kept.
class TurnedAway final : public Resident, public LinkOwner {
 public:
  static void start(Household& household, Station& station, runtime::Socket socket, const std::string& reason);

  void drain() override { leave(); }
  void abort() override { leave(); }
  bool busy() const override { return false; }

 private:
  TurnedAway(Household& household, const std::string& reason);
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side) override { leave(); }
  void on_broken(Side, const Error&) override { leave(); }
  void on_drained(Side) override {}
  void leave();

  Household& household_;
  std::string answer_;
  SidedLinkPtr link_;
  runtime::Timer timer_;
  bool over_ = false;
};

}  // namespace louver::role

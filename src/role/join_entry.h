#pragma once

#include <functional>
#include <optional>

#include "role/doorway.h"
#include "role/sided_link.h"
#include "role/station.h"
#include "runtime/timer.h"

namespace louver::role {

/// A connection whose first frame is a JOIN, until that has been checked; holds it while its association has not both
/// Go. docs/protocol.md §7
class JoinEntry final : public Resident, public LinkOwner {
 public:
  /// Takes the JOIN (AssociationRecord::take_join) and becomes the owner of the link, whose later bytes it will get.
  using Admit = std::function<Result<>(Household&, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord>,
                                       MutableBytes frame)>;

  static void open(Household& household, SidedLinkPtr link, Station& station, Unproved unproved, Admit admit);

  void drain() override {}
  void abort() override;
  bool busy() const override { return false; }

 private:
  JoinEntry(Household& household, Station& station, Unproved unproved, Admit admit);
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side) override { refuse(Error{Fault::truncated, "the connection ended before its JOIN was taken"}); }
  void on_broken(Side, const Error&) override { leave(); }
  void on_drained(Side) override {}
  /// Octets consumed: 0 while the frame is not whole or must be held.
  Result<std::size_t> look(MutableBytes input);
  void hold(const std::shared_ptr<session::AssociationRecord>& record);
  void refuse(const Error& error);
  void leave();

  Household& household_;
  Station& station_;
  Unproved unproved_;
  Admit admit_;
  SidedLinkPtr link_;
  runtime::Timer timer_;
  session::AssociationRecord::Watch watch_;
  std::string peer_;
};

}  // namespace louver::role

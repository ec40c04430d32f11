#pragma once

#include <functional>

#include "role/sided_link.h"
#include "role/station.h"
#include "runtime/timer.h"

namespace louver::role {

/// A connection that a proxy passes on to an agent, until its PROXY header has come. What follows is handed on with the
/// link; who does not begin with a header is hung up on.
class ProxiedEntry final : public Resident, public LinkOwner {
 public:
  /// Becomes the owner of the link, which is paused and has the octets behind the header.
  using Admit = std::function<void(SidedLinkPtr link)>;
  /// Is told why a connection was closed.
  using Refused = std::function<void(const Error& why)>;

  static void open(Household& household, Station& station, runtime::Socket socket, Admit admit, Refused refused);

  void drain() override { abort(); }
  void abort() override;
  bool busy() const override { return false; }

 private:
  ProxiedEntry(Household& household, Station& station, Admit admit, Refused refused);
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side) override { refuse(Error{Fault::truncated, "PROXY header: the connection ended before it came"}); }
  void on_broken(Side, const Error&) override { leave(); }
  void on_drained(Side) override {}
  void refuse(const Error& why);
  void hand_over();
  void leave();

  Household& household_;
  Station& station_;
  Admit admit_;
  Refused refused_;
  SidedLinkPtr link_;
  runtime::Timer timer_;
  bool over_ = false, whole_ = false;
};

}  // namespace louver::role

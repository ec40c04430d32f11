#pragma once

#include <functional>

#include "role/sided_link.h"
#include "role/station.h"
#include "runtime/timer.h"
#include "session/middlebox_association.h"

namespace louver::role {

/// Where a middlebox may connect on to, by the name and port that a Hello gives; nobody else is ever connected to.
using FindNext = std::function<Result<std::pair<runtime::Endpoint, runtime::ConnectOptions>>(const wire::Party&)>;

/// A middlebox's association: two connections, the engine between them.
class MiddleboxAssociationLink final : public Resident, public LinkOwner {
 public:
  struct Callbacks {
    FindNext find_next;  // also keeps alive what the engine refers to
    /// Whether the rules of now still allow it as it is. @fault revoked
    std::function<Result<>(const session::AssociationRecord&)> allowed;
  };
  static void start(Household& household, SidedLinkPtr client, Station& station,
                    std::unique_ptr<session::MiddleboxAssociation> engine, Callbacks callbacks, AssociationSeat seat);
  ~MiddleboxAssociationLink() override;

  void drain() override;
  void abort() override;
  void reconsider(const Reconsider& change) override;
  bool busy() const override { return false; }

 private:
  MiddleboxAssociationLink(Household& household, Station& station,
                           std::unique_ptr<session::MiddleboxAssociation> engine, Callbacks callbacks);
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side from) override;
  void on_broken(Side from, const Error& error) override;
  void on_drained(Side to) override;
  void carry(session::Outbound&& to_client, session::Outbound&& to_server, const runtime::ChunkRef& chunk);
  void bound(Side side);
  void connect_on();
  void on_connected(Result<runtime::Socket> socket);
  void note_record();
  void say_blocked(const wire::Blocked& blocked);
  void carry_audit();
  void set_timer();
  void close(std::uint8_t code, std::uint32_t drain_ms);
  void fail(const Error& error);
  SidedLinkPtr& link(Side side) { return links_[slot(side)]; }

  Household& household_;
  Station& station_;
  std::unique_ptr<session::MiddleboxAssociation> engine_;
  Callbacks callbacks_;
  std::array<SidedLinkPtr, 2> links_;  // by side
  std::unique_ptr<runtime::Connector> connector_;
  Buffer early_;  // for the next party, until it is connected
  runtime::Timer timer_;
  AssociationSeat seat_;
  bool registered_ = false, over_ = false;
};

}  // namespace louver::role

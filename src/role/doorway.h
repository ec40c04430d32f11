#pragma once

#include <functional>

#include "role/sided_link.h"
#include "role/station.h"
#include "runtime/timer.h"
#include "wire/frame.h"

namespace louver::role {

/// A connection among those that have proved nothing, until it has or is closed; and until when it must have.
struct Unproved {
  std::shared_ptr<std::shared_ptr<void>> place;  // the connection holds it too
  TimePoint deadline;

  void proved() const { place->reset(); }
};

/// What an accepted connection turns out to be. `link` is paused, and nothing of it has been consumed.
class Guests {
 public:
  virtual ~Guests() = default;
  virtual void on_association(Household& household, SidedLinkPtr link, const Unproved& unproved) = 0;
  virtual void on_session(Household& household, SidedLinkPtr link, Unproved unproved) = 0;

 protected:
  Guests() = default;
  Guests(const Guests&) = default;
  Guests& operator=(const Guests&) = default;
};

/// An accepted connection until its first frame says what it is for; a peer of another protocol is told so in words.
class Doorway final : public Resident, public LinkOwner {
 public:
  static void open(Household& household, runtime::Socket socket, Station& station, Guests& guests);

  void drain() override { abort(); }
  void abort() override;
  bool busy() const override { return false; }

 private:
  Doorway(Household& household, Station& station, Guests& guests, Unproved unproved);
  std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end(Side) override { leave(); }
  void on_broken(Side, const Error&) override { leave(); }
  void on_drained(Side) override {}
  void refuse(const Error& error);
  void hand_over(wire::FrameType type);
  void leave();

  Household& household_;
  Station& station_;
  Guests& guests_;
  Unproved unproved_;
  SidedLinkPtr link_;
  runtime::Timer timer_;
};

/// Tells the peer why, in an ALERT frame, and closes.
void turn_away(Station& station, SidedLinkPtr link, const Error& error);

}  // namespace louver::role

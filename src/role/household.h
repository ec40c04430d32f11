#pragma once

#include <memory>
#include <unordered_map>

#include "base/time.h"
#include "runtime/loop.h"

namespace louver::role {

/// What an operator's change means for what lives already.
struct Reconsider {
  Duration drain{};    // for the sessions of associations that are no longer allowed
  bool renew = false;  // close also those that are, as for a renewal
};

/// Something that lives on one loop until it is finished by itself: an association's or a session's connection.
class Resident : public std::enable_shared_from_this<Resident> {
 public:
  virtual ~Resident() = default;
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  /// The process is about to end: finish what is under way, begin nothing.
  virtual void drain() = 0;
  /// The process ends now.
  virtual void abort() = 0;
  /// The operator's rules have changed, or he wants new associations: an association looks whether it may live on.
  virtual void reconsider(const Reconsider&) {}
  /// Counts among what a drain waits for.
  virtual bool busy() const = 0;

 protected:
  Resident() = default;
};

/// Keeps the residents of one loop alive. Used on the loop's thread only.
class Household {
 public:
  explicit Household(runtime::Loop& loop) : loop_(loop) {}
  Household(const Household&) = delete;
  Household& operator=(const Household&) = delete;

  runtime::Loop& loop() { return loop_; }
  void move_in(std::shared_ptr<Resident> resident);
  /// Destroys it soon, never within the call: it may be the caller.
  void move_out(Resident& resident);
  void drain();
  void abort();
  void reconsider(const Reconsider& change);
  bool busy() const;
  std::size_t size() const { return residents_.size(); }

 private:
  runtime::Loop& loop_;
  std::unordered_map<Resident*, std::shared_ptr<Resident>> residents_;
};

}  // namespace louver::role

#pragma once

#include <atomic>
#include <bitset>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "session/audit_outbox.h"
#include "session/session_keys.h"

namespace louver::session {

/// Which session numbers were taken: each once, none below the window. docs/protocol.md §7
class JoinWindow {
 public:
  /// True if `number` was free; it is marked then. 0, a marked one, and one more than 2^16 below the highest are not
  /// free.
  bool mark(std::uint64_t number);
  /// Marked, or so far below the highest that it counts as marked.
  bool marked(std::uint64_t number) const {
    if (number > highest_) return false;
    return highest_ - number >= limits::join_window || marked_->test(number % limits::join_window);
  }
  std::uint64_t highest() const { return highest_; }

 private:
  std::unique_ptr<std::bitset<limits::join_window>> marked_;  // made with the first join
  std::uint64_t highest_ = 0;
};

/// What a middlebox's filter stopped, as that middlebox says in its channel. docs/protocol.md §10
struct BlockedNote {
  PartyIndex by;
  wire::Blocked what;
};

/// An association as its sessions see it, shared by all threads of the process: secrets, the window of joins, life and
/// end. docs/protocol.md §7, §8
///
/// Lock order: nothing is called back while the lock is held, but for `derive`, which only makes keys, and a key log.
class AssociationRecord {
 public:
  enum class State : std::uint8_t { waiting, open, closing, ended };
  using Derive = std::function<Result<>(const KeySource& keys)>;

  explicit AssociationRecord(Agreement agreement) : agreement_(std::move(agreement)) {}
  AssociationRecord(const AssociationRecord&) = delete;
  AssociationRecord& operator=(const AssociationRecord&) = delete;

  /// Everything but the secrets: immutable.
  const Terms& terms() const { return agreement_.terms; }
  const PathPlan& plan() const { return agreement_.plan; }
  PartyIndex self() const { return agreement_.self; }
  const wire::AssociationId& id() const { return agreement_.id; }
  const std::vector<PartyReport>& parties() const { return agreement_.parties; }
  /// Null for a party that this one does not know, and for itself.
  const PartyReport* find_party(PartyIndex party) const;
  const wire::Hash& manifest_hash() const { return agreement_.manifest_hash; }
  const AuditEvidence& evidence() const { return agreement_.evidence; }
  /// Where sessions leave what they state, for the association to send and judge.
  AuditOutbox& audit() { return audit_; }

  State state() const;
  /// Both Go are in, or for an endpoint: step 4 is done.
  void open();
  /// A Close was sent or received: no session above `last`; running ones end at `drain_until`.
  void close(std::uint64_t last, TimePoint grace_until, TimePoint drain_until, Alert reason);
  /// The association is over: its sessions end with `reason`, its secrets are erased.
  void end(Alert reason);
  /// The other end's own Close said so, in their channel: no session above `last` was taken by it or will be.
  void other_end_took(std::uint64_t last);
  /// The least that it said. What lies above has certainly not been carried out, whatever others on the path say.
  std::optional<std::uint64_t> taken_by_other_end() const;
  /// After the grace of a Close: no further join can come, so the secrets go.
  void erase_secrets();
  bool secrets_erased() const;
  /// For a key log that the operator asked for, and nobody else: every secret that this party holds. `visit` is called
  /// while the lock is held.
  void reveal_secrets(const std::function<void(const wire::ItemName&, Bytes)>& visit) const;
  /// What running sessions obey: the time from which they may send and use nothing more, and the alert that says why.
  struct Drain {
    TimePoint until = TimePoint::max();
    Alert reason = Alert::revoked;
  };
  Drain drain() const;
  std::uint64_t last_join() const;

  /// Client: takes the next number and makes its JOIN frame; derives its keys.
  Result<Buffer> make_join(WallTime wall, SessionNumber& number, const Derive& derive);
  /// Middlebox and server: every check of §7, then marks the number, in one step for all threads; derives the session's
  /// keys. A middlebox's frame gets the next hop's tag where it lies.
  /// @fault join_hop_tag, join_end_tag, join_late, certificate_expired, revoked, join_replayed
  Result<> take_join(MutableBytes frame, TimePoint now, WallTime wall, const Derive& derive);

  std::uint32_t alive_sent() const { return alive_sent_.load(); }
  void set_alive_sent(std::uint32_t number) { alive_sent_.store(number); }
  std::uint32_t alive_received() const { return alive_received_.load(); }
  void set_alive_received(std::uint32_t number) { alive_received_.store(number); }

  /// Middlebox: what its sessions say goes through here to the channels with both ends. Set once, before it is open.
  void set_speaker(std::function<void(const wire::Blocked&)> speaker);
  void say_blocked(const wire::Blocked& blocked) const;
  /// Endpoint: keeps what a middlebox said, for the session's user; the newest `limits::blocked_notes`.
  /// @fault bad_value  no such session or context, one that its sender may not look at, or an unprintable reason
  /// @fault unexpected_message  said twice, or by somebody oftener than there were sessions
  Result<> note_blocked(BlockedNote note);
  std::optional<BlockedNote> blocked(SessionNumber number) const;

  /// Calls `changed` (from any thread, without the lock) whenever state, drain or the notes change. The callback goes
  /// with the handle.
  using Watch = std::shared_ptr<std::function<void()>>;
  [[nodiscard]] Watch watch(std::function<void()> changed);
  /// How many such callbacks live: the sessions that still run, and those that wait to begin.
  std::size_t watched() const;
  std::size_t joins() const;

  /// When it was agreed on, for reports; set before it is shared.
  TimePoint made_at() const { return made_at_; }
  void set_made_at(TimePoint when) { made_at_ = when; }
  WallTime expires() const { return agreement_.expires; }
  /// Which edition of the operator's rules it was held against last.
  std::uint64_t edition() const { return edition_.load(); }
  void set_edition(std::uint64_t edition) const { edition_.store(edition); }

 private:
  Result<> check_life(std::uint64_t number, TimePoint now, WallTime wall) const;
  Result<> check_alive(std::uint32_t alive) const;
  void notify();

  mutable std::mutex mutex_;
  Agreement agreement_;
  State state_ = State::waiting;
  JoinWindow window_;
  std::uint64_t next_number_ = 1;
  std::uint64_t close_last_ = 0;
  TimePoint grace_until_{};
  Drain drain_;
  std::size_t joins_ = 0;
  std::function<void(const wire::Blocked&)> speaker_;
  std::deque<BlockedNote> blocked_;
  std::map<PartyIndex, std::uint64_t> blocked_by_;  // how often each has said so
  std::optional<std::uint64_t> other_end_took_;
  TimePoint made_at_{};  // before it is shared
  mutable std::atomic<std::uint64_t> edition_{0};
  std::atomic<std::uint32_t> alive_sent_{0};
  std::atomic<std::uint32_t> alive_received_{0};
  std::vector<std::weak_ptr<std::function<void()>>> watchers_;
  AuditOutbox audit_;
};

/// The associations of a process, by id and the party that this process is in them. Bounded; shared by all threads.
class AssociationTable {
 public:
  explicit AssociationTable(std::size_t most) : most_(most) {}
  /// @fault limit_exceeded
  Result<> add(std::shared_ptr<AssociationRecord> record);
  void remove(const AssociationRecord& record);
  /// @fault unknown_association
  Result<std::shared_ptr<AssociationRecord>> find(const wire::AssociationId& id) const;
  std::size_t size() const;
  /// All of them, at most `most`.
  std::vector<std::shared_ptr<AssociationRecord>> list(std::size_t most) const;

 private:
  mutable std::mutex mutex_;
  std::size_t most_;
  std::map<wire::AssociationId, std::shared_ptr<AssociationRecord>> records_;
};

/// Reads the association's id out of a JOIN frame.
Result<wire::Join> decode_join(const wire::FrameView& frame);

}  // namespace louver::session

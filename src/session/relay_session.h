#pragma once

#include <list>

#include "session/association_record.h"
#include "session/receiver.h"
#include "session/sender.h"
#include "session/session_frames.h"

namespace louver::session {

/// What a middlebox's filters say to a part that they were shown.
enum class Verdict : std::uint8_t {
  pass,      // it goes on as it is
  replaced,  // write only: what goes on was emitted, if anything
  hold,      // write only: something is kept back; nothing that came later goes out before it is emitted
  redact,    // redact only: a tombstone takes its place
  later,     // not known yet: nothing in this direction goes on or is shown until RelaySession::resume
};

/// A middlebox's filters, as the engine sees them: shown each part that this party's grants open to it.
class RelayHandler {
 public:
  virtual ~RelayHandler() = default;
  /// `emit` takes what a writer puts in the part's place (any number of parts of this context and direction); it is
  /// null for readers. A tombstone (`part.redacted`) that a writer lets pass goes on as that many octets 'x'.
  /// @fault whatever ends the session: blocked_by_policy, filter_failed
  virtual Result<Verdict> on_part(const Part& part, Grant grant, PartSink* emit) = 0;
  /// The verdict on the part to which on_part, or this, last said `later` in its direction. All arguments are as then.
  virtual Result<Verdict> on_answer(const Part&, Grant, PartSink*) {
    return Error{Fault::internal_error, "filters that never say later were asked again"};
  }

 protected:
  RelayHandler() = default;
  RelayHandler(const RelayHandler&) = default;
  RelayHandler& operator=(const RelayHandler&) = default;
};

/// A session at a middlebox. Records of contexts without a grant pass by their header and tags alone; a reader opens
/// into a scratch buffer and passes the received octets; a writer opens in place and seals anew. docs/protocol.md §6
class RelaySession {
 public:
  virtual ~RelaySession() = default;
  RelaySession(const RelaySession&) = delete;
  RelaySession& operator=(const RelaySession&) = delete;

  /// @param started  the moment of the JOIN, from which the idle deadline counts
  static Result<std::unique_ptr<RelaySession>> make(const KeySource& keys, const ProfileTraits& profile,
                                                    Duration idle_deadline, TimePoint started = TimePoint::max());

  /// Takes whole frames that came from `from`; what goes on to the other side is appended to `onward`.
  /// @return octets consumed: forwarded runs lie in `input` until they are written. Less than all whole frames when
  /// this way is stalled: then the caller stops reading from there until resume() has ended that.
  virtual Result<std::size_t> receive(Side from, MutableBytes input, RelayHandler& handler, TimePoint now,
                                      Outbound& onward);

  /// What comes from `from` waits for a verdict.
  bool stalled(Side from) const { return ways_[slot(direction_from(from))]->asked.has_value(); }
  /// Asks `handler` for the verdict on what came from `from` and stalled it, and goes on if there is one. Does nothing
  /// where nothing is stalled.
  Result<> resume(Side from, RelayHandler& handler, TimePoint now, Outbound& onward);

  /// Every flow on the hop from `from` has ended, and everything has been put out.
  virtual bool ended(Side from) const;
  /// The connection from `from` is at its end: fine if its direction has ended, else truncation.
  Result<> on_connection_end(Side from) const;
  const std::optional<ReceivedAlert>& alert() const { return alert_; }
  /// Where the values of audited messages wait for the association; null where nothing is audited. docs/protocol.md §9
  AuditBook* audit_book() { return audit_ != nullptr ? &audit_->book : nullptr; }
  TimePoint deadline() const {
    return last_activity_ == TimePoint::max() ? last_activity_ : last_activity_ + idle_deadline_;
  }
  Result<> on_deadline(TimePoint now) const;
  /// Nothing has moved for a while: gives back what only speeds records up. The next one makes it again.
  void rest();

 protected:
  RelaySession(const KeySource& keys, Duration idle_deadline, TimePoint started);
  Result<> load(const KeySource& keys, const ProfileTraits& profile);
  Result<> audit(const KeySource& keys);

 private:
  /// A record that waits behind one that is held: "a writer reads on within its limit".
  struct Waiting {
    Buffer frame;
    AcceptedRecord record;
  };
  /// The record on which a filter has not decided yet.
  struct Asked {
    Buffer frame;
    Buffer plaintext;
    AcceptedRecord record;  // in `frame`
    Part part;              // in `plaintext`
  };
  struct Way {
    Way(const Terms& terms, Direction d, Receiver r, Sender s)
        : direction(d), receiver(std::move(r)), sender(std::move(s)), grants(terms) {}
    Direction direction;
    Receiver receiver;
    Sender sender;
    ByContext<Grant> grants;
    std::optional<ContextId> held;  // the context of which a filter keeps something back
    std::optional<Asked> asked;     // while it is there, nothing moves
    std::list<Waiting> waiting;     // takes no room while it is empty
    std::size_t waiting_bytes = 0;
    bool writes = false;
  };
  class Emitter;
  struct Audit {
    AuditBook book;
    std::array<std::map<ContextId, AuditEcho>, 2> echoes{};  // by direction
  };

  Result<> on_record(Way& way, const wire::FrameView& frame, RelayHandler& handler, Outbound& onward);
  Result<> process(Way& way, const AcceptedRecord& record, bool in_input, RelayHandler& handler, Outbound& onward);
  Result<> relay_read(Way& way, const AcceptedRecord& record, bool in_input, RelayHandler& handler, Outbound& onward);
  Result<> relay_write(Way& way, const AcceptedRecord& record, RelayHandler& handler, Outbound& onward);
  Result<> settle_read(Way& way, const AcceptedRecord& record, const Part& part, Verdict verdict, bool in_input,
                       Outbound& onward);
  Result<> settle_write(Way& way, Part part, Verdict verdict, Outbound& onward);
  Result<> ask(Way& way, const AcceptedRecord& record, const Part& part);
  Result<> put_tombstone(Way& way, const AcceptedRecord& record, Outbound& onward);
  Result<> pass(Way& way, const AcceptedRecord& record, bool in_input, Outbound& onward);
  void note_answer(const AcceptedRecord& record);
  bool must_wait(const Way& way, const AcceptedRecord& record) const;
  Result<> wait(Way& way, const AcceptedRecord& record);
  Result<> release(Way& way, RelayHandler& handler, Outbound& onward);
  Result<> finish_if_ended(Way& way, Outbound& onward);

  const PathPlan* plan_;
  PartyIndex self_;
  std::unique_ptr<ExchangeLedger> ledger_;
  ByContext<std::uint32_t> answered_;                              // the last exchange whose answer has ended
  std::vector<std::unique_ptr<Way>> ways_;                         // by direction
  std::array<ByContext<std::unique_ptr<Redactor>>, 2> redactors_;  // by direction
  Buffer scratch_;
  Duration idle_deadline_;
  TimePoint last_activity_;
  std::optional<ReceivedAlert> alert_;
  std::unique_ptr<Audit> audit_;
};

}  // namespace louver::session

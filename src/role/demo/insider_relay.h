#pragma once

#include <functional>

#include "session/items.h"
#include "session/relay_session.h"

namespace louver::role::demo {

/// What an insider may try; names as on the command line and in reports.
enum class Attempt : std::uint8_t {
  read,          // open what it has no grant for, with every key that it holds
  flip,          // change what it may only read, and renew everything that it has keys for
  flip_blind,    // change what it has no grant for
  flip_answer,   // the same in a response
  drop,          // leave out a record
  replay,        // put out a record twice
  reorder,       // swap two records
  drop_on_wire,  // as somebody between two parties: without the hop's key
  replay_on_wire,
  reorder_on_wire,
  forge_end,    // a FIN of its own making behind the first record
  cut_off,      // close the connections in the middle
  rejoin,       // lead the session past the next middlebox
  replay_join,  // the same session once more on another connection
};

/// A middlebox's relay gone bad. It holds the keys that this middlebox really was given and no others, does its part as
/// any other, and then changes what it puts out.
class InsiderRelay final : public session::RelaySession {
 public:
  /// What came of trying keys on records of contexts without a grant.
  struct Tried {
    std::size_t keys = 0, records = 0, attempts = 0, opened = 0;
    std::uint64_t octets_opened = 0;
    std::size_t granted_opened = 0;  // records that it may read, as a proof that the keys are right and rightly used
  };
  /// What the insider does beside the relay's own work.
  struct Helper {
    std::function<void(const Tried&)> on_tried;
    /// Everything that it has put out towards the server, when the first octets of an answer come.
    std::function<void(Bytes sent)> on_answer;
  };
  static Result<std::unique_ptr<session::RelaySession>> make(const session::KeySource& keys,
                                                             const session::ProfileTraits& profile, Duration idle,
                                                             Attempt attempt, Helper helper);

  Result<std::size_t> receive(Side from, MutableBytes input, session::RelayHandler& handler, TimePoint now,
                              session::Outbound& onward) override;
  bool ended(Side from) const override { return cut_ || RelaySession::ended(from); }

 private:
  /// A record as the honest relay would put it out.
  struct Record {
    Buffer frame;
    Direction direction;
    std::string context;
    const session::Segment* segment;
    std::uint64_t seq;
  };
  /// What it holds for one direction.
  struct Way {
    session::Hop hop;                     // with the next party of that direction
    std::vector<std::uint64_t> next_seq;  // by flow
  };
  InsiderRelay(const session::KeySource& keys, Duration idle, Attempt attempt, Helper helper);
  Result<> load_keys(const session::KeySource& keys, const session::ProfileTraits& profile);

  Result<Record> take(const wire::FrameView& frame, Direction direction);
  Result<> act(Record record, session::Outbound& onward);
  Result<> put(Record& record, session::Outbound& onward);
  Result<session::DataView> view(Record& record) const;
  void try_keys(Record& record);
  Result<> flip_what_it_reads(Record& record);
  Result<> flip_ciphertext(Record& record);
  Result<> put_forged_end(const Record& behind, session::Outbound& onward);
  bool renews_hop() const;

  const session::PathPlan* plan_;
  session::Terms terms_;
  PartyIndex self_;
  Attempt attempt_;
  Helper helper_;
  std::vector<Way> ways_;                                           // by direction
  std::vector<crypto::Aead> all_keys_;                              // everything it was given, as keys to open with
  std::optional<crypto::Aead> read_open_, read_seal_, own_verify_;  // of what it may read
  std::optional<Record> held_;
  Buffer sent_;
  Tried tried_;
  bool done_ = false, cut_ = false;
};

}  // namespace louver::role::demo

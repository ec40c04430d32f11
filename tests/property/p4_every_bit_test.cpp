#include "rogue/record_replica.h"

/// P4, exhaustively: every bit of every kind of frame on every hop.
namespace louver::rogue::every_bit {
namespace {

using session::Grant;
using session::Verdict;

constexpr std::size_t middleboxes = 2;
const session::ContextTraits up_contexts[] = {{"a", 1}};
const session::ContextTraits down_contexts[] = {{"a", 2}};
const session::ContextTraits padded_contexts[] = {{"a", 1, false, 8}};
const session::ProfileTraits up_traits{"up/1", false, false, up_contexts};
const session::ProfileTraits down_traits{"down/1", false, false, down_contexts};
const session::ProfileTraits padded_traits{"padded/1", false, false, padded_contexts};

struct Kind {
  const char* name;
  GrantRow by_rank;  // the middlebox that the data meets first, then the second
  const session::ProfileTraits* profile = &up_traits;
};

Result<Verdict> redact_secrets(const session::Part& part, Grant grant, session::PartSink*) {
  return grant == Grant::redact && as_text(part.bytes) == "secret" ? Verdict::redact : Verdict::pass;
}

/// A session with one record of each kind, as it was on each hop.
class Recorded {
 public:
  explicit Recorded(const Kind& kind)
      : profile_(*kind.profile), direction_(kind.profile == &down_traits ? Direction::s2c : Direction::c2s) {
    const auto grants = [this, row = kind.by_rank](std::size_t m, std::string_view, Direction) {
      return row[rank_of(m) - 1];
    };
    path_ = established({.middleboxes = middleboxes, .profile = kind.profile, .grants = grants});
    session_ = joined(*path_);
    for (std::size_t i = 1; i <= middleboxes; ++i) session_->relay(i).handler.act = redact_secrets;
    const Side from = side_from(direction_);
    session_->send(from, "a", "abc", 0, false);
    session_->send(from, "a", "secret", 0, false);
    session_->send(from, "a", "z", 0, true);
    session_->finish(from);
    expect_peace(*session_);
    keys_ = all_keys(*session_);
    for (std::size_t rank = 0; rank <= middleboxes; ++rank) {
      for (const Buffer& frame : session_->chain.seen(hop_at(rank), direction_)) {
        if (frame.front() != static_cast<std::byte>(wire::FrameType::join)) frames_[rank].push_back(frame);
      }
    }
  }
  std::size_t rank_of(std::size_t party) const {
    return session::rank_of(PartyIndex{static_cast<std::uint8_t>(party)}, direction_, middleboxes);
  }
  std::size_t hop_at(std::size_t rank) const { return direction_ == Direction::c2s ? rank : middleboxes - rank; }
  /// What went from the party of that rank to the next.
  const std::vector<Buffer>& frames(std::size_t rank) const { return frames_[rank]; }
  const session::Segment& segment(std::size_t rank) const {
    return *keys_.front().plan().segment_on_hop(ContextId{1}, direction_, rank);
  }
  bool opens(std::size_t rank) const {
    const session::Segment& one = segment(rank - 1);
    const PartyIndex party = session::party_at(rank, direction_, middleboxes);
    return one.sink == party || std::ranges::find(one.readers, party) != one.readers.end();
  }
  /// The party of that rank, as it was when the first `count` frames had come to it.
  Replica after(std::size_t rank, std::size_t count) const {
    Replica one{keys_[raw(session::party_at(rank, direction_, middleboxes))], profile_, redact_secrets};
    for (std::size_t i = 0; i < count; ++i) one.feed(from(), frames_[rank - 1][i]);
    EXPECT_FALSE(one.error);
    one.said[slot(opposite(from()))].clear();
    return one;
  }
  Side from() const { return side_from(direction_); }

 private:
  const session::ProfileTraits& profile_;
  Direction direction_;
  std::unique_ptr<sim::Path> path_;
  std::unique_ptr<sim::Path::Session> session_;
  std::vector<session::KeySource> keys_;
  std::array<std::vector<Buffer>, middleboxes + 1> frames_;
};

/// Who noticed, and why; nobody if the frame became one that waits for more.
struct Outcome {
  std::size_t rank = 0;
  std::optional<Error> error;
};

/// Sends the flipped frame, and all that comes behind it, to the next party, and what that passes on to the one behind.
Outcome send_flipped(const Recorded& recorded, std::size_t rank, std::size_t index, const Buffer& flipped) {
  std::vector<Buffer> input{flipped};
  input.insert(input.end(), recorded.frames(rank).begin() + static_cast<std::ptrdiff_t>(index) + 1,
               recorded.frames(rank).end());
  for (std::size_t at = rank + 1; at <= middleboxes + 1; ++at) {
    Replica party = recorded.after(at, index);
    const std::size_t shown = party.handler.notes.seen.size();
    party.feed(recorded.from(), input);
    EXPECT_EQ(party.handler.notes.seen.size(), shown)
        << "party of rank " << at << " was shown something of the record, or behind it";
    if (party.error) return {at, party.error};
    input = {party.said[slot(opposite(recorded.from()))]};
    if (input.front().empty()) return {at, std::nullopt};
  }
  return {0, Error{Fault::internal_error, "nobody noticed"}};
}

enum class Field { header, exchange, ciphertext, redactor, tags };

Field field_of(const Buffer& frame, std::size_t octet, const session::Segment& segment) {
  if (octet < wire::header_octets) return Field::header;
  if (octet < wire::record_header_octets) return Field::exchange;
  if (frame.front() == static_cast<std::byte>(wire::FrameType::redacted))
    return octet == wire::record_header_octets ? Field::redactor : Field::tags;
  return octet < frame.size() - (segment.data_overhead() - wire::exchange_octets) ? Field::ciphertext : Field::tags;
}

bool is_one_of(Fault fault, std::initializer_list<Fault> faults) {
  return std::ranges::find(faults, fault) != faults.end();
}

/// "header or tags: next party bad_hop; ciphertext: first party that opens bad_record". A header can also be wrong by
/// itself.
bool as_it_must_end(const Recorded& recorded, std::size_t rank, Field field, const Outcome& outcome) {
  const std::size_t next = rank + 1;
  const auto noticed = [&](std::size_t by, std::initializer_list<Fault> faults) {
    return outcome.error && outcome.rank == by && is_one_of(outcome.error->fault, faults);
  };
  switch (field) {
    case Field::header: {
      if (!outcome.error) return outcome.rank == next;  // a longer length: the rest is waited for
      const Alert alert = alert_for(outcome.error->fault);
      return outcome.rank == next && (alert == Alert::bad_frame || alert == Alert::bad_record ||
                                      alert == Alert::bad_hop || alert == Alert::limit_exceeded);
    }
    case Field::exchange:
    case Field::tags:
      return noticed(next, {Fault::hop_tag});
    case Field::redactor:
      return noticed(next, {Fault::hop_tag, Fault::record_redactor, Fault::record_length});
    case Field::ciphertext: {
      std::size_t first = next;
      while (!recorded.opens(first)) ++first;
      return noticed(first, {recorded.segment(rank).has_verifiers() ? Fault::verify_tag : Fault::aead_tag});
    }
  }
  return false;
}

class EveryBit : public testing::TestWithParam<Kind> {};

// RC-01
TEST_P(EveryBit, of_every_frame_on_each_hop_is_missed_by_the_next_party_or_the_first_that_opens) {
  const Recorded recorded{GetParam()};
  for (std::size_t rank = 0; rank <= middleboxes; ++rank) {
    for (std::size_t index = 0; index < recorded.frames(rank).size(); ++index) {
      const Buffer& frame = recorded.frames(rank)[index];
      for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
        Buffer flipped = frame;
        flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        const Outcome outcome = send_flipped(recorded, rank, index, flipped);
        ASSERT_FALSE(HasFailure()) << "hop " << rank << ", frame " << index << ", bit " << bit;
        ASSERT_TRUE(as_it_must_end(recorded, rank, field_of(frame, bit / 8, recorded.segment(rank)), outcome))
            << "hop " << rank << ", frame " << index << ", bit " << bit << ": noticed by rank " << outcome.rank << ", "
            << (outcome.error ? describe(*outcome.error) : "no error");
      }
    }
  }
}

const Kind kinds[] = {
    {"none_none", {Grant::none, Grant::none}},
    {"read_none", {Grant::read, Grant::none}},
    {"none_inspect", {Grant::none, Grant::inspect}},
    {"redact_read", {Grant::redact, Grant::read}},
    {"write_read", {Grant::write, Grant::read}},
    {"none_none_padded", {Grant::none, Grant::none}, &padded_traits},
    {"redact_inspect_down", {Grant::redact, Grant::inspect}, &down_traits},
};
INSTANTIATE_TEST_SUITE_P(P4Integrity, EveryBit, testing::ValuesIn(kinds),
                         [](const auto& one) { return std::string{one.param.name}; });

}  // namespace
}  // namespace louver::rogue::every_bit

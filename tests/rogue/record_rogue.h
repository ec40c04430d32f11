#pragma once

#include "sim/path.h"

/// Parties that hold their true keys and break the rules of records (docs/protocol.md §6) with them.
namespace louver::rogue {

/// What a party can make with the keys that it truly holds in one session: frames within the rules and beyond.
///
/// Where it lacks a key, the tag is zero. Lending is handing out a reference.
class Forge {
 public:
  explicit Forge(const session::KeySource& keys) : keys_(keys) {}

  const session::KeySource& keys() const { return keys_; }
  PartyIndex self() const { return keys_.self(); }
  bool holds(const wire::ItemName& item) const { return keys_.secret(item).has_value(); }
  /// The stretch that frames of this context belong to when this party sends them, or gets them.
  const session::Segment& sent(ContextId context, Direction direction) const {
    return segment(context, direction, rank(direction));
  }
  const session::Segment& received(ContextId context, Direction direction) const {
    return segment(context, direction, rank(direction) - 1);
  }

  struct Record {
    Exchange exchange{};
    std::uint64_t seq = 0;
    std::uint8_t flags = 0;
    std::string_view plaintext{};  // padding included, whatever it looks like
  };
  /// A DATA frame of the segment; its hop tag is zero.
  Buffer data(const session::Segment& segment, const Record& record) const;
  /// A REDACTED frame that names `redactor`; its hop tag is zero.
  Buffer tombstone(const session::Segment& segment, PartyIndex redactor, Exchange exchange, std::uint64_t seq,
                   std::uint32_t original_length) const;

  /// The plaintext, unchecked. Empty without the read key.
  std::string peek(const session::Segment& segment, Bytes frame, std::uint64_t seq) const;
  /// Another plaintext (its first octets) under the same sequence, with an AEAD tag of its own; every other tag stays.
  void reencrypt(const session::Segment& segment, Buffer& frame, std::uint64_t seq, std::string_view plaintext) const;
  /// Another ciphertext that has the *same* AEAD tag: easy for whoever knows the key. At least 48 octets of plaintext.
  void collide(const session::Segment& segment, Buffer& frame, std::uint64_t seq) const;
  /// Fills this party's witness slot.
  void bear_witness(const session::Segment& segment, Buffer& frame, std::uint64_t seq) const;
  /// The hop tag of the hop on which this party sends in that direction.
  void stamp(Buffer& frame, Direction direction, std::uint64_t hop_seq) const;

 private:
  std::size_t rank(Direction direction) const {
    return session::rank_of(self(), direction, keys_.plan().middleboxes());
  }
  const session::Segment& segment(ContextId context, Direction direction, std::size_t hop) const;
  std::optional<crypto::Tag> tag(const wire::ItemName& item, std::uint64_t seq,
                                 std::initializer_list<Bytes> covered) const;
  std::optional<session::EpochKey> read_key(const session::Segment& segment, crypto::Aead::Use use) const;

  session::KeySource keys_;
};

/// The frame as its segment's layout has it; throws where it has none.
session::DataView data_view(const session::Segment& segment, Buffer& frame);

/// A frame as it comes to a rogue.
struct Arrival {
  Direction direction{};
  Buffer frame;
  wire::FrameHeader header;
  const session::Segment* segment = nullptr;  // on the hop on which it came; null for frames that are no records
  std::uint64_t seq = 0;                      // in its flow, as an honest receiver counts
  std::size_t index = 0;                      // among all records of its direction

  ContextId context() const { return ContextId{header.id}; }
  bool eom() const { return (header.flags & wire::flag::eom) != 0; }
  bool fin() const { return (header.flags & wire::flag::fin) != 0; }
  Exchange exchange() const { return wire::read_exchange(Bytes{frame}.subspan(wire::header_octets)); }
};

/// A middlebox with its true keys and no scruples: takes the JOIN as an honest one does, checks nothing afterwards, and
/// does with each record what the script says.
class RogueRelay final : public sim::Node {
 public:
  using Script = std::function<void(RogueRelay& self, Arrival arrival)>;

  explicit RogueRelay(session::AssociationTable& table, Script script = &RogueRelay::pass_on)
      : script_(std::move(script)), table_(table) {}
  Result<std::size_t> receive(Side from, MutableBytes input, Now now, Outputs& out) override;

  const Forge& forge() const { return *forge_; }
  bool joined() const { return forge_.has_value(); }
  /// Lets a record go on as an honest middlebox with its grant would: a writer seals it anew, a witness bears witness.
  void pass(Arrival arrival);
  static void pass_on(RogueRelay& self, Arrival arrival) { self.pass(std::move(arrival)); }
  /// Puts a frame on the hop behind, with the hop tag that this hop needs next.
  void put(Direction direction, Buffer frame);
  /// The same without touching it.
  void put_raw(Direction direction, Bytes bytes) { pending_.to(side_to(direction)).append(bytes); }
  /// A record that this party authors, with its next sequence.
  void say(ContextId context, Direction direction, Exchange exchange, std::uint8_t flags, std::string_view plaintext);
  /// The next sequence of the flow that it authors for this context: a script may set it.
  std::uint64_t& next_seq(ContextId context, Direction direction);
  /// Frames that the hop behind has had.
  std::uint64_t& hop_seq(Direction direction) { return hop_seq_[slot(direction)]; }
  /// What it has to say outside of receive(): for Chain::put.
  Outputs& pending() { return pending_; }
  void follow(Script script) { script_ = std::move(script); }

 private:
  Result<std::size_t> take_join(MutableBytes input, Now now);
  void on_frame(Direction direction, const wire::FrameView& frame);

  Script script_;
  session::AssociationTable& table_;
  std::optional<Forge> forge_;
  std::shared_ptr<session::AssociationRecord> record_;
  Outputs pending_;
  std::array<std::uint64_t, 2> hop_seq_{};
  std::array<std::size_t, 2> arrived_{};
  std::array<std::map<std::size_t, std::uint64_t>, 2> flow_seq_;    // by flow, of what comes
  std::array<std::map<std::size_t, std::uint64_t>, 2> author_seq_;  // by flow, of what it authors
};

/// An end that speaks with its true keys whatever it likes: puts frames onto its hop past the honest engine, which must
/// be silent from then on. Counts hop and flows from where the honest engine stopped: from nothing, unless told.
class RogueEnd {
 public:
  RogueEnd(sim::Chain& chain, const session::KeySource& keys) : chain_(chain), forge_(keys) {}
  const Forge& forge() const { return forge_; }
  Direction direction() const { return forge_.self() == PartyIndex{0} ? Direction::c2s : Direction::s2c; }
  /// Puts a frame on the hop with its next hop tag.
  void put(Buffer frame);
  /// A record of its own, sealed with its next sequence.
  void say(ContextId context, Exchange exchange, std::uint8_t flags, std::string_view plaintext);
  const session::Segment& segment(ContextId context) const { return forge_.sent(context, direction()); }
  std::uint64_t& next_seq(ContextId context) { return seq_[segment(context).flow]; }
  std::uint64_t hop_seq = 0;

 private:
  sim::Chain& chain_;
  Forge forge_;
  std::map<std::size_t, std::uint64_t> seq_;
};

}  // namespace louver::rogue

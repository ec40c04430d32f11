#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "rogue/agreement_parties.h"
#include "sim/path.h"

namespace louver::rogue {

/// Contexts of these tests: few, so that a Hello is short; `both` has both directions.
inline const session::ContextTraits duplex_contexts[] = {{"both", 3}};
inline const session::ProfileTraits duplex_traits{"duplex/test", false, false, duplex_contexts};
inline const session::ContextTraits pair_contexts[] = {{"first", 3}, {"second", 3}};
inline const session::ProfileTraits pair_traits{"pair/test", false, false, pair_contexts};

/// "read" on everything: what most attacks start from.
session::Grant all_read(std::size_t, std::string_view, Direction);

/// Who plays whom in an association that is attacked. Whoever has neither a twist nor patience is honest.
struct Casting {
  sim::PathSpec spec{};
  std::map<std::size_t, Twist> twists{};
  std::set<std::size_t> patient{};  // rogues that never end by their own deadline, so that an honest party must notice
  /// Other certificates than those that belong to the party's name.
  std::map<std::size_t, std::shared_ptr<const tls::Identity>> identities{};
  std::function<void(session::ClientOffer&)> offer{};
  std::function<void(session::EndpointChannels&)> client_channels{};
  std::function<void(session::ServerAssociation::Options&, session::EndpointChannels&)> server_setup{};
  std::function<void(std::size_t, session::MiddleboxAssociation::Options&)> middlebox_setup{};
  session::EndpointPolicy* client_policy = nullptr;
  session::ServerPolicy* server_policy = nullptr;
  std::map<std::size_t, session::MiddleboxPolicy*> middlebox_policies{};
};

/// A path with `middleboxes` in it, every message between parties logged, one context with both directions, 1 ms for
/// each hop.
Casting cast(std::size_t middleboxes, Twist client = {}, Twist server = {});

class Stage {
 public:
  explicit Stage(Casting casting);

 private:
  Casting casting_;

 public:
  std::vector<Said> said;
  sim::Path path;

  std::size_t server() const { return path.spec.middleboxes + 1; }
  std::size_t parties() const { return path.spec.middleboxes + 2; }
  sim::Chain& chain() { return path.association(); }
  bool is_honest(std::size_t party) const {
    return !casting_.twists.contains(party) && !casting_.patient.contains(party);
  }
  std::size_t count(std::size_t party, wire::MessageType type) const;
  bool nobody_said(wire::MessageType type) const;

  /// Lets the client begin, without moving anything yet.
  void start();
  /// Begins and moves on until nothing is under way, deadlines not reached.
  bool run() { return path.establish(); }
  /// Begins and lets so much time pass, deadlines included.
  void run_for(Duration time);
  /// Once `endpoint` has said its Keys, it hears nothing more of what Mi tells it: a rogue that sees its own lie come
  /// back would give up, and hide whether the honest parties notice.
  void deafen(std::size_t endpoint, std::size_t middlebox);

  bool complete(std::size_t party);
  /// Complete, and nobody has ended it since: sessions could join.
  bool stands(std::size_t party);
  std::optional<Fault> fault(std::size_t party);
  std::string why(std::size_t party);
  /// Frames of that type that crossed any hop.
  std::size_t frames(wire::FrameType type);
  sim::Path::Session& join();  // of an association that stands at the client

 private:
  sim::PathSpec prepared();
  Script script(std::size_t party) { return {party, casting_.twists[party], &said}; }
  Duration deadline(std::size_t party) const;
  std::unique_ptr<sim::Path::Session> session_;
};

/// The end that every attack on the agreement must have: `who` found it by itself as `fault` (one of `faults`); no
/// honest party is complete or takes a session; both honest ends know; no octet of data, no JOIN and no Go of an honest
/// party is on any hop.
void expect_noticed(Stage& stage, std::size_t who, std::set<Fault> faults);
inline void expect_noticed(Stage& stage, std::size_t who, Fault fault) { expect_noticed(stage, who, std::set{fault}); }
/// The weaker form, where one end may have finished its part before the other found out: `who` found it; nobody stands.
void expect_ended(Stage& stage, std::size_t who, std::set<Fault> faults);
/// Nothing stands at any honest party, nothing can be joined, no data has moved.
void expect_nothing_stands(Stage& stage);
/// Nobody objects and every party is complete.
void expect_agreed(Stage& stage);

/// A frame of a CHANNEL: which one it is.
struct ChannelName {
  std::uint8_t id;
  std::uint8_t flags;
  bool operator==(const ChannelName&) const = default;
};
std::optional<ChannelName> channel_of(Bytes frame);
wire::FrameType type_of(Bytes frame);
/// A tamper that drops what `condition` says.
sim::Tamper dropping(std::function<bool(Bytes frame)> condition);

}  // namespace louver::rogue

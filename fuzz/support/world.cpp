#include "support/world.h"

#include <map>

#include "support/require.h"

namespace louver::fuzz {
namespace {

/// Looks arbitrary, and is the same in every run.
session::Grant grant_of(std::uint8_t mix, std::size_t middlebox, std::string_view context, Direction direction) {
  if (mix <= raw(session::Grant::write)) return static_cast<session::Grant>(mix);
  std::size_t sum = mix * std::size_t{31} + middlebox * 17 + slot(direction) * 5;
  for (char c : context) sum = sum * 7 + static_cast<unsigned char>(c);
  return static_cast<session::Grant>((sum >> 3) % 5);
}

}  // namespace

void CountingRandom::fill(MutableBytes out) {
  for (std::size_t at = 0; at < out.size(); at += 8) {
    const std::uint64_t value = ++next_ * 0x9E3779B97F4A7C15U;
    for (std::size_t i = at; i < std::min(at + 8, out.size()); ++i)
      out[i] = static_cast<std::byte>(value >> (8 * (i - at)));
  }
}

Choice choose(Script& script) {
  Choice out;
  out.middleboxes = script.octet() & 3;
  out.exchanges = (script.octet() & 1) != 0;
  out.grants = script.octet() & 15;
  return out;
}

void write(ScriptWriter& to, const Choice& choice) {
  to.octet(choice.middleboxes).octet(choice.exchanges ? 1 : 0).octet(choice.grants);
}

AssociationWorld::AssociationWorld(const Choice& choice) {
  for (std::size_t i = 0; i < choice.middleboxes + 2U; ++i) {
    random_.push_back(std::make_unique<CountingRandom>(static_cast<std::uint8_t>(i)));
  }
  sim::PathSpec spec;
  spec.middleboxes = choice.middleboxes;
  spec.profile = choice.exchanges ? &sim::exchange_traits : &sim::stream_traits;
  spec.max_record = limits::max_record_least;
  spec.grants = [mix = choice.grants](std::size_t m, std::string_view context, Direction d) {
    return grant_of(mix, m, context, d);
  };
  spec.client_engine = [this](const session::ClientOffer& offer, session::EndpointChannels channels,
                              session::EndpointPolicy& policy,
                              RandomSource&) -> std::unique_ptr<session::EndpointAssociation> {
    auto made = session::ClientAssociation::make(offer, std::move(channels), policy, *random_.front(),
                                                 limits::handshake_deadline);
    require(made.has_value(), "the honest offer is a good one");
    return *std::move(made);
  };
  spec.middlebox_engine = [this](std::size_t i, session::MiddleboxAssociation::Options options,
                                 session::MiddleboxPolicy& policy, RandomSource&) {
    return std::make_unique<session::MiddleboxAssociation>(std::move(options), policy, *random_[i]);
  };
  spec.server_engine = [this](session::ServerAssociation::Options options, session::EndpointChannels channels,
                              session::ServerPolicy& policy, RandomSource&) {
    return std::make_unique<session::ServerAssociation>(std::move(options), std::move(channels), policy,
                                                        *random_.back());
  };
  path_ = std::make_unique<sim::Path>(std::move(spec));
}

SessionWorld::SessionWorld(const Choice& choice) : association(choice) {
  require(path().establish(), "honest parties agree");
  session = path().join();
  session->start();
  session->run();
  require(!session->anyone_failed(), "an honest session begins");
  keys.push_back(*session->client().keys);
  for (std::size_t i = 1; i <= choice.middleboxes; ++i) keys.push_back(*session->relay(i).keys);
  keys.push_back(*session->server().keys);
}

SessionWorld& SessionWorld::of(const Choice& choice) {
  static std::map<Choice, std::unique_ptr<SessionWorld>> worlds;
  auto& slot = worlds[choice];
  if (slot == nullptr) slot = std::make_unique<SessionWorld>(choice);
  return *slot;
}

}  // namespace louver::fuzz

#pragma once

// For tests only: one association as each of its parties would record it, without the channels that agree on it.

#include <cstdlib>
#include <memory>

#include "crypto/hash.h"
#include "session/association_record.h"
#include "session/items.h"

namespace louver::session::test {

/// A path of stream/1 with one middlebox that may read what goes up. Every item's secret is 32 octets that its name
/// decides, so that the records of all parties fit together.
class TestAssociation {
 public:
  explicit TestAssociation(WallTime expires = WallTime::max()) : expires_(expires) {
    hello_.versions.items = {wire::version_1};
    hello_.route.items = {{name("m1.example"), 4431}, {name("server.example"), 4433}};
    hello_.contexts.items = {{1, 1, name("upstream")}, {2, 2, name("downstream")}};
    hello_.grants = grants_;
    hello_.suites.items = {0x1301};
    hash_ = hash_of_hello(wire::encode(hello_));
  }

  /// As party 0 (client), 1 or 2 (server) has it; open.
  std::shared_ptr<AssociationRecord> record(std::uint8_t party) const {
    wire::Accept accept;
    accept.hello_hash = hash_;
    accept.version = wire::version_1;
    accept.suite = 0x1301;
    accept.grants = grants_;
    auto terms = agree_on_terms(hello_, hash_, accept);
    if (!terms) std::abort();
    PathPlan plan{*terms};
    const auto items = items_of(*terms, plan);
    if (!items) std::abort();
    SecretTable secrets;
    for (const Item& item : *items) {
      if (item.held_by(PartyIndex{party})) secrets.add(item.name, secret_of(item.name));
    }
    auto made = std::make_shared<AssociationRecord>(Agreement{*std::move(terms),
                                                              std::move(plan),
                                                              PartyIndex{party},
                                                              hash_,
                                                              association_id(hash_),
                                                              {},
                                                              expires_,
                                                              std::move(secrets)});
    made->open();
    return made;
  }

  static ItemSecret secret_of(const wire::ItemName& name) {
    return ItemSecret{Bytes{crypto::sha256({octets_of(name)})}};
  }

 private:
  static wire::Opaque<1, 255> name(std::string_view text) { return wire::Opaque<1, 255>{text}; }

  const wire::Opaque<0, 65535> grants_{std::string_view{"\x01\x00", 2}};
  wire::Hello hello_;
  wire::Hash hash_{};
  WallTime expires_;
};

inline constexpr auto no_keys = [](const KeySource&) -> Result<> { return {}; };

}  // namespace louver::session::test

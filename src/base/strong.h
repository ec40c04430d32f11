#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace louver {

/// 0 stands for "no context" (control, FIN order); 1..254 are the application's. docs/protocol.md §1
enum class ContextId : std::uint8_t {};
/// Place on the path: 0 client, 1..N middleboxes in order, N+1 server. docs/protocol.md §1
enum class PartyIndex : std::uint8_t {};
/// Number of a request and its answers, from 1; 0 for profiles without exchanges. docs/protocol.md §6
enum class Exchange : std::uint32_t {};
/// Number of a session in its association, from 1. docs/protocol.md §7
enum class SessionNumber : std::uint64_t {};
/// The way the data goes.
enum class Direction : std::uint8_t { c2s = 0, s2c = 1 };
/// The neighbour towards that end.
enum class Side : std::uint8_t { client = 0, server = 1 };

/// The integer behind a strong type.
template <class E>
constexpr std::underlying_type_t<E> raw(E value) {
  return static_cast<std::underlying_type_t<E>>(value);
}

constexpr Direction opposite(Direction d) { return d == Direction::c2s ? Direction::s2c : Direction::c2s; }
constexpr Side opposite(Side s) { return s == Side::client ? Side::server : Side::client; }
/// The side that data of this direction comes from, and the one it goes to.
constexpr Side side_from(Direction d) { return d == Direction::c2s ? Side::client : Side::server; }
constexpr Side side_to(Direction d) { return opposite(side_from(d)); }
constexpr Direction direction_from(Side s) { return s == Side::client ? Direction::c2s : Direction::s2c; }

inline constexpr Direction both_directions[] = {Direction::c2s, Direction::s2c};
constexpr std::size_t slot(Direction d) { return static_cast<std::size_t>(d); }
constexpr std::size_t slot(Side s) { return static_cast<std::size_t>(s); }

constexpr const char* name_of(Direction d) { return d == Direction::c2s ? "c2s" : "s2c"; }
constexpr const char* name_of(Side s) { return s == Side::client ? "client" : "server"; }

}  // namespace louver

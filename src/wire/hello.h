#pragma once

#include <optional>

#include "base/limits.h"
#include "wire/codec.h"

namespace louver::wire {

inline constexpr std::uint16_t version_1 = 0x0001;

/// struct { uint16 type; opaque data<0..2^16-1>; } Extension;
struct Extension {
  std::uint16_t type = 0;
  Opaque<0, 65535> data;
  static constexpr auto fields = std::tuple{field("type", &Extension::type), field("data", &Extension::data)};
  bool operator==(const Extension&) const = default;
};
using Extensions = Vector<Extension, 0, 65535>;

namespace extension {
inline constexpr std::uint16_t audit = 1;         // context ids, ascending
inline constexpr std::uint16_t max_record = 2;    // uint32
inline constexpr std::uint16_t profile = 3;       // ASCII
inline constexpr std::uint16_t join_address = 4;  // Party
}  // namespace extension

/// struct { opaque name<1..255>; uint16 port; } Party;
struct Party {
  Opaque<1, 255> name;
  std::uint16_t port = 0;
  static constexpr auto fields = std::tuple{field("name", &Party::name), field("port", &Party::port)};
  bool operator==(const Party&) const = default;
};

/// struct { uint8 id; uint8 directions; opaque name<1..255>; } Context;
struct Context {
  std::uint8_t id = 0;
  std::uint8_t directions = 0;  // bit 0 c2s, bit 1 s2c
  Opaque<1, 255> name;
  static constexpr auto fields =
      std::tuple{field("id", &Context::id), field("directions", &Context::directions), field("name", &Context::name)};
  bool operator==(const Context&) const = default;
};

/// docs/protocol.md §3
struct Hello {
  Vector<std::uint16_t, 2, 32> versions;
  Hash random{};
  Vector<Party, 4, 65535> route;  // M1..MN, then the server
  Vector<Context, 4, 65535> contexts;
  Opaque<0, 65535> grants;  // middlebox by middlebox, contexts in order: low nibble c2s, high nibble s2c
  Vector<std::uint16_t, 2, 64> suites;
  Extensions extensions;
  static constexpr auto fields = std::tuple{field("versions", &Hello::versions),    field("random", &Hello::random),
                                            field("route", &Hello::route),          field("contexts", &Hello::contexts),
                                            field("grants", &Hello::grants),        field("suites", &Hello::suites),
                                            field("extensions", &Hello::extensions)};
  bool operator==(const Hello&) const = default;

  std::size_t middleboxes() const { return route.items.size() - 1; }
};

/// Decodes a Hello body and checks everything that §3 says of a Hello alone: names, ids, directions, grants,
/// extensions.
/// @fault bad_frame's faults, limit_exceeded (64 KiB, more than 250 middleboxes), unsupported_version
Result<Hello> decode_hello(Bytes body);

/// The extensions of version 1, read. A type twice or malformed data is bad_value; unknown types are left alone.
struct KnownExtensions {
  std::optional<std::vector<std::uint8_t>> audit;
  std::optional<std::uint32_t> max_record;
  std::optional<std::string> profile;
};
Result<KnownExtensions> read_extensions(const Extensions& extensions);
Extensions write_extensions(const KnownExtensions& known);

/// ASCII, lower case, no wildcard: a DNS name (LDH labels) or a SPIFFE id; at most 255 octets.
bool is_party_name(std::string_view name);

}  // namespace louver::wire

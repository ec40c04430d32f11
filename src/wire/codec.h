#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

/// Structures in the TLS presentation language (RFC 8446 section 3), each declared once by its `fields`:
/// reader, writer, sizer and printer come from the declaration. Numbers are in network order.
namespace louver::wire {

/// `opaque name<Min..Max>`
template <std::size_t Min, std::size_t Max>
struct Opaque {
  Buffer bytes;
  Opaque() = default;
  explicit Opaque(Bytes from) : bytes(to_buffer(from)) {}
  explicit Opaque(std::string_view from) : bytes(to_buffer(from)) {}
  std::string text() const { return std::string{as_text(bytes)}; }
  bool operator==(const Opaque&) const = default;
};

/// `T name<Min..Max>`, the bounds in octets.
template <class T, std::size_t Min, std::size_t Max>
struct Vector {
  std::vector<T> items;
  bool operator==(const Vector&) const = default;
};

struct PartKind;  // a secret in Keys: whole, or a half

/// `opaque name<Min..Max>` that holds a secret: wiped when it goes, printed as its size.
template <std::size_t Min, std::size_t Max>
struct SecretOpaque {
  static_assert(Max <= Secret<PartKind>::capacity);
  Secret<PartKind> secret;
};

using Hash = std::array<std::byte, 32>;

template <class S, class M>
struct Field {
  const char* name;
  M S::*member;
};
template <class S, class M>
constexpr Field<S, M> field(const char* name, M S::*member) {
  return {name, member};
}

template <class T>
concept Described = requires {
  T::fields;
};

/// A cursor that stops at the first fault and keeps it.
class Reader {
 public:
  explicit Reader(Bytes input) : rest_(input) {}

  bool fail(Fault fault, std::string detail = {}) {
    if (!error_) error_ = Error{fault, std::move(detail)};
    return false;
  }
  bool take(std::size_t count, Bytes& out) {
    if (error_) return false;
    if (count > rest_.size()) return fail(Fault::input_too_short);
    out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return true;
  }
  template <std::size_t Octets>
  bool number(std::uint64_t& out) {
    Bytes octets;
    if (!take(Octets, octets)) return false;
    out = 0;
    for (std::byte b : octets) out = out << 8 | std::to_integer<std::uint64_t>(b);
    return true;
  }
  Bytes rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }
  Result<> finish() {
    if (!error_ && !rest_.empty())
      fail(Fault::trailing_bytes, std::to_string(rest_.size()) + " octets behind the last field");
    if (error_) return *error_;
    return {};
  }

 private:
  Bytes rest_;
  std::optional<Error> error_;
};

namespace detail {
constexpr std::size_t prefix_octets(std::size_t max) { return max < 0x100 ? 1 : max < 0x10000 ? 2 : 3; }
template <class T>
concept Number = std::unsigned_integral<T> || std::is_enum_v<T>;

inline void put_number(Buffer& out, std::uint64_t value, std::size_t octets) {
  for (std::size_t i = octets; i-- > 0;) out.push_back(static_cast<std::byte>(value >> (8 * i)));
}
template <std::size_t Min, std::size_t Max>
bool read_prefixed(Reader& in, Bytes& out) {
  std::uint64_t length = 0;
  if (!in.template number<prefix_octets(Max)>(length)) return false;
  if (length < Min || length > Max) return in.fail(Fault::length_out_of_bounds, std::to_string(length) + " octets");
  return in.take(length, out);
}
}  // namespace detail

// --- reading -----------------------------------------------------------------------------------------------------

template <detail::Number T>
bool read(Reader& in, T& out) {
  std::uint64_t value = 0;
  if (!in.template number<sizeof(T)>(value)) return false;
  out = static_cast<T>(value);
  return true;
}
template <std::size_t N>
bool read(Reader& in, std::array<std::byte, N>& out) {
  Bytes octets;
  if (!in.take(N, octets)) return false;
  std::ranges::copy(octets, out.begin());
  return true;
}
template <std::size_t Min, std::size_t Max>
bool read(Reader& in, Opaque<Min, Max>& out) {
  Bytes octets;
  if (!detail::read_prefixed<Min, Max>(in, octets)) return false;
  out.bytes = to_buffer(octets);
  return true;
}
template <std::size_t Min, std::size_t Max>
bool read(Reader& in, SecretOpaque<Min, Max>& out) {
  Bytes octets;
  if (!detail::read_prefixed<Min, Max>(in, octets)) return false;
  out.secret = Secret<PartKind>{octets};
  return true;
}
template <Described T>
bool read(Reader& in, T& out);
template <class T, std::size_t Min, std::size_t Max>
bool read(Reader& in, Vector<T, Min, Max>& out) {
  Bytes octets;
  if (!detail::read_prefixed<Min, Max>(in, octets)) return false;
  Reader items{octets};
  while (!items.at_end()) {
    T item{};
    if (!read(items, item)) return in.fail(items.finish().error().fault, items.finish().error().detail);
    out.items.push_back(std::move(item));
  }
  return true;
}
template <Described T>
bool read(Reader& in, T& out) {
  return std::apply([&](auto... f) { return (read(in, out.*(f.member)) && ...); }, T::fields);
}

/// Reads exactly one T: refuses an octet too few, an octet too many, a length outside its bounds (all bad_frame).
template <Described T>
Result<T> decode(Bytes input) {
  Reader in{input};
  T out{};
  read(in, out);
  LOUVER_TRY(in.finish());
  return out;
}

// --- writing: what was built within its bounds ------------------------------------------------------------------

template <detail::Number T>
void write(Buffer& out, T value) {
  detail::put_number(out, static_cast<std::uint64_t>(value), sizeof(T));
}
template <std::size_t N>
void write(Buffer& out, const std::array<std::byte, N>& value) {
  append(out, Bytes{value});
}
template <std::size_t Min, std::size_t Max>
void write(Buffer& out, const Opaque<Min, Max>& value) {
  detail::put_number(out, value.bytes.size(), detail::prefix_octets(Max));
  append(out, value.bytes);
}
template <std::size_t Min, std::size_t Max>
void write(Buffer& out, const SecretOpaque<Min, Max>& value) {
  detail::put_number(out, value.secret.size(), detail::prefix_octets(Max));
  append(out, value.secret.expose());
}
template <Described T>
void write(Buffer& out, const T& value);
template <class T, std::size_t Min, std::size_t Max>
void write(Buffer& out, const Vector<T, Min, Max>& value) {
  constexpr std::size_t prefix = detail::prefix_octets(Max);
  const std::size_t start = out.size();
  out.resize(start + prefix);
  for (const T& item : value.items) write(out, item);
  const std::size_t length = out.size() - start - prefix;
  for (std::size_t i = 0; i < prefix; ++i) out[start + i] = static_cast<std::byte>(length >> (8 * (prefix - 1 - i)));
}
template <Described T>
void write(Buffer& out, const T& value) {
  std::apply([&](auto... f) { (write(out, value.*(f.member)), ...); }, T::fields);
}
template <Described T>
Buffer encode(const T& value) {
  Buffer out;
  write(out, value);
  return out;
}

// --- printing: for logs of structure and `louver inspect`; secrets show as their size -----------------------------

template <detail::Number T>
void print(std::string& out, T value) {
  out += std::to_string(static_cast<std::uint64_t>(value));
}
template <std::size_t N>
void print(std::string& out, const std::array<std::byte, N>& value) {
  out += to_hex(value);
}
template <std::size_t Min, std::size_t Max>
void print(std::string& out, const Opaque<Min, Max>& value) {
  out += '"' + printable(as_text(value.bytes)) + '"';
}
template <std::size_t Min, std::size_t Max>
void print(std::string& out, const SecretOpaque<Min, Max>& value) {
  out += '<' + std::to_string(value.secret.size()) + " secret octets>";
}
template <Described T>
void print(std::string& out, const T& value);
template <class T, std::size_t Min, std::size_t Max>
void print(std::string& out, const Vector<T, Min, Max>& value) {
  out += '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i != 0) out += ", ";
    print(out, value.items[i]);
  }
  out += ']';
}
template <Described T>
void print(std::string& out, const T& value) {
  out += '{';
  bool first = true;
  const auto one = [&](const char* name, const auto& member) {
    if (!first) out += ", ";
    first = false;
    out += std::string{name} + ": ";
    print(out, member);
  };
  std::apply([&](auto... f) { (one(f.name, value.*(f.member)), ...); }, T::fields);
  out += '}';
}
template <Described T>
std::string to_text(const T& value) {
  std::string out;
  print(out, value);
  return out;
}

}  // namespace louver::wire

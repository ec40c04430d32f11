#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "config/units.h"
#include "config/where.h"

/// The types of the schema: each reads a Value, names itself for messages and documents, and shows a default in TOML.
namespace louver::config {

template <class T>
concept SchemaType = requires(const T& type, const Value& value, const Where& where, const typename T::Out& out) {
  { type.read(value, where) } -> std::same_as<Result<typename T::Out>>;
  { type.word() } -> std::convertible_to<std::string>;
  { type.show(out) } -> std::convertible_to<std::string>;
};

/// A TOML type as it is.
template <class T>
Result<T> read_as(const Value& value, const Where& where, std::string_view what) {
  if (const T* found = value.as<T>()) return *found;
  return where.expected(what, value);
}

struct Boolean {
  using Out = bool;
  Result<bool> read(const Value& value, const Where& where) const {
    return read_as<bool>(value, where, "true or false");
  }
  std::string word() const { return "boolean"; }
  std::string show(bool out) const { return out ? "true" : "false"; }
};

template <std::unsigned_integral T>
struct Integer {
  using Out = T;
  T least = 0;
  T most = std::numeric_limits<T>::max();
  Result<T> read(const Value& value, const Where& where) const {
    const auto* number = value.as<std::int64_t>();
    if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < least ||
        static_cast<std::uint64_t>(*number) > most) {
      return where.expected("an " + word(), value);
    }
    return static_cast<T>(*number);
  }
  std::string word() const { return "integer " + std::to_string(least) + ".." + std::to_string(most); }
  std::string show(T out) const { return std::to_string(out); }
};

/// A share, 0 to 1.
struct Share {
  using Out = double;
  Result<double> read(const Value& value, const Where& where) const {
    const auto* integer = value.as<std::int64_t>();
    const auto* number = value.as<double>();
    const double share = integer ? static_cast<double>(*integer) : number ? *number : std::nan("");
    if (!(share >= 0 && share <= 1)) return where.expected("a number from 0 to 1", value);
    return share;
  }
  std::string word() const { return "number 0..1"; }
  std::string show(double out) const { return fmt::format("{}", out); }
};

struct Duration {
  using Out = std::chrono::milliseconds;
  Out least, most;
  Result<Out> read(const Value& value, const Where& where) const;
  std::string word() const { return "duration " + to_text(least) + ".." + to_text(most); }
  std::string show(Out out) const { return '"' + to_text(out) + '"'; }
};

/// A number of octets: an integer, or a string with a unit.
template <std::unsigned_integral T>
struct Octets {
  using Out = T;
  T least, most;
  Result<T> read(const Value& value, const Where& where) const {
    std::optional<std::uint64_t> octets;
    if (const auto* number = value.as<std::int64_t>(); number && *number >= 0)
      octets = static_cast<std::uint64_t>(*number);
    if (const auto* text = value.as<std::string>()) octets = parse_octets(*text);
    if (!octets || *octets < least || *octets > most)
      return where.expected(word() + " such as 65536 or \"64KiB\"", value);
    return static_cast<T>(*octets);
  }
  std::string word() const { return "octets " + octets_to_text(least) + ".." + octets_to_text(most); }
  std::string show(T out) const { return '"' + octets_to_text(out) + '"'; }
};

/// Text for people; no control characters.
struct Text {
  using Out = std::string;
  std::size_t most;
  Result<std::string> read(const Value& value, const Where& where) const;
  std::string word() const { return "text, 1 to " + std::to_string(most) + " octets"; }
  std::string show(const std::string& out) const { return '"' + out + '"'; }
};

/// A string of one of the forms below; the form's functions are in types.cpp.
struct TextForm {
  using Out = std::string;
  std::string_view name;
  std::string_view expected;
  bool (*accepts)(std::string_view);
  Result<std::string> read(const Value& value, const Where& where) const;
  std::string word() const { return std::string{name}; }
  std::string show(const std::string& out) const { return '"' + out + '"'; }
};

bool is_label(std::string_view text);
bool is_pattern(std::string_view text);
bool is_party(std::string_view text);
bool is_context(std::string_view text);
bool is_field_source(std::string_view text);
bool is_uri_pattern(std::string_view text);
bool is_header_name(std::string_view text);
bool is_header_value(std::string_view text);
bool is_path_prefix(std::string_view text);
bool is_user(std::string_view text);
bool is_web_name(std::string_view text);
bool is_placeholder(std::string_view text);
bool is_fill(std::string_view text);

inline constexpr TextForm label{"label", "1 to 64 letters, digits, '-', '_' or '.'", is_label};
inline constexpr TextForm party_name{
    "name", "a DNS name or SPIFFE id in lower case without wildcard, such as \"m1.example\"", is_party};
inline constexpr TextForm context_name{"context", "the name of a context, such as \"request-body\"", is_context};
inline constexpr TextForm field_source{
    "source", "a place in HTTP messages, such as \"header:x-card\", \"form:card\" or \"json:/payment/card\"",
    is_field_source};
inline constexpr TextForm uri_pattern{
    "URI pattern", "a URI, '*' only as its whole last part, such as \"spiffe://example.org/louver/client/*\"",
    is_uri_pattern};
inline constexpr TextForm header_name{"header name", "the name of a header field, such as \"x-checked\"",
                                      is_header_name};
inline constexpr TextForm pattern{"pattern", "a regular expression of 1 to 4096 octets", is_pattern};
inline constexpr TextForm fill_character{"character", "one printable ASCII character", is_fill};
inline constexpr TextForm path_prefix{"path", "a path that begins with '/', without query", is_path_prefix};

inline constexpr TextForm web_name{"name", "a DNS name without wildcard, such as \"shop.example\", or an IP address",
                                   is_web_name};
inline constexpr TextForm placeholder{"placeholder", "8 to 256 characters of printable ASCII without blanks",
                                      is_placeholder};
inline constexpr TextForm user_name{"user", "the name of a user, such as \"alice\", or his number, such as \"1000\"",
                                    is_user};

/// A file's name; relative ones start from the folder of the configuration file.
struct File {
  using Out = std::string;
  Result<std::string> read(const Value& value, const Where& where) const;
  std::string word() const { return "file"; }
  std::string show(const std::string& out) const { return '"' + out + '"'; }
};

/// A program by its path from the root, and its arguments.
struct Command {
  using Out = std::vector<std::string>;
  static constexpr std::size_t most = 64;
  Result<Out> read(const Value& value, const Where& where) const;
  std::string word() const { return "list of text, the first a path from the root"; }
  std::string show(const Out&) const { return ""; }
};

/// What a process finds in its environment: "NAME=value" each. Messages do not repeat them: they may be credentials.
struct Environment {
  using Out = std::vector<std::string>;
  static constexpr std::size_t most = 64;
  Result<Out> read(const Value& value, const Where& where) const;
  std::string word() const { return "list of NAME=value, at most " + std::to_string(most); }
  std::string show(const Out&) const { return "[]"; }
};

struct Address {
  using Out = Endpoint;
  bool any_port = false;  // 0 too: the system chooses
  bool unix_too = false;  // or a Unix socket, whose path is relative to the folder of the configuration file
  Result<Endpoint> read(const Value& value, const Where& where) const;
  std::string word() const { return unix_too ? "address:port or unix:PATH" : "address:port"; }
  std::string show(const Endpoint& out) const { return '"' + to_text(out) + '"'; }
};

struct IcapAddress {
  using Out = IcapUrl;
  Result<IcapUrl> read(const Value& value, const Where& where) const;
  std::string word() const { return "icap://address:port/service"; }
  std::string show(const IcapUrl& out) const { return '"' + to_text(out) + '"'; }
};

struct HttpHost {
  using Out = Authority;
  Result<Authority> read(const Value& value, const Where& where) const;
  std::string word() const { return "host or host:port"; }
  std::string show(const Authority& out) const { return '"' + to_text(out) + '"'; }
};

template <class E>
struct Named {
  std::string_view name;
  E value;
};

std::string or_list(std::span<const std::string_view> words);

/// One of a few words.
template <class E>
struct Choice {
  using Out = E;
  std::span<const Named<E>> names;
  Result<E> read(const Value& value, const Where& where) const {
    const auto* text = value.as<std::string>();
    for (const Named<E>& candidate : names) {
      if (text && candidate.name == *text) return candidate.value;
    }
    return where.expected(word(), value);
  }
  std::string word() const {
    std::vector<std::string_view> words;
    for (const Named<E>& candidate : names) words.push_back(candidate.name);
    return or_list(words);
  }
  std::string show(E out) const {
    for (const Named<E>& candidate : names) {
      if (candidate.value == out) return '"' + std::string{candidate.name} + '"';
    }
    return "";
  }
};

struct Suite {
  using Out = crypto::SuiteId;
  Result<crypto::SuiteId> read(const Value& value, const Where& where) const;
  std::string word() const;
  std::string show(crypto::SuiteId out) const;
};

/// Table: context -> a grant for both directions, or { c2s = grant, s2c = grant }.
struct GrantTable {
  using Out = Grants;
  Result<Grants> read(const Value& value, const Where& where) const;
  std::string word() const { return "table: context = grant, or context = { c2s = grant, s2c = grant }"; }
  std::string show(const Grants&) const { return "{}"; }
};

/// Table: header field -> value.
struct HeaderTable {
  using Out = std::vector<HeaderField>;
  Result<std::vector<HeaderField>> read(const Value& value, const Where& where) const;
  std::string word() const { return "table: header name = value"; }
  std::string show(const std::vector<HeaderField>&) const { return "{}"; }
};

/// A list without repetitions.
template <SchemaType T>
struct ListOf {
  using Out = std::vector<typename T::Out>;
  T type;
  std::size_t least = 0;
  static constexpr std::size_t most = 1000;

  Result<Out> read(const Value& value, const Where& where) const {
    const auto* array = value.as<Array>();
    if (!array) return where.expected("a list", value);
    if (array->size() < least || array->size() > most) {
      return where.wrong(value.place, "expected a list of " + std::to_string(least) + " to " + std::to_string(most) +
                                          ", found one of " + std::to_string(array->size()));
    }
    Out out;
    for (const Value& item : *array) {
      LOUVER_ASSIGN(typename T::Out read, type.read(item, where));
      if (std::ranges::find(out, read) != out.end())
        return where.wrong(item.place, show_found(item) + " stands there twice");
      out.push_back(std::move(read));
    }
    return out;
  }
  std::string word() const { return "list of " + type.word(); }
  std::string show(const Out& out) const {
    std::string text;
    for (const auto& item : out) text += (text.empty() ? "" : ", ") + type.show(item);
    return "[" + text + "]";
  }
};

/// "all", or a list of contexts.
struct AuditContexts {
  using Out = std::vector<std::string>;
  Result<Out> read(const Value& value, const Where& where) const {
    const auto* text = value.as<std::string>();
    if (text && *text == audit_all) return Out{std::string{audit_all}};
    if (text) return where.expected(word(), value);
    return ListOf<TextForm>{context_name, 1}.read(value, where);
  }
  std::string word() const { return "\"all\" or list of contexts"; }
  std::string show(const Out& out) const { return ListOf<TextForm>{context_name}.show(out); }
};

/// "any", or a list of users.
struct Users {
  using Out = ListenerUsers;
  Result<ListenerUsers> read(const Value& value, const Where& where) const;
  std::string word() const { return "\"any\" or list of users"; }
  std::string show(const ListenerUsers&) const { return ""; }
};

/// Whose connections begin with a PROXY header: addresses and ranges of them, or users.
struct Proxies {
  using Out = ProxySenders;
  Result<ProxySenders> read(const Value& value, const Where& where) const;
  std::string word() const { return "list of address, address/bits or user"; }
  std::string show(const ProxySenders&) const { return ""; }
};

}  // namespace louver::config

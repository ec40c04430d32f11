#include "config/types.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "wire/hello.h"

namespace louver::config {
namespace {

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

template <class T>
Result<T> parsed(const Value& value, const Where& where, std::optional<T> (*parse)(std::string_view),
                 std::string_view expected) {
  const auto* text = value.as<std::string>();
  if (auto out = text ? parse(*text) : std::nullopt) return *std::move(out);
  return where.expected(expected, value);
}

Result<session::Grant> read_grant(const Value& value, const Where& where) {
  const auto* text = value.as<std::string>();
  if (const auto grant = text ? session::parse_grant(*text) : std::nullopt) return *grant;
  return where.expected(or_list(session::grant_names), value);
}

/// The two forms of one context's grants.
Result<ContextGrants> read_context_grants(const Entry& entry, const Where& where) {
  ContextGrants out{entry.key};
  const auto* directions = entry.value.as<Table>();
  if (!directions) {
    if (!entry.value.as<std::string>()) return where.expected("a grant or { c2s = grant, s2c = grant }", entry.value);
    LOUVER_ASSIGN(out.c2s, read_grant(entry.value, where));
    out.s2c = out.c2s;
    return out;
  }
  for (const Entry& direction : *directions) {
    const bool is_c2s = direction.key == "c2s";
    if (!is_c2s && direction.key != "s2c") {
      return where.wrong(direction.place, in_quotes(direction.key) + " is no direction: c2s and s2c are there");
    }
    LOUVER_ASSIGN((is_c2s ? out.c2s : out.s2c), read_grant(direction.value, where.inside(direction.key)));
  }
  return out;
}

}  // namespace

Result<Duration::Out> Duration::read(const Value& value, const Where& where) const {
  const auto* text = value.as<std::string>();
  const auto duration = text ? parse_duration(*text) : std::nullopt;
  if (!duration || *duration < least || *duration > most) {
    return where.expected("a " + word() + " such as \"250ms\", \"10s\", \"5m\" or \"1h\"", value);
  }
  return *duration;
}

Result<std::string> Text::read(const Value& value, const Where& where) const {
  const auto* text = value.as<std::string>();
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (!text || text->empty() || text->size() > most || std::ranges::any_of(*text, is_control)) {
    return where.expected(word() + " without control characters", value);
  }
  return *text;
}

Result<std::string> TextForm::read(const Value& value, const Where& where) const {
  const auto* text = value.as<std::string>();
  if (!text || !accepts(*text)) return where.expected(expected, value);
  return *text;
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_placeholder(std::string_view text) {
  return text.size() >= 8 && text.size() <= 256 && std::ranges::all_of(text, is_visible);
}

bool is_fill(std::string_view text) { return text.size() == 1 && text[0] >= ' ' && text[0] <= '~'; }

bool is_pattern(std::string_view text) {
  return !text.empty() && text.size() <= 4096 && text.find('\0') == std::string_view::npos;
}

bool is_party(std::string_view text) { return wire::is_party_name(text); }

bool is_context(std::string_view text) {  // docs/protocol.md §3
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, is_visible);
}

/// The profile reads the rest.
bool is_field_source(std::string_view text) {
  const auto is_of = [&](std::string_view kind) { return text.starts_with(kind) && text.size() > kind.size(); };
  return is_context(text) && (is_of("header:") || is_of("form:") || is_of("json:/"));
}

bool is_uri_pattern(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == 0 || scheme == std::string_view::npos || text.size() > 255) return false;
  const std::string_view rest = text.substr(scheme + 3);
  const std::size_t star = rest.find('*');
  const bool star_is_last_part =
      star == std::string_view::npos || (star + 1 == rest.size() && rest.ends_with("/*") && star > 1);
  return !rest.empty() && star_is_last_part && std::ranges::all_of(text, is_visible);
}

bool is_header_name(std::string_view text) {  // token of RFC 9110 section 5.6.2
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && text.size() <= 255 &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || marks.find(c) != std::string_view::npos; });
}

bool is_header_value(std::string_view text) {  // field-value of RFC 9110 section 5.5, ASCII only
  const auto allowed = [](char c) { return is_visible(c) || c == ' ' || c == '\t'; };
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  return text.size() <= 8192 && std::ranges::all_of(text, allowed) &&
         (text.empty() || (!blank(text.front()) && !blank(text.back())));
}

bool is_path_prefix(std::string_view text) {
  return text.starts_with('/') && text.size() <= 2048 &&
         std::ranges::all_of(text, [](char c) { return is_visible(c) && c != '?' && c != '#'; });
}

/// As in passwd(5); all digits are a number, and 2^32 - 1 is nobody's.
bool is_user(std::string_view text) {
  if (text.empty() || text.size() > 256 || text.starts_with('-')) return false;
  if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    std::uint32_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc{} && number != std::numeric_limits<std::uint32_t>::max();
  }
  return std::ranges::all_of(text, [](char c) { return is_visible(c) && c != ':' && c != '/'; });
}

bool is_web_name(std::string_view text) {
  const bool is_v6 = text.find(':') != std::string_view::npos;
  const auto host = parse_authority(is_v6 ? "[" + std::string{text} + "]" : std::string{text});
  return host && !host->port;
}

Result<ListenerUsers> Users::read(const Value& value, const Where& where) const {
  const auto* text = value.as<std::string>();
  if (text && *text == "any") return ListenerUsers{.who = ListenerUsers::Who::any};
  if (text) return where.expected(word(), value);
  constexpr ListOf<TextForm> list{user_name, 1};
  LOUVER_ASSIGN(std::vector<std::string> names, list.read(value, where));
  if (std::ranges::find(names, "any") != names.end())
    return where.wrong(value.place, "\"any\" stands alone: users = \"any\"");
  return ListenerUsers{.who = ListenerUsers::Who::listed, .names = std::move(names)};
}

Result<ProxySenders> Proxies::read(const Value& value, const Where& where) const {
  constexpr TextForm any_text{"sender", "an address, an address with \"/bits\", or a user",
                              [](std::string_view text) { return !text.empty() && text.size() <= 256; }};
  LOUVER_ASSIGN(const std::vector<std::string> texts, (ListOf<TextForm>{any_text, 1}.read(value, where)));
  ProxySenders out;
  for (const std::string& text : texts) {
    if (auto range = parse_address_range(text)) {
      out.addresses.push_back(*std::move(range));
    } else if (is_user(text) && text != "any") {
      out.users.push_back(text);
    } else {
      return where.wrong(value.place, in_quotes(text) +
                                          " is neither an address such as \"192.0.2.7\", nor a range such as "
                                          "\"192.0.2.0/24\", nor a user");
    }
  }
  return out;
}

namespace {

std::string beside_the_file(const std::string& name, const Where& where) {
  const std::filesystem::path folder = std::filesystem::path{where.source().file}.parent_path();
  return (folder / name).lexically_normal().string();
}

/// "unix:" and the path of a socket.
Result<Endpoint> read_local(const std::string& text, const Value& value, const Where& where) {
  const std::string name = text.substr(local_prefix.size());
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (name.empty() || name.ends_with('/') || std::ranges::any_of(name, is_control))
    return where.expected("\"unix:\" and the path of a socket, such as \"unix:/run/louver.sock\"", value);
  Endpoint out{.path = beside_the_file(name, where)};
  if (out.path.size() > local_path_most) {
    return where.wrong(value.place, "the path of a Unix socket has at most " + std::to_string(local_path_most) +
                                        " octets, " + in_quotes(out.path) + " has " + std::to_string(out.path.size()));
  }
  return out;
}

}  // namespace

Result<std::string> File::read(const Value& value, const Where& where) const {
  const auto* text = value.as<std::string>();
  if (!text || text->empty() || text->find('\0') != std::string::npos)
    return where.expected("the name of a file", value);
  return beside_the_file(*text, where);
}

Result<Endpoint> Address::read(const Value& value, const Where& where) const {
  if (const auto* text = value.as<std::string>(); unix_too && text && text->starts_with(local_prefix))
    return read_local(*text, value, where);
  const std::string what = std::string{"an IP address and port such as \"127.0.0.1:4433\" or \"[::1]:4433\""} +
                           (unix_too ? ", or a Unix socket such as \"unix:/run/louver.sock\"" : "");
  LOUVER_ASSIGN(Endpoint endpoint, parsed(value, where, parse_endpoint, what));
  if (endpoint.port == 0 && !any_port) return where.expected("a port that is not 0", value);
  return endpoint;
}

Result<IcapUrl> IcapAddress::read(const Value& value, const Where& where) const {
  static constexpr std::string_view what =
      "an IP address, a port and a service such as \"icap://127.0.0.1:1344/avscan\"";
  return parsed(value, where, parse_icap_url, what);
}

Result<Authority> HttpHost::read(const Value& value, const Where& where) const {
  static constexpr std::string_view what =
      "a host in lower case without wildcard, with or without a port, such as \"example.com\" or \"example.com:8080\"";
  return parsed(value, where, parse_authority, what);
}

std::string or_list(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += '"' + std::string{words[i]} + '"';
  }
  return out;
}

Result<crypto::SuiteId> Suite::read(const Value& value, const Where& where) const {
  const auto* text = value.as<std::string>();
  for (const crypto::Suite& suite : crypto::all_suites()) {
    if (text && suite.name == *text) return suite.id;
  }
  return where.expected(word(), value);
}

std::string Suite::word() const {
  std::vector<std::string_view> names;
  for (const crypto::Suite& suite : crypto::all_suites()) names.push_back(suite.name);
  return or_list(names);
}

std::string Suite::show(crypto::SuiteId out) const {
  const crypto::Suite* suite = crypto::find_suite(static_cast<std::uint16_t>(out));
  return suite ? '"' + std::string{suite->name} + '"' : "";
}

Result<Grants> GrantTable::read(const Value& value, const Where& where) const {
  const auto* table = value.as<Table>();
  if (!table) return where.expected("a " + word(), value);
  if (table->size() > limits::contexts) {
    return where.wrong(value.place, "a session has at most " + std::to_string(limits::contexts) + " contexts");
  }
  Grants out;
  for (const Entry& entry : *table) {
    if (!is_context(entry.key)) {
      return where.wrong(entry.place,
                         in_quotes(entry.key) + " is no name of a context" + warning_of_lookalikes(entry.key));
    }
    LOUVER_ASSIGN(ContextGrants grants, read_context_grants(entry, where.inside(entry.key)));
    out.push_back(std::move(grants));
  }
  return out;
}

Result<std::vector<std::string>> Command::read(const Value& value, const Where& where) const {
  const auto* array = value.as<Array>();
  if (!array || array->empty() || array->size() > most)
    return where.expected("a list of 1 to " + std::to_string(most) + " texts", value);
  std::vector<std::string> out;
  for (const Value& item : *array) {
    LOUVER_ASSIGN(std::string text, Text{4096}.read(item, where));
    if (out.empty() && !text.starts_with('/'))
      return where.wrong(item.place, "a program is named by its path from the root, such as \"/usr/bin/python3\"");
    out.push_back(std::move(text));
  }
  return out;
}

Result<std::vector<std::string>> Environment::read(const Value& value, const Where& where) const {
  const auto* array = value.as<Array>();
  if (!array || array->size() > most)
    return where.wrong(value.place, "expected a list of at most " + std::to_string(most) + " texts");
  const auto of_name = [](char c) { return is_alnum(c) || c == '_'; };
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::vector<std::string> out;
  for (const Value& item : *array) {
    const auto* text = item.as<std::string>();
    const std::string name = text ? text->substr(0, text->find('=')) : "";
    if (name.empty() || name.size() == text->size() || text->size() > 4096 || !std::ranges::all_of(name, of_name) ||
        std::ranges::any_of(*text, is_control))
      return where.wrong(item.place, "expected a text such as \"LANG=C.UTF-8\"");
    const auto same = [&](const std::string& other) { return other.starts_with(name + "="); };
    if (std::ranges::any_of(out, same)) return where.wrong(item.place, in_quotes(name) + " stands there twice");
    out.push_back(*text);
  }
  return out;
}

Result<std::vector<HeaderField>> HeaderTable::read(const Value& value, const Where& where) const {
  const auto* table = value.as<Table>();
  if (!table) return where.expected("a " + word(), value);
  std::vector<HeaderField> out;
  for (const Entry& entry : *table) {
    if (!is_header_name(entry.key))
      return where.wrong(entry.place, in_quotes(entry.key) + " is no name of a header field");
    const auto* text = entry.value.as<std::string>();
    // the value is not repeated in the message: it may be a credential
    if (!text || !is_header_value(*text)) {
      return where.inside(entry.key).wrong(entry.value.place,
                                           "expected a string of printable ASCII without spaces around it");
    }
    out.push_back({entry.key, *text});
  }
  return out;
}

}  // namespace louver::config

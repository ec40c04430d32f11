#include "wire/hello.h"

#include <set>

namespace louver::wire {
namespace {

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_dns_name(std::string_view name) {
  if (name.size() > 253) return false;
  std::size_t label = 0;
  bool digits_only = true;  // of the last label: "127.0.0.1" is an address, not a name
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '.') {
      if (label == 0 || name[i - 1] == '-') return false;
      label = 0;
      digits_only = true;
      continue;
    }
    if (!is_lower_alnum(c) && c != '-') return false;
    if (label == 0 && c == '-') return false;
    if (c < '0' || c > '9') digits_only = false;
    if (++label > 63) return false;
  }
  return label > 0 && name.back() != '-' && !digits_only;
}

bool is_spiffe_id(std::string_view name) {
  static constexpr std::string_view scheme = "spiffe://";
  if (!name.starts_with(scheme)) return false;
  name.remove_prefix(scheme.size());
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0 || !is_dns_name(name.substr(0, slash))) return false;
  std::size_t segment = 0;
  std::string_view path = name.substr(slash + 1);
  std::size_t start = 0;
  for (std::size_t i = 0; i <= path.size(); ++i) {
    if (i == path.size() || path[i] == '/') {
      const std::string_view part = path.substr(start, i - start);
      if (segment == 0 || part == "." || part == "..") return false;
      segment = 0;
      start = i + 1;
      continue;
    }
    const char c = path[i];
    if (!is_lower_alnum(c) && c != '-' && c != '_' && c != '.') return false;
    ++segment;
  }
  return true;
}

Result<> check_route(const Hello& hello) {
  if (hello.middleboxes() > limits::middleboxes_on_the_wire) {
    return Error{Fault::limit_exceeded, std::to_string(hello.middleboxes()) + " middleboxes"};
  }
  std::set<std::string> seen;
  for (const Party& party : hello.route.items) {
    if (!is_party_name(as_text(party.name.bytes))) {
      return Error{Fault::bad_value, "\"" + printable(as_text(party.name.bytes), 64) + "\" is no party's name"};
    }
    if (party.port == 0) return Error{Fault::bad_value, "port 0 in the route"};
    if (!seen.insert(party.name.text()).second)
      return Error{Fault::bad_value, "\"" + party.name.text() + "\" is twice in the route"};
  }
  return {};
}

Result<> check_contexts(const Hello& hello) {
  std::set<std::uint8_t> ids;
  std::set<std::string> names;
  if (hello.contexts.items.size() > limits::contexts) return Error{Fault::limit_exceeded, "more than 254 contexts"};
  for (const Context& context : hello.contexts.items) {
    if (context.id == 0 || context.id == 255)
      return Error{Fault::bad_value, "context id " + std::to_string(context.id)};
    if (context.directions == 0 || context.directions > 3) {
      return Error{Fault::bad_value,
                   "directions " + std::to_string(context.directions) + " of context " + std::to_string(context.id)};
    }
    const std::string_view name = as_text(context.name.bytes);
    if (std::ranges::any_of(name, [](char c) { return c <= 0x20 || c > 0x7e; }))
      return Error{Fault::bad_value, "a context's name is not printable ASCII"};
    if (!ids.insert(context.id).second)
      return Error{Fault::bad_value, "context id " + std::to_string(context.id) + " twice"};
    if (!names.insert(context.name.text()).second)
      return Error{Fault::bad_value, "context name \"" + context.name.text() + "\" twice"};
  }
  return {};
}

Result<> check_grants(const Hello& hello) {
  const std::size_t contexts = hello.contexts.items.size();
  if (hello.grants.bytes.size() != hello.middleboxes() * contexts) {
    return Error{Fault::bad_value, std::to_string(hello.grants.bytes.size()) + " grants for " +
                                       std::to_string(hello.middleboxes()) + " middleboxes and " +
                                       std::to_string(contexts) + " contexts"};
  }
  for (std::size_t i = 0; i < hello.grants.bytes.size(); ++i) {
    const auto octet = std::to_integer<std::uint8_t>(hello.grants.bytes[i]);
    const std::uint8_t directions = hello.contexts.items[i % contexts].directions;
    const std::uint8_t nibbles[] = {static_cast<std::uint8_t>(octet & 15), static_cast<std::uint8_t>(octet >> 4)};
    for (std::size_t d = 0; d < 2; ++d) {
      if (nibbles[d] > 4) return Error{Fault::bad_value, "grant " + std::to_string(nibbles[d])};
      if (nibbles[d] != 0 && (directions >> d & 1) == 0)
        return Error{Fault::bad_value, "a grant in a direction that the context has not"};
    }
  }
  return {};
}

Result<std::vector<std::uint8_t>> read_audit(Bytes data) {
  std::vector<std::uint8_t> ids;
  for (std::byte b : data) {
    const auto id = std::to_integer<std::uint8_t>(b);
    if (id == 0 || id == 255 || (!ids.empty() && ids.back() >= id))
      return Error{Fault::bad_value, "audit: context ids must ascend"};
    ids.push_back(id);
  }
  return ids;
}

Result<std::uint32_t> read_max_record(Bytes data) {
  Reader in{data};
  std::uint32_t value = 0;
  read(in, value);
  LOUVER_TRY(in.finish());
  if (value < limits::max_record_least || value > limits::max_record_most) {
    return Error{Fault::bad_value, "max_record " + std::to_string(value)};
  }
  return value;
}

Result<std::string> read_profile(Bytes data) {
  const std::string_view text = as_text(data);
  const auto bad = [](char c) { return c <= 0x20 || c > 0x7e; };
  if (text.empty() || text.size() > 64 || std::ranges::any_of(text, bad))
    return Error{Fault::bad_value, "profile is not a short ASCII name"};
  return std::string{text};
}

}  // namespace

bool is_party_name(std::string_view name) { return name.size() <= 255 && (is_dns_name(name) || is_spiffe_id(name)); }

Result<KnownExtensions> read_extensions(const Extensions& extensions) {
  KnownExtensions known;
  std::set<std::uint16_t> seen;
  for (const Extension& one : extensions.items) {
    if (!seen.insert(one.type).second)
      return Error{Fault::bad_value, "extension " + std::to_string(one.type) + " twice"};
    if (one.type == extension::audit) {
      LOUVER_ASSIGN(known.audit, read_audit(one.data.bytes));
    } else if (one.type == extension::max_record) {
      LOUVER_ASSIGN(known.max_record, read_max_record(one.data.bytes));
    } else if (one.type == extension::profile) {
      LOUVER_ASSIGN(known.profile, read_profile(one.data.bytes));
    }
  }
  return known;
}

Extensions write_extensions(const KnownExtensions& known) {
  Extensions out;
  if (known.audit) {
    Extension audit{extension::audit, {}};
    for (std::uint8_t id : *known.audit) audit.data.bytes.push_back(static_cast<std::byte>(id));
    out.items.push_back(audit);
  }
  if (known.max_record) {
    Extension size{extension::max_record, {}};
    write(size.data.bytes, *known.max_record);
    out.items.push_back(size);
  }
  if (known.profile) out.items.push_back({extension::profile, Opaque<0, 65535>{std::string_view{*known.profile}}});
  return out;
}

Result<Hello> decode_hello(Bytes body) {
  if (body.size() > limits::hello_bytes) return Error{Fault::limit_exceeded, "a Hello of more than 64 KiB"};
  LOUVER_ASSIGN(Hello hello, decode<Hello>(body));
  if (std::ranges::find(hello.versions.items, version_1) == hello.versions.items.end()) {
    return Error{Fault::unsupported_version, "the Hello offers no version 1"};
  }
  LOUVER_TRY(check_route(hello));
  LOUVER_TRY(check_contexts(hello));
  LOUVER_TRY(check_grants(hello));
  LOUVER_ASSIGN(const KnownExtensions known, read_extensions(hello.extensions));
  for (std::uint8_t id : known.audit.value_or(std::vector<std::uint8_t>{})) {
    if (std::ranges::find(hello.contexts.items, id, &Context::id) == hello.contexts.items.end()) {
      return Error{Fault::bad_value, "audit of context " + std::to_string(id) + ", which the Hello has not"};
    }
  }
  return hello;
}

}  // namespace louver::wire

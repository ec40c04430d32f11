#include <utility>

#include "config/schema.h"
#include "config/toml.h"

namespace louver::config {
namespace {

template <class T>
constexpr Role role_of() {
  if constexpr (std::is_same_v<T, Agent>) return Role::agent;
  if constexpr (std::is_same_v<T, Middlebox>) return Role::middlebox;
  return Role::gateway;
}

template <class T>
Result<T> read(const Table& table, const std::string& path) {
  const Source source{path, role_of<T>()};
  const Where where{source};
  Head head;
  T out;
  LOUVER_TRY(read_members(table, Place{}, where, head, out.common, out));
  out.common.file = path;
  if (head.role.value_or(source.role) != source.role) {
    const auto entry = std::ranges::find(table, "role", &Entry::key);
    return where.wrong(entry->value.place, "this file is for the role " + std::string{name_of(*head.role)} +
                                               " and was given to the role " + std::string{name_of(source.role)});
  }
  return out;
}

template <class T>
Result<AnyRole> read_any(const Table& table, const std::string& path) {
  LOUVER_ASSIGN(T out, read<T>(table, path));
  return AnyRole{std::move(out)};
}

template <class S>
bool has_key(std::string_view name) {
  bool found = false;
  for_each_key<S>([&](const auto& key) { found = found || key.name == name; });
  return found;
}

/// Options of one type of filter, read together with what every [[filter]] has.
template <class Options>
Result<Filter> read_filter(const Table& table, Place place, const Where& where) {
  FilterHead head;
  Filter filter;
  Options options;
  LOUVER_TRY(read_members(table, place, where, head, filter, options));
  filter.options = std::move(options);
  return filter;
}

Result<Filter> read_filter_of_any_type(const Value& value, const Where& where) {
  const auto* table = value.as<Table>();
  if (!table) return where.expected("a table", value);
  const auto entry = std::ranges::find(*table, "type", &Entry::key);
  if (entry == table->end()) return missing_key("type", "which filter", value.place, where);
  LOUVER_ASSIGN(const FilterHead::Type type,
                Choice<FilterHead::Type>{filter_names}.read(entry->value, where.inside("type")));
  switch (type) {
    case FilterHead::Type::log:
      return read_filter<LogFilter>(*table, value.place, where);
    case FilterHead::Type::edit:
      return read_filter<EditFilter>(*table, value.place, where);
    case FilterHead::Type::scan:
      return read_filter<ScanFilter>(*table, value.place, where);
    case FilterHead::Type::exec:
      return read_filter<ExecFilter>(*table, value.place, where);
    case FilterHead::Type::secret:
      return read_filter<SecretFilter>(*table, value.place, where);
    case FilterHead::Type::compress:
      return read_filter<CompressFilter>(*table, value.place, where);
    case FilterHead::Type::mirror:
      return read_filter<MirrorFilter>(*table, value.place, where);
    case FilterHead::Type::icap:
      return read_filter<IcapFilter>(*table, value.place, where);
    case FilterHead::Type::validate:
      return read_filter<ValidateFilter>(*table, value.place, where);
  }
  return Fault::internal_error;
}

}  // namespace

Result<std::vector<Filter>> FilterTable::read(const Value& value, const Where& where) const {
  const auto* array = value.as<Array>();
  if (!array) return where.expected("tables, each with [[filter]] before it", value);
  if (array->size() > most)
    return where.wrong(value.place, "at most " + std::to_string(most) + " of them may be there");
  std::vector<Filter> out;
  for (const Value& item : *array) {
    LOUVER_ASSIGN(Filter filter, read_filter_of_any_type(item, where));
    out.push_back(std::move(filter));
  }
  return out;
}

std::vector<Role> roles_with(std::string_view top_key) {
  std::vector<Role> out;
  if (has_key<Agent>(top_key)) out.push_back(Role::agent);
  if (has_key<Middlebox>(top_key)) out.push_back(Role::middlebox);
  if (has_key<Gateway>(top_key)) out.push_back(Role::gateway);
  return out;
}

template <class T>
Result<T> parse(std::string_view text, const std::string& path) {
  LOUVER_ASSIGN(const Table table, parse_toml(text, path));
  return read<T>(table, path);
}

template <class T>
Result<T> load(const std::string& path) {
  LOUVER_ASSIGN(const std::string text, read_file(path));
  return parse<T>(text, path);
}

Result<AnyRole> load_any(const std::string& path) {
  LOUVER_ASSIGN(const std::string text, read_file(path));
  LOUVER_ASSIGN(const Table table, parse_toml(text, path));
  const auto entry = std::ranges::find(table, "role", &Entry::key);
  if (entry == table.end()) {
    return error_at(path, Place{},
                    "for whom is this file? Write role = \"agent\", \"middlebox\" or \"gateway\" at its top");
  }
  const Source source{path, Role::agent};
  LOUVER_ASSIGN(const Role role, Choice<Role>{role_names}.read(entry->value, Where{source}.inside("role")));
  switch (role) {
    case Role::agent:
      return read_any<Agent>(table, path);
    case Role::middlebox:
      return read_any<Middlebox>(table, path);
    case Role::gateway:
      return read_any<Gateway>(table, path);
  }
  return Fault::internal_error;
}

template Result<Agent> parse(std::string_view, const std::string&);
template Result<Middlebox> parse(std::string_view, const std::string&);
template Result<Gateway> parse(std::string_view, const std::string&);
template Result<Agent> load(const std::string&);
template Result<Middlebox> load(const std::string&);
template Result<Gateway> load(const std::string&);

}  // namespace louver::config

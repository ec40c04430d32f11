#include "config/key_table.h"

#include "config/schema.h"

namespace louver::config {
namespace {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
concept HasInner = requires {
  typename T::Inner;
};

class Lister {
 public:
  /// The keys of S, then those of the tables inside it.
  template <class S>
  void list(const std::string& table, const std::string& roles) {
    add_keys<S>(table, roles);
    for_each_key<S>([&](const auto& key) { enter(key, table, roles); });
  }

  std::vector<KeyInfo> take() { return std::move(keys_); }

 private:
  template <class S>
  void add_keys(const std::string& table, const std::string& roles) {
    const S defaults{};
    for_each_key<S>([&](const auto& key) {
      keys_.push_back({table, roles, std::string{key.name}, key.type.word(),
                       key.required ? "" : fallback(key, defaults.*(key.member)), key.required,
                       std::string{key.description}});
    });
  }

  template <class K, class M>
  static std::string fallback(const K& key, const M& value) {
    if (!key.fallback.empty()) return std::string{key.fallback};
    if constexpr (is_optional<M>::value) {
      return "";
    } else {
      const std::string text = key.type.show(value);
      return text.empty() || text == "\"\"" ? "" : "`" + text + "`";
    }
  }

  template <class S, class M, class T>
  void enter(const Key<S, M, T>& key, const std::string& table, const std::string& roles) {
    const std::string path = (table.empty() ? "" : inner_name(table) + ".") + std::string{key.name};
    if constexpr (HasInner<T>) list<typename T::Inner>(T::many ? "[[" + path + "]]" : "[" + path + "]", roles);
    if constexpr (std::is_same_v<T, FilterTable>) {
      const std::string name = "[[" + path + "]]";
      add_keys<FilterHead>(name, roles);
      add_keys<Filter>(name, roles);
      list<LogFilter>(name, roles);
      list<EditFilter>(name, roles);
      list<ScanFilter>(name, roles);
      list<ExecFilter>(name, roles);
      list<SecretFilter>(name, roles);
      list<CompressFilter>(name, roles);
      list<MirrorFilter>(name, roles);
      list<IcapFilter>(name, roles);
      list<ValidateFilter>(name, roles);
    }
  }

  static std::string inner_name(const std::string& table) {
    const std::size_t brackets = table.starts_with("[[") ? 2 : 1;
    return table.substr(brackets, table.size() - 2 * brackets);
  }

  std::vector<KeyInfo> keys_;
};

std::string heading(const KeyInfo& key) {
  const std::string name = key.table.empty() ? "top of the file" : "`" + key.table + "`";
  return "\n**" + name + "** (" + key.roles + ")\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n";
}

}  // namespace

std::vector<KeyInfo> all_keys() {
  Lister lister;
  lister.list<Head>("", "every role");
  lister.list<Common>("", "every role");
  lister.list<Agent>("", "agent");
  lister.list<Middlebox>("", "middlebox");
  lister.list<Gateway>("", "gateway");
  return lister.take();
}

std::string key_table() {
  std::string out = key_table_begin;
  const KeyInfo* before = nullptr;
  const std::vector<KeyInfo> keys = all_keys();
  for (const KeyInfo& key : keys) {
    if (!before || before->table != key.table || before->roles != key.roles) out += heading(key);
    const std::string fallback = key.required ? "required" : key.fallback.empty() ? "none" : key.fallback;
    out += "| `" + key.key + "` | " + key.type + " | " + fallback + " | " + key.description + " |\n";
    before = &key;
  }
  return out + "\n" + key_table_end;
}

}  // namespace louver::config

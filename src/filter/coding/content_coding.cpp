#include "filter/coding/content_coding.h"

#include <array>

#include "filter/http/grammar.h"

namespace louver::filter::coding {
namespace {

struct Named {
  std::string_view name;
  Coding coding;
};
constexpr std::array names = {Named{"gzip", Coding::gzip}, Named{"x-gzip", Coding::gzip},
                              Named{"deflate", Coding::deflate}, Named{"br", Coding::br}, Named{"zstd", Coding::zstd}};

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// Adds what one element of the list says; false if nobody here can undo it.
bool add(std::string_view element, std::vector<Coding>& out) {
  const std::string name = http::lowered(without_blanks(element));
  if (name == "identity") return true;
  for (const Named& known : names) {
    if (known.name != name) continue;
    out.push_back(known.coding);
    return out.size() <= nested_most;
  }
  return false;
}

}  // namespace

std::string_view name_of(Coding coding) {
  switch (coding) {
    case Coding::gzip:
      return "gzip";
    case Coding::deflate:
      return "deflate";
    case Coding::br:
      return "br";
    case Coding::zstd:
      return "zstd";
  }
  return "";
}

std::optional<std::vector<Coding>> codings_of(std::span<const http::Field> fields) {
  std::vector<Coding> out;
  for (const http::Field& field : fields) {
    if (field.name != "content-encoding" || field.value.empty()) continue;
    std::string_view rest = field.value;
    while (true) {
      const std::size_t comma = rest.find(',');
      if (!add(rest.substr(0, comma), out)) return std::nullopt;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return out;
}

}  // namespace louver::filter::coding

#include "filter/coding/content_coding.h"

#include <array>

#include "filter/http/grammar.h"
#include "filter/http/list.h"

namespace louver::filter::coding {
namespace {

struct Named {
  std::string_view name;
  Coding coding;
};
constexpr std::array names = {Named{"gzip", Coding::gzip}, Named{"x-gzip", Coding::gzip},
                              Named{"deflate", Coding::deflate}, Named{"br", Coding::br}, Named{"zstd", Coding::zstd}};

/// Adds what one element of the list says; false if nobody here can undo it.
bool add(std::string_view element, std::vector<Coding>& out) {
  const std::string name = http::lowered(element);
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
    if (!http::for_each_element(field.value, [&](std::string_view element) { return add(element, out); }))
      return std::nullopt;
  }
  return out;
}

}  // namespace louver::filter::coding

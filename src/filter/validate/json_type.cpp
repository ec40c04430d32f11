#include "filter/validate/json_type.h"

#include "filter/http/grammar.h"
#include "filter/http/list.h"

namespace louver::filter::validate {
namespace {

bool is_json(std::string_view type) {
  return type == "application/json" || type == "text/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

/// What else may stand behind the type is nobody's business but the charset, which must be the one that JSON has.
bool is_utf8(std::string_view parameter) {
  const std::string lowered = http::lowered(http::without_blanks(parameter));
  if (!lowered.starts_with("charset")) return true;
  return lowered == "charset=utf-8" || lowered == "charset=\"utf-8\"";
}

}  // namespace

const char* why_no_json(const http::Head& head) {
  const http::Field* type = nullptr;
  for (const http::Field& field : head.fields) {
    if (field.name == "content-encoding" && http::lowered(field.value) != "identity") return "it has a content coding";
    if (field.name != "content-type") continue;
    if (type != nullptr) return "its head has two content types";
    type = &field;
  }
  if (type == nullptr) return "its head says no content type";
  std::string_view rest = type->value;
  const std::size_t end = rest.find(';');
  if (!is_json(http::lowered(http::without_blanks(rest.substr(0, end))))) return "its head says that it is no JSON";
  while (rest.find(';') != std::string_view::npos) {
    rest.remove_prefix(rest.find(';') + 1);
    if (!is_utf8(rest.substr(0, rest.find(';')))) return "its head says another character set than UTF-8";
  }
  return nullptr;
}

}  // namespace louver::filter::validate

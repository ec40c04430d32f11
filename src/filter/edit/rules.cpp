#include "filter/edit/rules.h"

#include <algorithm>

#include "filter/context_list.h"
#include "filter/http/grammar.h"
#include "filter/http/kept_fields.h"

namespace louver::filter::edit {
namespace {

using http::context_of;
using http::Field;
using http::Head;
using http::HeadKind;
using http::is_field_name;
using http::is_field_value;
using http::is_origin_form;
using http::lowered;
using http::target_bytes_most;
using http::why_kept;

constexpr std::size_t name_octets_most = 255;
constexpr std::size_t value_octets_most = 8192;

Error wrong(std::string_view what) { return {Fault::configuration, "filter edit: " + std::string{what}}; }

std::string quoted(std::string_view text) { return "\"" + printable(text, 80) + "\""; }

Result<> check_name(std::string& name) {
  name = lowered(name);
  if (!is_field_name(name) || name.size() > name_octets_most)
    return wrong(quoted(name) + " is no name of a header field");
  if (const auto why = why_kept(name))
    return wrong("the header field " + quoted(name) + " cannot be changed: " + std::string{*why});
  return {};
}

Result<> check_field(Field& field) {
  LOUVER_TRY(check_name(field.name));
  const bool is_ascii = std::ranges::all_of(field.value, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii && is_field_value(field.value) && field.value.size() <= value_octets_most) return {};
  return wrong("the value for " + quoted(field.name) + " is none of a header field: at most " +
               std::to_string(value_octets_most) + " ASCII characters, no control characters, no blank at its ends");
}

Result<> check_names_differ(const EditOptions& options) {
  std::vector<std::string_view> seen;
  for (const std::string& name : options.remove) seen.push_back(name);
  for (const Field& field : options.set) seen.push_back(field.name);
  std::ranges::sort(seen);
  const auto twice = std::ranges::adjacent_find(seen);
  if (twice == seen.end()) return {};
  return wrong("the header field " + quoted(*twice) +
               " stands twice in \"set\" and \"remove\": \"set\" replaces all fields of its name");
}

Result<> check_rewrite(const PathRewrite& rewrite) {
  for (const std::string& path : {rewrite.from, rewrite.to}) {
    if (path.size() > target_bytes_most || !is_origin_form(path) || path.find('?') != std::string::npos ||
        path.starts_with("//")) {
      return wrong(quoted(path) + " is no path to rewrite: it begins with one '/', holds no '?', '#' or dot segment");
    }
  }
  if (rewrite.from.ends_with('/') != rewrite.to.ends_with('/')) {
    return wrong("rewrite_path from " + quoted(rewrite.from) + " to " + quoted(rewrite.to) +
                 ": both end in '/' or neither, such as \"/old/\" and \"/new/\"");
  }
  if (rewrite.from == rewrite.to) return wrong("rewrite_path from " + quoted(rewrite.from) + " to itself does nothing");
  return {};
}

Result<> check_contexts(const EditOptions& options) {
  LOUVER_TRY(check_context_list("edit", options.contexts));
  for (const std::string& name : options.contexts) {
    if (name != context_of(HeadKind::request) && name != context_of(HeadKind::response)) {
      return wrong("context " + quoted(name) + " holds no header fields: request-head and response-head do");
    }
  }
  const bool no_requests =
      !options.contexts.empty() && std::ranges::count(options.contexts, context_of(HeadKind::request)) == 0;
  if (no_requests && !options.rewrite_path.empty())
    return wrong("rewrite_path is for request-head, which \"contexts\" leaves out");
  return {};
}

/// `from` fits at a segment's end.
bool fits(std::string_view from, std::string_view path) {
  if (!path.starts_with(from)) return false;
  return from.ends_with('/') || path.size() == from.size() || path[from.size()] == '/';
}

}  // namespace

Result<Rules> Rules::make(EditOptions options) {
  LOUVER_TRY(check_contexts(options));
  for (std::string& name : options.remove) LOUVER_TRY(check_name(name));
  for (Field& field : options.set) LOUVER_TRY(check_field(field));
  for (Field& field : options.add) LOUVER_TRY(check_field(field));
  LOUVER_TRY(check_names_differ(options));
  for (const PathRewrite& rewrite : options.rewrite_path) LOUVER_TRY(check_rewrite(rewrite));
  Rules rules{std::move(options)};
  if (!rules.is_for(HeadKind::request) && !rules.is_for(HeadKind::response)) {
    return wrong("it changes nothing: give it set, add, remove or rewrite_path");
  }
  return rules;
}

bool Rules::is_for(HeadKind kind) const {
  if (contexts_listed() && std::ranges::count(options_.contexts, context_of(kind)) == 0) return false;
  if (kind == HeadKind::request && !options_.rewrite_path.empty()) return true;
  return !options_.remove.empty() || !options_.set.empty() || !options_.add.empty();
}

Result<bool> Rules::apply(Head& head) const {
  const Head before = head;
  edit_fields(head.fields);
  if (head.kind == HeadKind::request) LOUVER_TRY(rewrite_target(head.target));
  return head != before;
}

void Rules::edit_fields(std::vector<Field>& fields) const {
  for (const std::string& name : options_.remove)
    std::erase_if(fields, [&](const Field& one) { return one.name == name; });
  for (const Field& field : options_.set) {
    const auto first = std::ranges::find(fields, field.name, &Field::name);
    if (first == fields.end()) {
      fields.push_back(field);
      continue;
    }
    first->value = field.value;
    const auto others =
        std::remove_if(first + 1, fields.end(), [&](const Field& one) { return one.name == field.name; });
    fields.erase(others, fields.end());
  }
  fields.insert(fields.end(), options_.add.begin(), options_.add.end());
}

Result<> Rules::rewrite_target(std::string& target) const {
  const std::string_view path = std::string_view{target}.substr(0, target.find('?'));
  const auto rule =
      std::ranges::find_if(options_.rewrite_path, [&](const PathRewrite& one) { return fits(one.from, path); });
  if (rule == options_.rewrite_path.end()) return {};
  std::string rewritten = rule->to + target.substr(rule->from.size());
  if (rewritten.starts_with("//"))
    return Error{Fault::blocked_by_policy, "request-head: its path, rewritten, would begin with \"//\""};
  target = std::move(rewritten);
  return {};
}

}  // namespace louver::filter::edit

#include "filter/scan/scan_needs.h"

#include <algorithm>

#include "filter/needs.h"

namespace louver::filter::scan {
namespace {

using OnMatch = ScanOptions::OnMatch;

struct Way {
  Direction direction;
  std::string_view head;
  std::string_view body;
};
constexpr std::array ways = {Way{Direction::c2s, "request-head", "request-body"},
                             Way{Direction::s2c, "response-head", "response-body"}};

Grant least_for(OnMatch on_match) {
  switch (on_match) {
    case OnMatch::note:
      return Grant::read;
    case OnMatch::block:
      return Grant::inspect;
    case OnMatch::redact:
      return Grant::redact;
    case OnMatch::replace:
      break;
  }
  return Grant::write;
}

Need* find(std::vector<Need>& needs, std::string_view context) {
  const auto found = std::ranges::find(needs, context, &Need::context);
  return found == needs.end() ? nullptr : &*found;
}

bool is_granted(const SessionInfo& session, const Way& way, Grant least) {
  const session::ContextInfo* context = session.terms->find_context(way.head);
  return context != nullptr && session.grant(context->id, way.direction) >= least;
}

std::vector<Need> searched(const ScanOptions& options, const SessionInfo& session) {
  const Grant least = least_for(options.on_match);
  if (!options.contexts.empty()) return needs_on(options.contexts, least, session);
  std::vector<Need> wishes = needs_everywhere(least, session);
  if (options.on_match == OnMatch::replace)
    std::erase_if(wishes, [](const Need& need) { return !can_be_replaced_in(need.context); });
  return granted_of(std::move(wishes), session);
}

}  // namespace

bool is_head(std::string_view context) { return context == ways[0].head || context == ways[1].head; }
bool is_body(std::string_view context) { return context == ways[0].body || context == ways[1].body; }
bool can_be_replaced_in(std::string_view context) { return !is_head(context) && !context.ends_with("-credentials"); }

ScanPlan plan_for(const ScanOptions& options, const SessionInfo& session) {
  ScanPlan out;
  out.searched = searched(options, session);
  out.needs = out.searched;
  const bool must_know = !options.pass_coded || !options.pass_ranges;
  for (const Way& way : ways) {
    if (find(out.needs, way.body) == nullptr || (!must_know && !is_granted(session, way, Grant::read))) continue;
    out.knows_bodies[slot(way.direction)] = true;
    if (find(out.needs, way.head) == nullptr) out.needs.push_back({std::string{way.head}, way.direction, Grant::read});
  }
  const bool searches_answers = find(out.searched, ways[1].body) != nullptr;
  const http::RequestEdit edit{.whole = searches_answers && !options.pass_ranges,
                               .plain = searches_answers && options.on_match == OnMatch::replace};
  Need* head = find(out.needs, ways[0].head);
  // A right to redact excludes one to write.
  if (!edit.does_something() || !is_granted(session, ways[0], Grant::write)) return out;
  if (head != nullptr && head->least == Grant::redact) return out;
  out.edit = edit;
  if (head != nullptr) {
    head->least = Grant::write;
  } else {
    out.needs.push_back({std::string{ways[0].head}, Direction::c2s, Grant::write});
  }
  return out;
}

}  // namespace louver::filter::scan

#include <algorithm>

#include "filter/needs.h"
#include "profile/http1/contexts.h"
#include "profile/registry.h"
#include "role/policy/findings.h"

namespace louver::role::policy {
namespace {

using filter::Need;
using session::Grant;

/// One middlebox with its file, on one path.
class Judge {
 public:
  Judge(const Path& path, std::size_t middlebox, std::vector<Finding>& out)
      : path_(path), middlebox_(middlebox), rules_(*path.boxes[middlebox].rules), out_(out) {
    here_ = info_of(*path.terms);
  }

  void judge() {
    for (std::size_t i = 0; i < rules_.factories().size(); ++i) judge_filter(i);
    if (path_.kind == Path::Kind::route) find_unused();
  }

 private:
  filter::SessionInfo info_of(const session::Terms& terms) const {
    filter::SessionInfo info;
    info.self = PartyIndex{static_cast<std::uint8_t>(middlebox_ + 1)};
    info.terms = &terms;
    return info;
  }

  void add(std::string_view name, const std::string& place, std::string what, std::string remedy) {
    out_.push_back(
        {name, place, path_.title, path_.offered.middleboxes[middlebox_], std::move(what), std::move(remedy)});
  }

  /// In a profile, with the contexts that it may have beside its own.
  bool can_act(const filter::FilterFactory& factory) const {
    const auto there = [&](const session::ProfileTraits& one) { return factory.can_act_in(one); };
    if (std::ranges::any_of(profile::profiles(), there) || there(profile::http1::traits_with_trailers)) return true;
    std::vector<session::ContextTraits> of_this_path;
    for (const session::ContextInfo& context : path_.terms->contexts())
      of_this_path.push_back({.name = context.name, .directions = profile::http1::c2s_only});
    session::ProfileTraits traits = profile::http1::traits;
    traits.contexts = of_this_path;
    return there(traits);
  }

  void judge_filter(std::size_t index) {
    const filter::FilterFactory& factory = *rules_.factories()[index];
    const config::Filter& config = rules_.config().filters[index];
    if (!can_act(factory)) {
      return add("filter-never-acts", config.place,
                 "the filter " + std::string{factory.name()} + " can never act: no profile has all its contexts",
                 "correct the names in `contexts`");
    }
    if (path_.kind != Path::Kind::route) return;
    const std::vector<Need> needs = factory.needs(here_);
    const auto missing = filter::missing_grants(factory.name(), needs, here_);
    if (!missing.empty()) return judge_missing(config, missing);
    used_.insert(used_.end(), needs.begin(), needs.end());
    if (config.contexts.empty()) find_skipped(factory, config, needs);
  }

  /// With on_missing_grant = "end" the middlebox refuses the path: that is among the refusals.
  void judge_missing(const config::Filter& config, const std::vector<filter::MissingGrant>& missing) {
    if (rules_.config().policy.on_missing_grant == config::MiddleboxPolicy::OnMissingGrant::end) return;
    add("filter-left-out", config.place,
        filter::describe(missing.front()) + ": on this path it does not act, and everything passes without it",
        "grant what it needs, or set policy.on_missing_grant = \"end\"");
  }

  /// FI-13: a filter without a list of contexts acts where the grants suffice. It can see the others, and looks away.
  void find_skipped(const filter::FilterFactory& factory, const config::Filter& config,
                    const std::vector<Need>& needs) {
    const auto everything = everything_granted(*path_.hello);
    if (!everything) return;
    for (const Need& wish : factory.needs(info_of(*everything))) {
      if (wish.least < Grant::inspect) continue;
      const auto acts = [&](const Need& need) {
        return need.context == wish.context && need.direction == wish.direction && need.least >= Grant::inspect;
      };
      const session::ContextInfo* context = path_.terms->find_context(wish.context);
      if (context == nullptr || std::ranges::any_of(needs, acts)) continue;
      const Grant has = here_.grant(context->id, wish.direction);
      if (has == Grant::none) continue;
      add("enforcing-filter-under-read", config.place,
          "the filter " + std::string{factory.name()} + " needs " + std::string{session::name_of(wish.least)} + " on " +
              wish.context + " (" + name_of(wish.direction) + "), has " + std::string{session::name_of(has)} +
              ", and so passes over it",
          "grant " + std::string{session::name_of(wish.least)} + " there, or list in `contexts` what it is for");
    }
  }

  void find_unused() {
    const std::string place = place_of_grants(path_, middlebox_);
    for (const filter::ExcessGrant& excess : filter::excess_grants(used_, here_)) {
      add("unused-grant", place, filter::describe(excess) + " for the filters that it has",
          excess.used == Grant::none ? "do not grant it" : "grant " + std::string{session::name_of(excess.used)});
    }
  }

  const Path& path_;
  const std::size_t middlebox_;
  const MiddleboxRules& rules_;
  filter::SessionInfo here_;
  std::vector<Need> used_;
  std::vector<Finding>& out_;
};

}  // namespace

std::vector<Finding> filter_findings(const Path& path) {
  std::vector<Finding> out;
  for (std::size_t m = 0; m < path.boxes.size(); ++m) {
    for (const BadFilter& bad : path.boxes[m].bad) {
      out.push_back({"filter-not-judged", bad.place, path.title, bad.party,
                     "this filter could not be made here, so nothing is said about it: " + bad.what,
                     "judge the file on the machine that it is for"});
    }
    if (path.boxes[m].rules != nullptr) Judge{path, m, out}.judge();
  }
  return out;
}

}  // namespace louver::role::policy

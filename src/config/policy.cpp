#include "config/policy.h"

#include <algorithm>

#include "config/where.h"

namespace louver::config {
namespace {

using session::Grant;

Grant in(const ContextGrants& grants, Direction direction) {
  return direction == Direction::c2s ? grants.c2s : grants.s2c;
}

Result<> check_minimum(const GrantMatrix& matrix, std::size_t middlebox, const Grants& minimum) {
  for (const ContextGrants& least : minimum) {
    const auto context = std::ranges::find(matrix.contexts, least.context, &GrantMatrix::Context::name);
    for (Direction direction : both_directions) {
      const bool is_there = context != matrix.contexts.end() && context->has[slot(direction)];
      // a direction that the context does not have can't be granted; without the context at all, nothing is reached
      if (in(least, direction) == Grant::none || (context != matrix.contexts.end() && !is_there)) continue;
      const auto index = static_cast<std::size_t>(context - matrix.contexts.begin());
      const Grant got = is_there ? matrix.at(middlebox, index, direction) : Grant::none;
      if (got >= in(least, direction)) continue;
      return Error{Fault::grant_refused, matrix.middleboxes[middlebox] + ", " + least.context + " " +
                                             name_of(direction) + ": " + std::string{session::name_of(got)} +
                                             " is below the minimum " +
                                             std::string{session::name_of(in(least, direction))}};
    }
  }
  return {};
}

/// Every context of `grants` must exist and have a direction in which the grant can act.
Result<> check_contexts(const Grants& grants, const std::vector<GrantMatrix::Context>& contexts,
                        const RouteMiddlebox& middlebox, Profile profile) {
  for (const ContextGrants& granted : grants) {
    const auto context = std::ranges::find(contexts, granted.context, &GrantMatrix::Context::name);
    if (context == contexts.end()) {
      std::string known;
      for (const GrantMatrix::Context& one : contexts) known += (known.empty() ? "" : ", ") + one.name;
      return Error{Fault::configuration, middlebox.place + ": the profile " + in_quotes(name_of(profile)) +
                                             " has no context " + in_quotes(granted.context) + ": " + known +
                                             " are there"};
    }
    const auto acts = [&](Direction d) { return in(granted, d) != Grant::none && context->has[slot(d)]; };
    const bool is_none = granted.c2s == Grant::none && granted.s2c == Grant::none;
    if (is_none || acts(Direction::c2s) || acts(Direction::s2c)) continue;
    return Error{Fault::configuration, middlebox.place + ": the context " + in_quotes(granted.context) +
                                           " does not go in the direction of this grant, which could never act"};
  }
  return {};
}

const Approval* find_approval(const Gateway& gateway, std::string_view name) {
  const auto found = std::ranges::find(gateway.middleboxes, name, &Approval::name);
  return found == gateway.middleboxes.end() ? nullptr : &*found;
}

Result<> check_parties(const Gateway& gateway, const GrantMatrix& offered) {
  for (const std::string& name : offered.middleboxes) {
    const Approval* approval = find_approval(gateway, name);
    if (!approval) return Error{Fault::grant_refused, name + ": no [[middlebox]] of the configuration approves it"};
    if (approval->refuse) return Error{Fault::grant_refused, name + ": the configuration refuses it"};
  }
  for (const Approval& approval : gateway.middleboxes) {
    if (approval.required && std::ranges::find(offered.middleboxes, approval.name) == offered.middleboxes.end()) {
      return Error{Fault::grant_refused, approval.name + ": the configuration requires it, and it is not on the path"};
    }
  }
  return {};
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out{text};
  out.resize(std::max(width, out.size()), ' ');
  return out;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

GrantMatrix::GrantMatrix(std::vector<std::string> middlebox_names, std::vector<Context> context_list)
    : middleboxes(std::move(middlebox_names)),
      contexts(std::move(context_list)),
      cells(middleboxes.size() * contexts.size()) {}

ContextGrants grants_for(const Grants& grants, std::string_view context) {
  const auto found = std::ranges::find(grants, context, &ContextGrants::context);
  return found == grants.end() ? ContextGrants{std::string{context}} : *found;
}

GrantMatrix matrix_of(const session::Terms& terms) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= terms.middleboxes(); ++i)
    names.push_back(terms.name(PartyIndex{static_cast<std::uint8_t>(i)}));
  std::vector<GrantMatrix::Context> contexts;
  for (const session::ContextInfo& context : terms.contexts()) contexts.push_back({context.name, context.has});
  GrantMatrix out{std::move(names), std::move(contexts)};
  for (std::size_t m = 0; m < out.middleboxes.size(); ++m) {
    for (std::size_t c = 0; c < out.contexts.size(); ++c) {
      for (Direction d : both_directions) {
        out.at(m, c, d) = terms.grant(PartyIndex{static_cast<std::uint8_t>(m + 1)}, terms.contexts()[c].id, d);
      }
    }
  }
  return out;
}

Result<GrantMatrix> offer(const Route& route, const std::vector<GrantMatrix::Context>& contexts) {
  std::vector<std::string> names;
  for (const RouteMiddlebox& middlebox : route.middleboxes) names.push_back(middlebox.name);
  GrantMatrix out{std::move(names), contexts};
  for (const RouteMiddlebox& middlebox : route.discover) {
    LOUVER_TRY(check_contexts(middlebox.grants, contexts, middlebox, route.profile));
    LOUVER_TRY(check_contexts(middlebox.minimum, contexts, middlebox, route.profile));
  }
  for (std::size_t m = 0; m < out.middleboxes.size(); ++m) {
    const RouteMiddlebox& middlebox = route.middleboxes[m];
    LOUVER_TRY(check_contexts(middlebox.grants, contexts, middlebox, route.profile));
    LOUVER_TRY(check_contexts(middlebox.minimum, contexts, middlebox, route.profile));
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      const ContextGrants granted = grants_for(middlebox.grants, contexts[c].name);
      for (Direction d : both_directions) out.at(m, c, d) = contexts[c].has[slot(d)] ? in(granted, d) : Grant::none;
    }
  }
  return out;
}

Result<> check_accepted(const Route& route, const GrantMatrix& accepted) {
  if (accepted.middleboxes.size() != route.middleboxes.size()) {
    return Error{Fault::grant_refused, "the answer is about other middleboxes than the route " + route.name};
  }
  for (std::size_t m = 0; m < route.middleboxes.size(); ++m) {
    if (accepted.middleboxes[m] != route.middleboxes[m].name) {
      return Error{Fault::grant_refused, "the answer is about other middleboxes than the route " + route.name};
    }
    LOUVER_TRY(check_minimum(accepted, m, route.middleboxes[m].minimum));
  }
  return {};
}

Result<GrantMatrix> decide(const Gateway& gateway, const GrantMatrix& offered) {
  LOUVER_TRY(check_parties(gateway, offered));
  GrantMatrix out = offered;
  for (std::size_t m = 0; m < out.middleboxes.size(); ++m) {
    const Approval& approval = *find_approval(gateway, out.middleboxes[m]);
    for (std::size_t c = 0; c < out.contexts.size(); ++c) {
      const ContextGrants most = grants_for(approval.grants, out.contexts[c].name);
      for (Direction d : both_directions) out.at(m, c, d) = std::min(offered.at(m, c, d), in(most, d));
    }
    LOUVER_TRY(check_minimum(out, m, approval.minimum));
  }
  return out;
}

GrantMatrix most_allowed(const Gateway& gateway) {
  std::vector<std::string> names;
  std::vector<GrantMatrix::Context> contexts;
  for (const Approval& approval : gateway.middleboxes) {
    if (approval.refuse) continue;
    names.push_back(approval.name);
    for (const ContextGrants& granted : approval.grants) {
      auto context = std::ranges::find(contexts, granted.context, &GrantMatrix::Context::name);
      if (context == contexts.end()) context = contexts.insert(contexts.end(), {granted.context, {}});
      for (Direction d : both_directions)
        context->has[slot(d)] = context->has[slot(d)] || in(granted, d) != Grant::none;
    }
  }
  GrantMatrix out{std::move(names), std::move(contexts)};
  for (std::size_t m = 0; m < out.middleboxes.size(); ++m) {
    const Grants& grants = find_approval(gateway, out.middleboxes[m])->grants;
    for (std::size_t c = 0; c < out.contexts.size(); ++c) {
      for (Direction d : both_directions) out.at(m, c, d) = in(grants_for(grants, out.contexts[c].name), d);
    }
  }
  return out;
}

std::string explain(const GrantMatrix& matrix) {
  if (matrix.middleboxes.empty()) return "no middlebox takes part\n";
  std::size_t first_width = std::string_view{"context"}.size();
  for (const GrantMatrix::Context& context : matrix.contexts) first_width = std::max(first_width, context.name.size());
  std::string line = padded("context", first_width) + "     ";
  for (const std::string& name : matrix.middleboxes) line += "  " + padded(name, 7);
  std::string out = without_trailing_spaces(std::move(line)) + "\n";
  for (std::size_t c = 0; c < matrix.contexts.size(); ++c) {
    for (Direction d : both_directions) {
      if (!matrix.contexts[c].has[slot(d)]) continue;
      line = padded(matrix.contexts[c].name, first_width) + "  " + name_of(d);
      for (std::size_t m = 0; m < matrix.middleboxes.size(); ++m) {
        const Grant grant = matrix.at(m, c, d);
        const std::string_view word = grant == Grant::none ? "-" : session::name_of(grant);
        line += "  " + padded(word, std::max<std::size_t>(7, matrix.middleboxes[m].size()));
      }
      out += without_trailing_spaces(std::move(line)) + "\n";
    }
  }
  return out;
}

bool is_audited(const std::vector<std::string>& wanted, std::string_view context) {
  return std::ranges::any_of(wanted, [&](const std::string& one) { return one == audit_all || one == context; });
}

}  // namespace louver::config

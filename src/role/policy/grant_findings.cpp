#include <algorithm>

#include "role/policy/findings.h"

namespace louver::role::policy {
namespace {

using session::Grant;

/// The grants of one middlebox; none in a context that the profile does not have.
class Granted {
 public:
  Granted(const config::GrantMatrix& matrix, std::size_t middlebox) : matrix_(&matrix), middlebox_(middlebox) {}

  Grant on(std::string_view context, Direction direction) const {
    const auto found = std::ranges::find(matrix_->contexts, context, &config::GrantMatrix::Context::name);
    if (found == matrix_->contexts.end()) return Grant::none;
    return matrix_->at(middlebox_, static_cast<std::size_t>(found - matrix_->contexts.begin()), direction);
  }
  /// There is such a context, and it cannot stop what is in it.
  bool overlooks(std::string_view context, Direction direction) const {
    return std::ranges::find(matrix_->contexts, context, &config::GrantMatrix::Context::name) !=
               matrix_->contexts.end() &&
           on(context, direction) < Grant::inspect;
  }
  Grant request(std::string_view part) const { return on("request-" + std::string{part}, Direction::c2s); }
  Grant response(std::string_view part) const { return on("response-" + std::string{part}, Direction::s2c); }
  bool anything() const {
    for (std::size_t c = 0; c < matrix_->contexts.size(); ++c) {
      for (Direction d : both_directions) {
        if (matrix_->at(middlebox_, c, d) != Grant::none) return true;
      }
    }
    return false;
  }

 private:
  const config::GrantMatrix* matrix_;
  std::size_t middlebox_;
};

/// Whether credentials say for which method, host and path they are given (docs/protocol.md annex A, Bound target).
bool targets_are_bound(const Path& path) {
  if (path.route != nullptr) return path.route->route().bind_target;
  return path.gateway != nullptr && path.gateway->policy.require_bound_target;
}

/// A pattern of grants of one middlebox in http/1, and what is behind it.
struct Pattern {
  std::string_view name;
  bool (*there)(const Granted& has, bool bound);
  std::string_view what;
  std::string_view remedy;
};

bool aims_credentials(const Granted& has, bool bound) {
  return !bound && has.request("head") == Grant::write && has.request("credentials") < Grant::read;
}

bool sees_answers(const Granted& has) {
  return has.response("head") != Grant::none || has.response("body") != Grant::none;
}

constexpr Pattern patterns[] = {
    // HT-04
    {"aims-credentials", aims_credentials,
     "write on request-head, without request-credentials: it may send the client's credentials, which it cannot read, "
     "with a method and to a path of its own choice",
     "let the agent bind targets (bind_target), or give it read on request-head"},
    {"reads-echoed-credentials",
     [](const Granted& has, bool bound) { return aims_credentials(has, bound) && sees_answers(has); },
     "write on request-head together with read on answers: aimed at a path that repeats what it was sent, credentials "
     "come back to it in the clear",
     "let the agent bind targets (bind_target), or take away its grants on response-head and response-body"},
    {"acts-as-client",
     [](const Granted& has, bool) {
       return has.request("credentials") != Grant::none &&
              (has.request("head") == Grant::write || has.request("body") == Grant::write);
     },
     "it reads the client's credentials and may write requests: what it sends looks exactly as if the client had sent "
     "it, now and, with the credentials that it has seen, at any later time",
     "let one middlebox write and another one read credentials, or neither"},
    // HT-17
    {"unwatched-secret",
     [](const Granted& has, bool) {
       return has.request("credentials") == Grant::write &&
              (has.response("head") < Grant::inspect || has.response("body") < Grant::inspect ||
               has.overlooks("response-trailers", Direction::s2c));
     },
     "write on request-credentials without inspect on the answers: a secret that it puts in can come back to the "
     "client in an echo, a redirect or an error page, and it could not stop that",
     "give it inspect, or redact, on response-head and response-body, and on response-trailers if there are any"},
    {"writes-pages", [](const Granted& has, bool) { return has.response("body") == Grant::write; },
     "write on response-body: a script that it puts into a page acts with all that the page's user may do, his cookies "
     "and later requests included, whatever else it is granted",
     "give it redact on response-body, or audit response-body"},
};

std::string cell_text(const config::GrantMatrix& matrix, std::size_t context, Direction direction) {
  return matrix.contexts[context].name + " (" + name_of(direction) + ")";
}

/// FI-13: what was offered to somebody who enforces is left as something that can be led round him.
void find_lowered(const Path& path, std::size_t m, std::vector<Finding>& out) {
  if (!path.granted) return;
  for (std::size_t c = 0; c < path.offered.contexts.size(); ++c) {
    for (Direction d : both_directions) {
      if (path.offered.at(m, c, d) < Grant::inspect || path.granted->at(m, c, d) != Grant::read) continue;
      out.push_back(
          {"lowered-to-read", place_of_grants(path, m), path.title, path.offered.middleboxes[m],
           std::string{session::name_of(path.offered.at(m, c, d))} + " on " + cell_text(path.offered, c, d) +
               " is offered and the gateway leaves read: what it finds it can no longer stop, for data can be "
               "led round whoever only reads",
           "raise it at the gateway, or set `minimum` in the agent's [[route.middlebox]]"});
    }
  }
}

}  // namespace

std::string place_of_grants(const Path& path, std::size_t middlebox) {
  const std::string& name = path.offered.middleboxes[middlebox];
  if (path.route != nullptr) {
    for (const config::RouteMiddlebox& one : path.route->route().middleboxes) {
      if (one.name == name) return one.place;
    }
  }
  if (path.gateway != nullptr) {
    for (const config::Approval& one : path.gateway->middleboxes) {
      if (one.name == name) return one.place;
    }
  }
  return path.file;
}

std::vector<Finding> grant_findings(const Path& path) {
  std::vector<Finding> out;
  if (path.kind == Path::Kind::needs) return out;
  const config::GrantMatrix& matrix = path.matrix();
  const bool bound = targets_are_bound(path);
  for (std::size_t m = 0; m < matrix.middleboxes.size(); ++m) {
    const Granted has{matrix, m};
    const auto add = [&](std::string_view name, std::string_view what, std::string_view remedy) {
      out.push_back(
          {name, place_of_grants(path, m), path.title, matrix.middleboxes[m], std::string{what}, std::string{remedy}});
    };
    for (const Pattern& pattern : patterns) {
      if (pattern.there(has, bound)) add(pattern.name, pattern.what, pattern.remedy);
    }
    if (!has.anything()) {
      add("grants-nothing", "it may do nothing on this path and only forwards",
          "take it out of the route, or grant it what it is there for");
    }
    find_lowered(path, m, out);
  }
  return out;
}

}  // namespace louver::role::policy

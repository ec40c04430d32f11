#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "config/config.h"
#include "session/terms.h"

/// Who may do what: grants computed and in words. The agent offers, the gateway lowers, each refuses what its file
/// forbids.
namespace louver::config {

/// The grants of one path, with the names that they are about.
struct GrantMatrix {
  struct Context {
    std::string name;
    std::array<bool, 2> has{};  // by slot(direction)
    bool operator==(const Context&) const = default;
  };
  std::vector<std::string> middleboxes;  // in the order of the path
  std::vector<Context> contexts;
  std::vector<std::array<session::Grant, 2>> cells;  // [middlebox * contexts.size() + context][slot(direction)]

  GrantMatrix() = default;
  /// All none.
  GrantMatrix(std::vector<std::string> middlebox_names, std::vector<Context> context_list);

  session::Grant& at(std::size_t middlebox, std::size_t context, Direction direction) {
    return cells[middlebox * contexts.size() + context][slot(direction)];
  }
  session::Grant at(std::size_t middlebox, std::size_t context, Direction direction) const {
    return cells[middlebox * contexts.size() + context][slot(direction)];
  }
  bool operator==(const GrantMatrix&) const = default;
};

/// What `grants` says of a context: none in both directions if it is not there.
ContextGrants grants_for(const Grants& grants, std::string_view context);

/// The grants of a Hello or of an agreement.
GrantMatrix matrix_of(const session::Terms& terms);

/// What an agent offers on a route whose profile has these contexts; none where a context lacks the direction.
/// @fault configuration: a grant or minimum on a context that the profile does not have, or only in directions that it
/// does not have
Result<GrantMatrix> offer(const Route& route, const std::vector<GrantMatrix::Context>& contexts);

/// The agent's word on an answer: is every middlebox left with its minimum?
/// @param accepted  the middleboxes of the route in its order
/// @fault grant_refused: detail names middlebox, context and direction
Result<> check_accepted(const Route& route, const GrantMatrix& accepted);

/// The gateway's answer to an offer: each grant the lower of what is offered and what its file allows.
/// @fault grant_refused: a middlebox that the file does not approve or that it refuses, one that it requires and that
/// is not on
///        the path, or one that would get less than its minimum; detail names it
Result<GrantMatrix> decide(const Gateway& gateway, const GrantMatrix& offered);

/// The most that a gateway gives: its middleboxes by name, and every context that its file names.
GrantMatrix most_allowed(const Gateway& gateway);

/// The matrix as lines of text: contexts and directions down, middleboxes across, "-" for none. Ends with a newline.
std::string explain(const GrantMatrix& matrix);

/// Whether a list of contexts to audit (audit_all for every one) has this one.
bool is_audited(const std::vector<std::string>& wanted, std::string_view context);

}  // namespace louver::config

#pragma once

#include "filter/edit/edit_filter.h"

namespace louver::filter::edit {

/// What an edit filter does to heads: options that make sense.
class Rules {
 public:
  /// @fault configuration  see make_edit()
  static Result<Rules> make(EditOptions options);

  /// Some rule is for heads of this kind, and the operator did not leave their context out.
  bool is_for(http::HeadKind kind) const;
  /// The operator named the contexts.
  bool contexts_listed() const { return !options_.contexts.empty(); }
  bool rewrites_targets() const { return !options_.rewrite_path.empty(); }
  /// @return something has changed
  /// @fault blocked_by_policy  the new path begins with "//", which some servers take for a host
  Result<bool> apply(http::Head& head) const;

 private:
  explicit Rules(EditOptions options) : options_(std::move(options)) {}
  void edit_fields(std::vector<http::Field>& fields) const;
  Result<> rewrite_target(std::string& target) const;

  EditOptions options_;
};

}  // namespace louver::filter::edit

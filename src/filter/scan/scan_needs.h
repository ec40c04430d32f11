#pragma once

#include <array>

#include "filter/filter.h"
#include "filter/http/request_edit.h"
#include "filter/scan/scan_filter.h"

namespace louver::filter::scan {

bool is_head(std::string_view context);
bool is_body(std::string_view context);
/// Octets of heads and credentials have forms that a filling would break.
bool can_be_replaced_in(std::string_view context);

/// What a scan does in one session, by what is configured and granted.
struct ScanPlan {
  std::vector<Need> searched;
  std::array<bool, 2> knows_bodies{};  // by direction: it reads the head, and so knows how the body is to be read
  http::RequestEdit edit;
  /// All that it takes: what is searched, and heads.
  std::vector<Need> needs;
};
ScanPlan plan_for(const ScanOptions& options, const SessionInfo& session);

}  // namespace louver::filter::scan

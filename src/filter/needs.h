#pragma once

#include <optional>

#include "filter/filter.h"

/// Grants against needs: what a filter lacks, and what a grant is good for.
namespace louver::filter {

/// Something that a filter needs and the session does not give it.
struct MissingGrant {
  std::string_view filter;  // the kind
  Need need;
  std::optional<Grant> has;  // nothing: the session has no such context in that direction
};
/// "filter edit needs write on request-head (c2s), has read"
std::string describe(const MissingGrant& missing);

/// A grant of this session that goes beyond what any filter here can use: it should not have been given.
struct ExcessGrant {
  std::string context;
  Direction direction;
  Grant has;
  Grant used;
};
/// "write on request-body (c2s) is granted, read would do"
std::string describe(const ExcessGrant& excess);

/// What of `needs` the session does not grant.
std::vector<MissingGrant> missing_grants(std::string_view filter, std::span<const Need> needs,
                                         const SessionInfo& session);

/// @param needs  of all filters that act in the session
std::vector<ExcessGrant> excess_grants(std::span<const Need> needs, const SessionInfo& session);

/// `least` on each of these contexts, in each direction that it has here. A context that is not here is needed all the
/// same.
std::vector<Need> needs_on(std::span<const std::string> contexts, Grant least, const SessionInfo& session);

/// For filters that take what they are given: those of `wishes` that are granted, or all if none is.
std::vector<Need> granted_of(std::vector<Need> wishes, const SessionInfo& session);

/// `least` on every context of the session, in each direction that it has.
std::vector<Need> needs_everywhere(Grant least, const SessionInfo& session);

/// All of these contexts are in the profile.
bool has_contexts(const session::ProfileTraits& profile, std::span<const std::string> contexts);

/// Complains of filters that act in no session of any of these profiles: for the check at the start.
std::vector<std::string> filters_that_never_act(const Factories& factories,
                                                std::span<const session::ProfileTraits> profiles);

}  // namespace louver::filter

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "filter/session_info.h"
#include "session/grants.h"
#include "session/part.h"
#include "session/profile_traits.h"
#include "session/relay_session.h"

/// The interface between the protocol and what looks at messages or changes them. Chain calls it and holds filters to
/// its rules.
namespace louver::filter {

using session::Grant;
using session::Verdict;

/// A grant that a filter cannot do without, in one context and direction.
///
/// `least` is also the most that the filter may do there, however much more the session grants: `write` lets it emit,
/// `redact` lets it redact, everything else is reading. Filters that enforce need `inspect` at least, so that nothing
/// gets round them.
struct Need {
  std::string context;
  Direction direction;
  Grant least;
  bool operator==(const Need&) const = default;
};

/// A piece of a message as a filter sees it: what the filters before it made of what arrived. `bytes` lives until the
/// call returns.
struct FilterPart : session::Part {
  std::string_view context_name;
  Grant right;  // of this filter, here
};

/// What a writer puts in the place of what it was shown: only into the same context, direction and exchange.
class Emitter {
 public:
  virtual ~Emitter() = default;
  /// @param bytes  copied or sent on before the call returns
  /// @param end    the message that goes on ends here; nothing may follow before the message shown has ended too
  /// @fault filter_failed  the filter may not write, or has ended the message before; or whatever the rest of the path
  /// returns
  virtual Result<> emit(Bytes bytes, bool end) = 0;

 protected:
  Emitter() = default;
  Emitter(const Emitter&) = default;
  Emitter& operator=(const Emitter&) = default;
};

/// One filter in one session: made for it, destroyed with it, always called on the session's thread.
class Filter {
 public:
  virtual ~Filter() = default;

  /// Shown every part of the contexts and directions in its needs, in order.
  ///
  /// The answer (for what was emitted during the call stands before it):
  ///   pass      the part goes on as it is, and nothing is kept back
  ///   replaced  only for writers: what was emitted goes on instead, and nothing is kept back
  ///   hold      only for writers: something is kept back; nothing that came later, in whatever context of this
  ///   direction, goes
  ///             out before it is emitted. Not for a part that ends its message
  ///   redact    only with the right `redact`: a tombstone goes on; an empty part and a tombstone pass
  ///   later     an engine is being asked. Nothing of this direction is shown or goes on until on_answer; whoever says
  ///   this sees to it that SessionInfo::recall is used, within a bounded time
  /// One message in, one message out: by the time a message ends, what the filter put in its place has ended too. To
  /// stop a message, fail with blocked_by_policy. A tombstone (`part.redacted`) that passes may become that many octets
  /// 'x'.
  ///
  /// @param out  of use to writers only; lives until the call returns
  /// @fault whatever ends the session: blocked_by_policy, limit_exceeded, filter_failed. The detail is for the log: no
  /// content
  virtual Result<Verdict> on_part(const FilterPart& part, Emitter& out) = 0;

  /// Asked for when recall() was used for the direction of a part that this filter said `later` to, maybe for another's
  /// sake. `part` is the same, with its octets, and so are the answers, `later` too.
  virtual Result<Verdict> on_answer(const FilterPart&, Emitter&) {
    return Error{Fault::filter_failed, "it has no engine that could answer"};
  }

  /// The session is over, however it ended: a message that has not ended never will. Nothing can be emitted any more.
  virtual void on_session_end() {}

 protected:
  Filter() = default;
  Filter(const Filter&) = default;
  Filter& operator=(const Filter&) = default;
};

/// One `[[filter]]` of the configuration, its options already checked. Immutable: sessions of all threads share it.
class FilterFactory {
 public:
  virtual ~FilterFactory() = default;
  /// The kind: "log", "edit".
  virtual std::string_view name() const = 0;
  /// False if a filter of this kind could act in no session of this profile, whatever was granted.
  virtual bool can_act_in(const session::ProfileTraits& profile) const = 0;
  /// What the filter needs in this session, each context and direction once. All of it must be granted for the filter
  /// to act.
  virtual std::vector<Need> needs(const SessionInfo& session) const = 0;
  /// @param session  outlives the filter
  virtual Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const = 0;

 protected:
  FilterFactory() = default;
  FilterFactory(const FilterFactory&) = default;
  FilterFactory& operator=(const FilterFactory&) = default;
};
using Factories = std::vector<std::shared_ptr<const FilterFactory>>;

}  // namespace louver::filter

#pragma once

#include <array>

#include "base/bytes.h"
#include "session/part.h"
#include "session/profile_traits.h"

namespace louver::profile::stream1 {

/// The contexts of `stream/1`: one for each direction, and everything belongs to exchange 0.
inline constexpr std::array<session::ContextTraits, 2> contexts = {{
    {.name = "upstream", .directions = 1},    // client to server
    {.name = "downstream", .directions = 2},  // server to client
}};

inline constexpr session::ProfileTraits traits = {
    .name = "stream/1", .exchanges = false, .multiplexed = false, .contexts = contexts};

/// The ids that the Hello gave to the contexts above.
struct ContextIds {
  ContextId upstream;
  ContextId downstream;
};

/// One end of `stream/1`: the bytes of a TCP connection as one message in each direction. Its end is the end of the
/// message, behind which the role sends FIN; without both, the stream was cut off. docs/protocol.md, annex stream/1
class Codec {
 public:
  /// @param end    client: sends upstream; server: sends downstream
  /// @param parts  outlives the codec; the way into the session
  Codec(Side end, const ContextIds& ids, session::PartSink& parts) : end_(end), ids_(ids), parts_(parts) {}

  /// Passes bytes of the connection on at once.
  /// @fault closed  behind application_closed()
  Result<> from_application(Bytes input);
  /// The connection's direction has ended in order. (If not, end the session without FIN instead.)
  Result<> application_closed();

  /// A part of the session: returns the bytes for the connection; a tombstone's are so many `x`. Valid until the next
  /// call, and no longer than the part.
  ///
  /// @fault record_context, record_exchange  a part that the profile does not have
  /// @fault record_order    behind the end
  /// @fault limit_exceeded  a tombstone that states more than a record can hold
  Result<Bytes> from_path(const session::Part& part);

  /// The other end has ended its stream: shut the connection's direction down behind what from_path returned.
  bool path_ended() const { return path_ended_; }
  /// The session gives no more parts. @return true if the stream is whole; else reset the connection.
  bool on_session_end(bool clean) const { return clean && path_ended_; }

 private:
  Result<> emit(Bytes bytes, bool end);

  Side end_;
  ContextIds ids_;
  session::PartSink& parts_;
  Buffer fill_;
  bool application_ended_ = false;
  bool path_ended_ = false;
};

}  // namespace louver::profile::stream1

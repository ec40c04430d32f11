#pragma once

#include "session/audit_judgement.h"
#include "session/receiver.h"
#include "session/relay_session.h"
#include "vectors/path.h"

namespace louver::vectors {

/// The parties of one session, as they run: senders and receivers at the ends, relays between.
class Run {
 public:
  /// @param path  must outlive the run
  static Result<Run> make(const Path& path);

  /// Lets the author of a direction do one step and carries it to the other end.
  /// @return the records on each hop, and what the sink took
  /// @fault bad_value: not the author, or a middlebox that cannot do what the step says; whatever an engine refuses
  Result<Json> step(const Step& what);
  /// What the parties have stated of audited messages since the last call, in the order of the path from the author of
  /// that direction on. docs/protocol.md §9
  std::vector<session::Attested> take_values(Direction direction);

 private:
  explicit Run(const Path& path) : path_(&path) {}
  Result<> audit();
  Result<Buffer> author(const Step& what);
  Result<Json> carry(const Step& what, Buffer bytes);
  Result<Buffer> relay(const Step& what, std::size_t party, Buffer bytes);
  Result<Json> deliver(Direction direction, MutableBytes bytes);

  const Path* path_;
  std::array<std::unique_ptr<session::AuditBook>, 2> books_;       // the client's and the server's
  std::vector<std::unique_ptr<session::Sender>> senders_;          // by direction
  std::vector<std::unique_ptr<session::Receiver>> receivers_;      // by direction
  std::vector<std::unique_ptr<session::ExchangeLedger>> ledgers_;  // by direction
  std::vector<std::unique_ptr<session::RelaySession>> relays_;     // from M1 on
};

/// One record as it is on the hop behind the party of that rank, each tag named by the party that checks or fills it.
Result<Json> describe_record(const Path& path, const wire::FrameView& frame, Direction direction, std::size_t rank);

/// What a party that may open the record took of it; padding alone and FIN have no part.
Json describe_taken(const session::AcceptedRecord& record, const std::optional<session::Part>& part);

/// Opens a record at a party that may. `plaintext` keeps what the part's octets lie in.
Result<std::optional<session::Part>> open_record(session::Receiver& receiver, const session::AcceptedRecord& record,
                                                 Buffer& plaintext);

}  // namespace louver::vectors

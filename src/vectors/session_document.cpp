#include "vectors/captured_session.h"
#include "vectors/document.h"
#include "vectors/vectors.h"

namespace louver::vectors {

Result<Json> compute_session(const Place& inputs) {
  LOUVER_ASSIGN(const Capture capture, read_capture(inputs));
  LOUVER_ASSIGN(const CapturedChannels channels, read_channels(capture));
  LOUVER_ASSIGN(CapturedAgreement agreed, check_agreement(capture, channels));
  if (agreed.path.terms().audits())
    return Error{Fault::bad_value, "/inputs/association: a recorded session that is audited cannot be checked"};
  LOUVER_ASSIGN(Json joins, check_joins(capture, agreed));
  LOUVER_ASSIGN(Json records, check_records(capture, agreed));
  return Json{{"format", session_format},
              {"inputs", inputs.json()},
              {"hello_hash", to_hex(agreed.hello_hash)},
              {"channels", to_json(channels)},
              {"manifest", to_hex(wire::encode(agreed.manifest))},
              {"manifest_hash", to_hex(agreed.manifest_hash)},
              {"association", to_hex(agreed.path.client().id)},
              {"suite", agreed.path.terms().suite().name},
              {"e2e", to_hex(agreed.roots.e2e)},
              {"secrets", secrets_of(agreed.roots, agreed.path)},
              {"joins", std::move(joins)},
              {"records", std::move(records)},
              {"receipts", Json::array()}};
}

}  // namespace louver::vectors

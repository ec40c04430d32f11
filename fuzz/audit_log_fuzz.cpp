#include "observe/audit_verify.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;

/// Any file that calls itself an audit log: it is judged, line by line, and no line behind a bad one counts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto trust = *tls::Trust::from_pem("", {});
  const auto report = observe::verify_audit_log(as_text(fuzz::input_of(data, size)), trust);
  fuzz::require(report.bad.has_value() || report.lines != 0, "an empty log is no good one");
  fuzz::require(!report.bad || report.bad->line <= report.lines, "a bad line is one of the log");
  return 0;
}

#include "support/require.h"
#include "support/script.h"
#include "vectors/document.h"

using namespace louver;
using fuzz::require;

/// Whatever a document says, it agrees, differs or is refused in one line: no exception, no endless work.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = vectors::parse(as_text(fuzz::input_of(data, size)));
  if (!document) return 0;
  const auto found = vectors::verify(*document);
  if (!found) require(found.error().detail.find('\n') == std::string::npos, "a refusal is one line");
  if (!found) return 0;
  for (const std::string& line : *found) require(line.find('\n') == std::string::npos, "a difference is one line");
  const auto again = vectors::compute((*document)["format"].get<std::string>(), (*document)["inputs"]);
  require(again && vectors::difference(*again, *again).empty(), "what is computed agrees with itself");
  return 0;
}

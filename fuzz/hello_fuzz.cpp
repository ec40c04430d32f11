#include "support/require.h"
#include "support/script.h"
#include "wire/hello.h"

using namespace louver;
using fuzz::require;

/// A Hello that is taken says the same when it is written again, and keeps the bounds of docs/protocol.md §3.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = fuzz::input_of(data, size);
  const auto hello = wire::decode_hello(input);
  if (!hello) return 0;
  require(equal(wire::encode(*hello), input), "a Hello makes its octets again");
  require(hello->middleboxes() <= limits::middleboxes_on_the_wire, "middleboxes are bounded");
  require(hello->grants.bytes.size() == hello->middleboxes() * hello->contexts.items.size(),
          "one octet for each grant");
  for (const wire::Party& party : hello->route.items)
    require(wire::is_party_name(party.name.text()), "parties have names");
  const auto known = wire::read_extensions(hello->extensions);
  require(known.has_value(), "the extensions of a good Hello are good");
  const auto again = wire::read_extensions(wire::write_extensions(*known));
  require(again && again->audit == known->audit && again->max_record == known->max_record &&
              again->profile == known->profile,
          "extensions say the same when they are written again");
  require(!wire::to_text(*hello).empty(), "a Hello can be printed");
  return 0;
}

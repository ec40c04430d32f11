#include "filter/edit/edit_filter.h"
#include "filter/log/log_filter.h"
#include "filter/test_support.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::filter;
using fuzz::require;

namespace {

Factories two_filters() {
  auto edit = edit::make_edit({.remove = {"x-debug"}, .set = {{"x-seen", "yes"}}, .rewrite_path = {{"/api", "/v1"}}});
  auto log = log::make_log({.payload = true, .write = [](const log::LogRecord& record) {
                              require(!record.excerpt || record.excerpt->size() <= 4 * log::excerpt_characters,
                                      "excerpts are short");
                            }});
  require(edit.has_value() && log.has_value(), "the options make sense");
  return {*edit, *log};
}

/// What goes on in the place of a head is one, if there was one head only.
void check_head(const test::TestRelay& relay, std::uint32_t exchange) {
  if (relay.ends("request-head", Direction::c2s, exchange) != 1) return;
  const std::string head = relay.text("request-head", Direction::c2s, exchange);
  require(http::parse_head(http::HeadKind::request, as_bytes(head)).has_value(), "an edited head is canonical");
}

}  // namespace

/// A chain with an edit filter, shown whatever the script says in whatever pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Factories factories = two_filters();
  static const test::TestSession session = test::all_writable();
  static constexpr std::string_view contexts[] = {"request-head", "request-body", "response-head", "response-body"};
  fuzz::Script script{fuzz::input_of(data, size)};
  test::TestRelay relay{session, factories};
  Result<> result;
  std::uint32_t exchange = 1;
  while (!script.done() && result) {
    const std::uint8_t order = script.octet();
    const std::string_view context = contexts[order & 3];
    test::OwnedPart part{
        session.id(context), (order & 2) == 0 ? Direction::c2s : Direction::s2c, Exchange{exchange}, {}};
    part.redacted = (order & 0xf0) == 0xf0;
    part.end = (order & 4) != 0 && !part.redacted;
    if (part.redacted) part.redacted_bytes = script.number();
    if (!part.redacted) part.bytes = as_text(script.string());
    result = relay.feed(part);
    if (result && part.end && (order & 3) == 0) check_head(relay, exchange);
    if ((order & 8) != 0) ++exchange;
  }
  relay.chain().on_session_end();
  return 0;
}

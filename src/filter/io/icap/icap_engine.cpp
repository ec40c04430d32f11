#include "filter/io/icap/icap_engine.h"

#include "filter/io/desk_engine.h"
#include "filter/io/icap/desk.h"

namespace louver::filter::icap {
namespace {

using IcapEngine = DeskEngine<Desk, ClientOptions>;

bool is_service(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

Error wrong_section(const std::string& what) { return {Fault::configuration, "filter icap: " + what}; }

}  // namespace

Result<std::shared_ptr<ask::Engine>> make_icap(ClientOptions options) {
  if (!is_service(options.reqmod) || !is_service(options.respmod)) return wrong_section("a service without a name");
  if (options.connections == 0 || options.answer_within <= Duration{} || options.connect_within <= Duration{})
    return wrong_section("no connections, or no time to answer");
  if (options.message_most == 0 || options.changed_most > limits::held_bytes)
    return wrong_section("messages without octets, or more in their place than may be held");
  LOUVER_ASSIGN(auto thread, runtime::LoopThread::start());
  return std::shared_ptr<ask::Engine>{std::make_shared<IcapEngine>(std::move(options), std::move(thread))};
}

}  // namespace louver::filter::icap

#include "role/demo/agent_key/model.h"

#include "role/demo/agent_key/cast.h"

namespace louver::role::demo::agent_key {
namespace {

constexpr std::chrono::milliseconds pause_between_pieces{60};

}  // namespace

Result<std::unique_ptr<WebApp>> start_model(const std::string& key) {
  return WebApp::start([wanted = "Bearer " + key](const Asked& asked) -> Reply {
    const bool chat = asked.target == "/v1/chat";
    if (chat && asked.authorization == wanted)
      return {.type = "text/event-stream", .pieces = model_pieces(), .pause = pause_between_pieces};
    const std::string text = asked.target == "/v1/whoami"
                                 ? "You are known by " + asked.authorization + "\n"
                                 : "The credential has " + std::to_string(asked.authorization.size()) + " octets.\n";
    return {.status = chat ? 401U : 200U, .pieces = {text}};
  });
}

const std::vector<std::string>& model_pieces() {
  static const std::vector<std::string> all = [] {
    const std::string whole{address};
    return std::vector<std::string>{
        "data: Thank you for asking, Jane.\n\n",           "data: Order 4711 left our warehouse on Monday.\n\n",
        "data: It is on its way to your old address.\n\n", "data: I have told the carrier that you moved.\n\n",
        "data: The receipt went to " + whole.substr(0, 6), whole.substr(6, 7),
        whole.substr(13) + " this morning.\n\n",           "data: Is there anything else?\n\n"};
  }();
  return all;
}

}  // namespace louver::role::demo::agent_key

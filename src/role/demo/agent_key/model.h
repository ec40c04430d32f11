#pragma once

#include "role/demo/web_app.h"

namespace louver::role::demo::agent_key {

/// The application behind the gateway: a model with an API that wants a key.
///
/// POST /v1/chat with the key: the answer as a stream of events. GET /v1/whoami: tells whoever asks which key he sent,
/// as careless error pages do. Everything else: what the key was, as a length.
/// @fault configuration
Result<std::unique_ptr<WebApp>> start_model(const std::string& key);

/// The pieces of the streamed answer. The address lies across three of them.
const std::vector<std::string>& model_pieces();

}  // namespace louver::role::demo::agent_key

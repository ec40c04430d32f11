#pragma once

#include "role/demo/web_app.h"

namespace louver::role::demo::pay {

/// The bank's application. GET /: a page with the form. POST /pay: a receipt, or 400 for another form.
/// @fault configuration
Result<std::unique_ptr<WebApp>> start_bank();

/// The form as a browser sends it, filled in.
std::string filled_form();

}  // namespace louver::role::demo::pay

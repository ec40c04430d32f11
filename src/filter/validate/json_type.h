#pragma once

#include "filter/http/head.h"

namespace louver::filter::validate {

/// Why whoever goes by this head would not read its body as JSON in UTF-8 without a coding; null if he would.
const char* why_no_json(const http::Head& head);

}  // namespace louver::filter::validate

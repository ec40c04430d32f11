#pragma once

#include "base/limits.h"
#include "filter/filter.h"
#include "filter/validate/schema.h"

namespace louver::filter::validate {

struct ValidateOptions {
  std::vector<std::string> contexts = {};  // bodies; empty: those on which the session grants enough
  std::shared_ptr<const Schema> schema = {};
  std::size_t message_most = 256 * 1024;  // octets of a body; a longer one is stopped
  JsonBounds bounds = {};
};

/// Stops every body that is not JSON as the schema wants it; a body without an octet is none. Needs inspect: then the
/// end of a body waits for the verdict. With write, all of it waits.
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_validate(ValidateOptions options);

}  // namespace louver::filter::validate

#pragma once

#include <memory>

#include "config/config.h"
#include "role/journal.h"

namespace louver::cli {

/// The journal of a process: events as lines of the log that its configuration describes.
class EventJournal final : public role::Journal {
 public:
  static Result<std::unique_ptr<EventJournal>> open(const config::Log& log);
  void write(Level level, std::string_view event, std::initializer_list<Field> fields) override;
};

}  // namespace louver::cli

#include "cli/event_journal.h"

#include <iostream>

namespace louver::cli {

Result<std::unique_ptr<EventJournal>> EventJournal::open(const config::Log&) { return std::make_unique<EventJournal>(); }

void EventJournal::write(Level, std::string_view event, std::initializer_list<Field> fields) {
  std::string line{event};
  for (const Field& f : fields) {
    line += " " + std::string{f.name} + "=";
    if (const auto* text = std::get_if<std::string>(&f.value)) line += *text;
    if (const auto* number = std::get_if<std::int64_t>(&f.value)) line += std::to_string(*number);
    if (const auto* flag = std::get_if<bool>(&f.value)) line += *flag ? "true" : "false";
  }
  std::cerr << line + "\n";
}

}  // namespace louver::cli

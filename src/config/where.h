#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "config/value.h"

namespace louver::config {

/// The file that is being read and for whom.
struct Source {
  std::string file;  // as the user named it
  Role role;
};

/// What is being read: makes the messages.
class Where {
 public:
  explicit Where(const Source& source) : source_(&source) {}

  const Source& source() const { return *source_; }
  /// "route.port"; empty at the top of the file.
  const std::string& key() const { return key_; }
  Where inside(std::string_view key) const;

  /// "file:line:column"
  std::string at(Place place) const;
  /// "file:line:column: text"
  Error plain(Place place, const std::string& text) const;
  /// "file:line:column: key: text"
  Error wrong(Place place, const std::string& text) const;
  /// "file:line:column: key: expected .., found .."
  Error expected(std::string_view what, const Value& found) const;

 private:
  const Source* source_;
  std::string key_;
};

/// A value for messages: strings in quotes, cut and printable, with a warning of letters that only look like ASCII.
std::string show_found(const Value& value);
/// "text" in quotes, printable, cut.
std::string in_quotes(std::string_view text);
/// " (it has letters that are not ASCII)" where that is so: look-alike letters are hard to see.
std::string warning_of_lookalikes(std::string_view text);

}  // namespace louver::config

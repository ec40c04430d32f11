#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/time.h"
#include "filter/secret/credential.h"

namespace louver::filter::command {

struct CommandOptions {
  /// [0] is the path of the program, from the root; there is no search and no shell.
  std::vector<std::string> command = {};
  /// "NAME=value" each: all that it finds in its environment.
  std::vector<std::string> environment = {};
  Duration answer_within = std::chrono::seconds{10};
  /// How long a credential counts from when it was printed; nothing: for ever.
  std::optional<Duration> valid_for = {};
  Duration first_pause = std::chrono::seconds{1};  // before the program is run again that has failed; doubled each time
  Duration longest_pause = std::chrono::seconds{30};
  /// That it has failed to print another. Called on a thread of the source's own.
  std::function<void(std::string_view what)> tell = {};
};

/// Runs a program that prints a credential on its standard output and ends: now, and again when three quarters of
/// `valid_for` have passed. What it prints on its standard error is read by nobody, as it may hold the credential.
///
/// Returns when the first one is there.
/// @fault configuration  the program cannot be run, ends otherwise than with 0, is late, or prints what is no
/// credential
Result<std::shared_ptr<const secret::Source>> make_command_source(CommandOptions options);

}  // namespace louver::filter::command

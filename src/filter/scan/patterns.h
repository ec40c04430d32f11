#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace louver::filter::scan {

/// What is looked for, under the name that logs and users are told.
struct Rule {
  std::string name;
  std::string pattern;  // a regular expression of Vectorscan, case-sensitive unless it begins with (?i)
};

/// Compiled rules, searched all at once. Immutable: shared by all threads.
class Patterns {
 public:
  /// @fault configuration  a pattern that cannot be searched for in a stream; the detail names the rule
  static Result<std::shared_ptr<const Patterns>> compile(std::span<const Rule> rules);
  virtual ~Patterns() = default;
  Patterns(const Patterns&) = delete;
  Patterns& operator=(const Patterns&) = delete;

  /// One message that is searched as its pieces come; a match may lie across any number of them.
  class Stream {
   public:
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    /// @return the rule of the first match that ends in `piece`
    /// @fault filter_failed
    virtual Result<std::optional<std::size_t>> search(Bytes piece) = 0;
    /// The message is over: matches that only its end decides ("$").
    virtual Result<std::optional<std::size_t>> end() = 0;

   protected:
    Stream() = default;
  };
  /// @fault filter_failed  no memory
  virtual Result<std::unique_ptr<Stream>> begin() const = 0;
  virtual const std::string& name(std::size_t rule) const = 0;

 protected:
  Patterns() = default;
};

}  // namespace louver::filter::scan

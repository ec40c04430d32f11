#pragma once

#include <cstdint>
#include <functional>
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
  std::string pattern;     // a regular expression of Vectorscan, case-sensitive unless it begins with (?i)
  std::string place = {};  // where it stands, "rules.txt:17"; empty: in the configuration
  bool operator==(const Rule&) const = default;
};
/// `rules.txt:17: rule "name"`, for messages.
std::string title_of(const Rule& rule);

/// Bounds of a set of rules, so that neither starting nor a session takes more than a machine has.
inline constexpr std::size_t rules_most = 10'000;
inline constexpr std::size_t pattern_octets_most = 4096;              // of one
inline constexpr std::size_t stream_octets_most = 256 * 1024;         // state of each message that is searched
inline constexpr std::size_t scratch_octets_most = 16 * 1024 * 1024;  // of each thread that searches
inline constexpr std::size_t match_octets_most = 1024;                // the longest match that can be replaced

/// A place where a rule matched, in octets from the beginning of the message.
struct Match {
  std::size_t rule;
  std::uint64_t from;  // 0 if only ends were wanted
  std::uint64_t to;
};

/// Compiled rules, searched all at once. Immutable: shared by all threads.
class Patterns {
 public:
  enum class Want : std::uint8_t {
    ends,   // whether and where a match ends
    whole,  // where it begins too, for rules whose matches have a longest form of match_octets_most
  };
  /// @fault configuration  a pattern that cannot be searched for in a stream, or rules beyond the bounds; the detail
  /// names the rule
  static Result<std::shared_ptr<const Patterns>> compile(std::span<const Rule> rules, Want want = Want::ends);
  virtual ~Patterns() = default;
  Patterns(const Patterns&) = delete;
  Patterns& operator=(const Patterns&) = delete;

  /// Told of every match, in no certain order. Must not throw.
  using OnMatch = std::function<void(const Match&)>;

  /// One message that is searched as its pieces come; a match may lie across any number of them.
  class Stream {
   public:
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    /// All matches that `piece` decides; those that end in it, but for what only the next octet decides ("\b").
    /// @fault filter_failed
    virtual Result<> search(Bytes piece, const OnMatch& on_match) = 0;
    /// The message is over: matches that only its end decides ("$"). Nothing may be searched then.
    virtual Result<> end(const OnMatch& on_match) = 0;

   protected:
    Stream() = default;
  };
  /// @fault filter_failed  no memory
  virtual Result<std::unique_ptr<Stream>> begin() const = 0;
  virtual const std::string& name(std::size_t rule) const = 0;
  /// Octets of the longest match of a rule; 0 where only ends were wanted.
  virtual std::size_t longest(std::size_t rule) const = 0;
  /// A match of the rule may depend on the end of the message.
  virtual bool knows_the_end(std::size_t rule) const = 0;

 protected:
  Patterns() = default;
};

}  // namespace louver::filter::scan

#pragma once

#include <optional>

#include "filter/ask/engine.h"

/// What goes over a worker's input and output: frames of a JSON object and octets, each with its length in front
/// (uint32, network order). docs/filters.md, "The protocol of a worker"
namespace louver::filter::exec {

inline constexpr std::size_t header_most = std::size_t{16} * 1024;  // octets of the JSON in an answer

/// A question as a worker reads it.
Buffer make_frame(std::uint64_t id, const ask::Question& question);

/// An answer, and what it says it answers.
struct Said {
  std::uint64_t id = 0;
  ask::Answer answer;
};

/// Cuts what a worker writes into answers, and takes nothing but answers: no length beyond its limit is waited for, no
/// unknown, repeated or missing member is overlooked.
class AnswerReader {
 public:
  /// @param octets_most  of what an answer may put in a message's place
  explicit AnswerReader(std::size_t octets_most) : octets_most_(octets_most) {}

  void add(Bytes octets) { append(unread_, octets); }
  /// The next whole answer; nothing if more must come first. To be called until then after each add().
  /// @fault filter_failed  this is no answer; the detail says what is wrong with it, and holds nothing of it
  Result<std::optional<Said>> next();

 private:
  Result<std::optional<Bytes>> block_at(std::size_t place, std::size_t most, std::string_view what) const;

  std::size_t octets_most_;
  Buffer unread_;
};

}  // namespace louver::filter::exec

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "filter/filter.h"

/// Filters that ask somebody outside: a worker process, a server.
namespace louver::filter::ask {

/// What is the same for all questions of a session.
struct Facts {
  std::string session;
  std::string profile;
  std::vector<std::string> path;  // the middleboxes and the server, in the order in which a request meets them
  std::size_t self = 0;           // this middlebox's place in `path`
};

/// A message, or a piece of one, on which a verdict is wanted.
struct Question {
  std::shared_ptr<const Facts> facts;
  std::string context;
  Direction direction{};
  Exchange exchange{};
  Grant right{};     // what the answer may do
  bool end = false;  // the message ends with these octets
  Buffer octets;
  /// The heads of the exchange that came before; null where they are not told (AskOptions::with_heads).
  std::shared_ptr<const std::string> request_head = {};
  std::shared_ptr<const std::string> response_head = {};
};

enum class Judgement : std::uint8_t { pass, replace, redact, block };
struct Answer {
  Judgement judgement = Judgement::pass;
  Buffer octets = {};       // replace
  std::string reason = {};  // block: told to both ends and to the user
};

/// The other side. Shared by sessions of all threads.
class Engine {
 public:
  using Done = std::function<void(Result<Answer>)>;
  virtual ~Engine() = default;
  /// Sessions will soon ask.
  virtual void warm_up() {}
  /// Calls `done` once, from whatever thread, never from within this call, and within a bounded time: a fault says that
  /// there is no answer, and why.
  /// @return  for forget()
  virtual std::uint64_t ask(Question question, Done done) = 0;
  /// Nobody waits for that answer any more.
  virtual void forget(std::uint64_t number) = 0;
  /// The session is over: of its messages that have not ended nothing more is asked. For engines that remember pieces.
  virtual void leave(std::shared_ptr<const Facts>) {}

 protected:
  Engine() = default;
  Engine(const Engine&) = default;
  Engine& operator=(const Engine&) = default;
};

}  // namespace louver::filter::ask

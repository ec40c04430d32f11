#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace louver::role::demo {

/// A request as an application behind the gateway received it.
struct Asked {
  std::string method, target, authorization, body;
};

/// What it answers.
struct Reply {
  unsigned status = 200;
  std::string type = "text/plain";
  std::vector<std::string> pieces;  // of the body; several are sent one by one, in chunks
  Duration pause{};                 // behind each of several
};

/// An application with an HTTP interface, behind the gateway of a demonstration, on a thread of its own.
class WebApp {
 public:
  using Answer = std::function<Reply(const Asked&)>;  // called on that thread

  /// Listens on a free port of 127.0.0.1.
  /// @fault configuration
  static Result<std::unique_ptr<WebApp>> start(Answer answer);
  virtual ~WebApp() = default;
  WebApp(const WebApp&) = delete;
  WebApp& operator=(const WebApp&) = delete;

  virtual std::uint16_t port() const = 0;
  /// The requests so far, in order.
  virtual std::vector<Asked> asked() const = 0;
  /// When the last piece of an answer in several was written.
  virtual TimePoint last_piece_at() const = 0;

 protected:
  WebApp() = default;
};

}  // namespace louver::role::demo

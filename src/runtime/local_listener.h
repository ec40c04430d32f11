#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "runtime/socket.h"

namespace louver::runtime {

class Loop;

/// Accepts connections of this machine's users on a Unix socket that only its owner can reach: the file has mode 0600
/// from the moment it exists, and whoever connects must be the same user or root. Lives on its loop's thread.
class LocalListener {
 public:
  using OnSocket = std::function<void(Socket socket)>;
  /// Is told in words that somebody else tried, or that the system has no descriptors left; at most every ten seconds.
  using OnTrouble = std::function<void(const std::string& what)>;

  /// Takes the place of a socket that a process left behind, never of one that answers or of another kind of file.
  /// @fault configuration  names the path and the remedy
  static Result<std::unique_ptr<LocalListener>> open(Loop& loop, const std::string& path, OnSocket on_socket,
                                                     OnTrouble on_trouble);
  LocalListener(const LocalListener&) = delete;
  LocalListener& operator=(const LocalListener&) = delete;
  /// Stops listening and removes the file, if it is still the one that was made here.
  ~LocalListener();

 private:
  class Acceptor;
  explicit LocalListener(std::shared_ptr<Acceptor> acceptor);
  std::shared_ptr<Acceptor> acceptor_;
};

/// Connects to such a socket, sends one line and reads one line back: for a program that does nothing else meanwhile.
/// @param most_octets  of the answer
/// @fault configuration  nobody listens there, or this user may not; connection_lost, timeout: no whole answer came
Result<std::string> ask_locally(const std::string& path, std::string_view line, std::size_t most_octets,
                                Duration at_most);

}  // namespace louver::runtime

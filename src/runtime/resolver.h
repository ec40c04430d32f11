#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/address.h"
#include "runtime/loop.h"

namespace louver::runtime {

/// Addresses of one name, in the order in which they should be tried.
using Addresses = std::vector<IpAddress>;

/// Asks the system (getaddrinfo): blocks. At most 16 addresses, each once.
/// @fault next_hop_refused  the detail says why there is none
Result<Addresses> look_up_in_system(const std::string& name);

/// Resolves names on threads of its own, a few at a time, so that a dead name server delays neither a loop nor the end
/// of the program. From any thread.
class Resolver {
 public:
  using Lookup = std::function<Result<Addresses>(const std::string& name)>;
  using Callback = std::function<void(Result<Addresses>)>;

  explicit Resolver(Lookup lookup = look_up_in_system, std::size_t most_threads = 4);

  /// Calls `callback` on the loop's thread, if `requester` still lives when its turn comes and when there is an answer.
  void resolve(std::string name, LoopHandle loop, std::weak_ptr<void> requester, Callback callback);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace louver::runtime

#pragma once

#include "role/manager.h"
#include "runtime/local_listener.h"

namespace louver::role {

/// The socket on which `louver control` reaches a process: one line of JSON in, one out, then the connection closes.
/// Lives on loop 0.
class ControlSocket {
 public:
  /// @fault configuration: the path cannot be had
  static Result<std::unique_ptr<ControlSocket>> open(runtime::Loop& loop, Station& station, Manager& manager,
                                                     const std::string& path);
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;
  ~ControlSocket();

 private:
  class Talk;
  ControlSocket(runtime::Loop& loop, Manager& manager) : loop_(loop), manager_(manager) {}
  void accept(runtime::Socket socket);
  void forget(const Talk& talk);

  runtime::Loop& loop_;
  Manager& manager_;
  std::vector<std::shared_ptr<Talk>> talks_;
  std::unique_ptr<runtime::LocalListener> listener_;
};

}  // namespace louver::role

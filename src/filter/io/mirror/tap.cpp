#include "filter/io/mirror/tap.h"

#include <map>
#include <mutex>

namespace louver::filter::mirror {

Result<> Tap::open() {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<PcapServer>> servers;  // of the process, by place
  const std::lock_guard lock{mutex};
  std::erase_if(servers, [](const auto& one) { return one.second.expired(); });
  const std::string place = options_.place();
  if (const auto found = servers.find(place); found != servers.end()) server_ = found->second.lock();
  if (server_ != nullptr && !server_->is_closed()) return {};
  LOUVER_ASSIGN(server_, PcapServer::open(options_));
  servers[place] = server_;
  return {};
}

void Tap::enter() {
  if (server_ != nullptr) server_->enter(options_.admits);
}

void Tap::leave() {
  if (server_ != nullptr) server_->leave();
}

}  // namespace louver::filter::mirror

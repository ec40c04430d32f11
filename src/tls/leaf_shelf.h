#pragma once

#include <map>
#include <mutex>
#include <set>

#include "tls/local_leaf.h"

namespace louver::tls {

/// The certificates of an https listener, one for each of its hosts and no other; each is made when it is first asked
/// for, and anew at half its life. From any thread.
class LeafShelf {
 public:
  LeafShelf(std::shared_ptr<const LocalAuthority> authority, const std::vector<std::string>& hosts)
      : authority_(std::move(authority)), hosts_(hosts.begin(), hosts.end()) {}

  bool has(const std::string& host) const { return hosts_.contains(host); }
  /// Gives the connection the host's certificate. @fault internal_error
  Result<> show(SSL& ssl, const std::string& host, WallTime now);

 private:
  std::shared_ptr<const LocalAuthority> authority_;
  std::set<std::string> hosts_;
  std::mutex mutex_;
  std::map<std::string, LocalLeaf> leaves_;  // at most one for each host
};

}  // namespace louver::tls

#include "config/fixed.h"

#include <algorithm>

namespace louver::config {
namespace {

class Fixed {
 public:
  template <class T>
  void keep(const char* key, const T& running, T& fresh) {
    if (running == fresh) return;
    fresh = running;
    differing_.emplace_back(key);
  }
  template <class T, class Same>
  void keep(const char* key, const T& running, T& fresh, const Same& same) {
    if (std::ranges::equal(running, fresh, same)) return;  // in what is compared; the rest counts as it is now
    differing_.emplace_back(key);
    fresh = running;
  }
  void keep_common(const Common& running, Common& fresh) {
    keep("threads", running.threads, fresh.threads);
    keep("log", running.log, fresh.log);
    keep("limits", running.limits, fresh.limits);
    keep("control", running.control, fresh.control);
    keep("debug", running.debug, fresh.debug);
  }
  std::vector<std::string> differing() && { return std::move(differing_); }

 private:
  std::vector<std::string> differing_;
};

/// Wherever they stand in the file, and whomever they serve: that counts at once.
bool same_http(const HttpListener& a, const HttpListener& b) {
  return a.listen == b.listen && a.socket_mode == b.socket_mode && a.mode == b.mode && a.route == b.route &&
         a.hosts == b.hosts && a.resend == b.resend && a.tls == b.tls;
}
bool same_tcp(const TcpListener& a, const TcpListener& b) {
  return a.listen == b.listen && a.socket_mode == b.socket_mode && a.route == b.route;
}

/// What listens under a name.
template <class Config>
Fixed keep_named(const Config& running, Config& fresh) {
  Fixed fixed;
  fixed.keep_common(running.common, fresh.common);
  fixed.keep("name", running.name, fresh.name);
  fixed.keep("listen", running.listen, fresh.listen);
  return fixed;
}

}  // namespace

std::vector<std::string> keep_fixed(const Agent& running, Agent& fresh) {
  Fixed fixed;
  fixed.keep_common(running.common, fresh.common);
  fixed.keep("http", running.http, fresh.http, same_http);
  fixed.keep("tcp", running.tcp, fresh.tcp, same_tcp);
  fixed.keep("audit", running.audit, fresh.audit);
  fixed.keep("local_ca", running.local_ca, fresh.local_ca);
  return std::move(fixed).differing();
}

std::vector<std::string> keep_fixed(const Middlebox& running, Middlebox& fresh) {
  return keep_named(running, fresh).differing();
}

std::vector<std::string> keep_fixed(const Gateway& running, Gateway& fresh) {
  Fixed fixed = keep_named(running, fresh);
  fixed.keep("audit", running.audit, fresh.audit);
  return std::move(fixed).differing();
}

}  // namespace louver::config

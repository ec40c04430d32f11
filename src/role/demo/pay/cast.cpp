#include "role/demo/pay/cast.h"

#include "role/demo/toml_text.h"

namespace louver::role::demo::pay {
namespace {

std::string lifted_text(std::string_view table, bool lifts) {
  std::string out;
  for (const std::string_view name : lifted) {
    if (lifts)
      out += "\n[[" + std::string{table} + "]]\n" + toml_line("name", toml_text(name)) +
             toml_line("from", toml_text("form:" + std::string{name}));
  }
  return out;
}

std::string audit_text(const std::string& directory, const char* file) {
  return "\n[audit]\n" + toml_line("log", toml_text(directory + "/" + file));
}

}  // namespace

std::string bank_text(const std::string& directory, std::uint16_t next, bool lifts) {
  return gateway_text(directory, path, next) + lifted_text("context", lifts) + "\n[policy]\n" +
         toml_line("audit", toml_text("all")) + toml_line("require_audit", "true") + audit_text(directory, bank_audit);
}

/// Its log stands before the filter: it shows what the shop was given.
std::string shop_text(const std::string& directory, std::uint16_t next, const std::string& program) {
  return middlebox_text(directory, path[shop_at], path[bank_at], next) + "\n[[filter]]\n" +
         toml_line("type", toml_text("exec")) +
         toml_line("command", "[" + toml_text(program) + ", " + toml_text("demo-shop") + "]") +
         toml_line("contexts", "[" + toml_text("request-body") + "]") + toml_line("access", toml_text("write"));
}

std::string browser_text(const std::string& directory, std::uint16_t next, bool lifts) {
  return agent_text(directory, path, next, toml_line("audit", toml_text("all")) + lifted_text("route.context", lifts)) +
         "\n[[http]]\n" + toml_line("listen", loopback_text(0)) + toml_line("mode", toml_text("reverse")) +
         toml_line("route", toml_text("demo")) + audit_text(directory, browser_audit);
}

}  // namespace louver::role::demo::pay

#include "role/demo/pay/attribution.h"

#include <nlohmann/json.hpp>

#include "observe/audit_verify.h"
#include "role/demo/pay/cast.h"
#include "runtime/files.h"

namespace louver::role::demo::pay {
namespace {

constexpr std::size_t log_octets_most = 16 * 1024 * 1024;

Result<std::string> read_log(const std::string& path_of_log) {
  LOUVER_ASSIGN(const Buffer octets, runtime::read_file_checked(path_of_log, log_octets_most));
  return std::string{as_text(octets)};
}

Result<observe::AuditReport> check_log(const std::string& text, const std::shared_ptr<const tls::Trust>& trust) {
  observe::AuditReport report = observe::verify_audit_log(text, trust);
  if (report.bad) return Error{Fault::digest_differs, report.bad->what};
  if (!report.uncovered.empty()) return Error{Fault::digest_differs, report.uncovered.front().what};
  return report;
}

}  // namespace

Result<std::vector<Attribution>> attributions(const std::string& directory) {
  LOUVER_ASSIGN(const auto trust, tls::Trust::load({{directory + "/pki/ca.pem", {}}}));
  LOUVER_ASSIGN(const std::string ours, read_log(directory + "/" + browser_audit));
  LOUVER_ASSIGN(const std::string theirs, read_log(directory + "/" + bank_audit));
  LOUVER_ASSIGN(const observe::AuditReport one, check_log(ours, trust));
  LOUVER_ASSIGN(const observe::AuditReport other, check_log(theirs, trust));
  if (const auto differ = observe::compare_audit_logs(one, other)) return Error{Fault::digest_differs, *differ};

  std::vector<Attribution> out;
  std::size_t at = 0;
  for (std::size_t end = theirs.find('\n'); end != std::string::npos; at = end + 1, end = theirs.find('\n', at)) {
    const auto said = nlohmann::json::parse(theirs.substr(at, end - at), nullptr, false);
    if (!said.is_object() || said.value("type", "") != "message" || said.value("direction", "") != "c2s") continue;
    out.push_back(
        {said.value("context", ""), said.value("verdict", ""), said.value("changed", std::vector<std::size_t>{})});
  }
  return out;
}

}  // namespace louver::role::demo::pay

#include <ostream>

#include "role/demo/report.h"

namespace louver::role::demo {
namespace {

Json json_of(const std::vector<Check>& checks) {
  Json out = Json::array();
  for (const Check& one : checks) out.push_back({{"what", one.what}, {"ok", one.ok}});
  return out;
}

Json json_of(const RequestResult& one) {
  return {{"method", one.request.method},
          {"url", one.request.url},
          {"what", one.what},
          {"status", one.answer.status},
          {"sent_bytes", one.request.body.size()},
          {"received_bytes", one.answer.body.size()},
          {"checks", json_of(one.checks)},
          {"ok", one.ok()}};
}

Json json_of(const CastMember& member) {
  Json out = {{"name", member.name}, {"role", member.role}, {"purpose", member.purpose}};
  if (!member.operator_name.empty()) out["operator"] = member.operator_name;
  return out;
}

Json json_of(const Seen& seen) {
  Json out = {{"grant", seen.grant}};
  if (seen.messages) out["messages"] = *seen.messages;
  if (seen.octets) out["seen_bytes"] = *seen.octets;
  if (seen.put_octets) out["put_bytes"] = *seen.put_octets;
  return out;
}

Json json_of(const MatrixRow& row) {
  Json out = {{"context", row.context}, {"direction", row.direction}};
  for (std::size_t i = 0; i < cast.size(); ++i) out["parties"][std::string{cast[i].name}] = json_of(row.by_party[i]);
  return out;
}

Json json_of(const AttemptResult& one) {
  Json out = {{"attempt", one.plan->name}, {"what", one.plan->what}, {"by", scanner.name},
              {"noticed_by", nullptr},     {"alert", nullptr},       {"delivered_bytes", one.delivered_octets},
              {"ok", one.trouble.empty()}};
  if (!one.noticed_by.empty()) out["noticed_by"] = one.noticed_by;
  if (!one.alert.empty()) out["alert"] = one.alert;
  if (!one.fault.empty()) out["fault"] = one.fault;
  if (!one.remark.empty()) out["remark"] = one.remark;
  if (!one.trouble.empty()) out["trouble"] = one.trouble;
  return out;
}

template <class T>
Json json_of_all(const T& all) {
  Json out = Json::array();
  for (const auto& one : all) out.push_back(json_of(one));
  return out;
}

}  // namespace

void write_json(const Outcome& outcome, std::ostream& out) {
  const Json all = {{"ok", outcome.ok()},
                    {"client", outcome.play.client},
                    {"took_ms", std::chrono::duration_cast<std::chrono::milliseconds>(outcome.took).count()},
                    {"requests", json_of_all(outcome.play.requests)},
                    {"parties", json_of_all(cast)},
                    {"matrix", json_of_all(outcome.play.matrix)},
                    {"checks", json_of(outcome.play.checks)},
                    {"cheats", json_of_all(outcome.attempts)}};
  out << all.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace louver::role::demo

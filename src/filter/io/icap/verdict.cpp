#include "filter/io/icap/verdict.h"

#include <algorithm>
#include <array>

namespace louver::filter::icap {
namespace {

/// What an ICAP server may write anew in a head that it leaves as it is: of one connection, and its own signature.
bool is_of_the_hop(const std::string& name) {
  constexpr std::array names = {"connection", "content-length", "keep-alive", "transfer-encoding", "via"};
  return std::ranges::find(names, name) != names.end();
}

std::vector<std::pair<std::string, std::string>> lasting(const HttpHead& head) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& field : head.fields.all()) {
    if (!is_of_the_hop(field.first)) out.push_back(field);
  }
  std::ranges::sort(out);
  return out;
}

bool is_same(const HttpHead& a, const HttpHead& b) {
  return a.method == b.method && a.target == b.target && a.status == b.status && lasting(a) == lasting(b);
}

/// "Type=0; Resolution=2; Threat=Eicar;": the threat.
std::string_view threat_in(std::string_view infection) {
  constexpr std::string_view name = "Threat=";
  const std::size_t at = infection.find(name);
  if (at == std::string_view::npos) return infection;
  infection.remove_prefix(at + name.size());
  return infection.substr(0, infection.find(';'));
}

Judged refused_with(const IcapHead& head, unsigned status) {
  const std::string threat = named_threat(head.fields);
  if (!threat.empty()) return Blocks{"the scanner found " + threat};
  return Blocks{"the scanner answers with status " + std::to_string(status) + " in its place"};
}

/// A head has gone on by the time its body is asked about, and a head alone is only checked: so nobody may change one.
Result<Judged> changed_head(const Message& asked) {
  if (asked.may_change) return Error{Fault::filter_failed, "the ICAP server: it changes the head, which it may not"};
  return Judged{Blocks{"the scanner changes the message"}};
}

}  // namespace

std::string named_threat(const Fields& icap) {
  constexpr std::size_t most = 100;
  if (const auto found = icap.find("x-infection-found")) return printable(threat_in(*found), most);
  if (const auto found = icap.find("x-virus-id")) return printable(*found, most);
  if (const auto found = icap.find("x-violations-found")) return printable(*found, most);
  return {};
}

Result<Judged> judge_heads(const Message& asked, const IcapHead& head, Bytes enclosed) {
  using Body = Encapsulated::Body;
  const Encapsulated& parts = head.encapsulated;
  const bool is_request = asked.method == Method::reqmod;
  if (parts.body == Body::options || (parts.body == Body::request && parts.response_head != 0) ||
      (parts.body == Body::response && parts.request_head != 0 && parts.response_head == 0) ||
      (!is_request && (parts.body == Body::request || parts.response_head == 0)))
    return wrong("the answer encloses what is no answer to the question");
  if (parts.response_head != 0) {
    LOUVER_ASSIGN(const HttpHead answer, read_http_response_head(enclosed.subspan(parts.request_head)));
    if (is_request) return refused_with(head, answer.status);
    LOUVER_ASSIGN(const HttpHead sent, read_http_response_head(as_bytes(asked.response_head)));
    if (answer.status != sent.status) return refused_with(head, answer.status);
    if (!named_threat(head.fields).empty()) return refused_with(head, answer.status);
    if (!is_same(sent, answer))
      return Error{Fault::blocked_by_policy, "the scanner changes the head, which it may not"};
    return Judged{BodyDecides{}};
  }
  if (parts.request_head == 0) return wrong("the answer encloses no head");
  LOUVER_ASSIGN(const HttpHead answer, read_http_request_head(enclosed));
  LOUVER_ASSIGN(const HttpHead sent, read_http_request_head(as_bytes(asked.request_head)));
  if (!named_threat(head.fields).empty()) return refused_with(head, head.status);
  if (!is_same(sent, answer)) return changed_head(asked);
  return Judged{BodyDecides{}};
}

}  // namespace louver::filter::icap

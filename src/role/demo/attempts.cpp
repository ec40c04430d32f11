#include "role/demo/attempts.h"

#include <set>

#include "role/demo/insider.h"

namespace louver::role::demo {
namespace {

constexpr std::array<AttemptPlan, 14> plans = {{
    {Attempt::read, "read", "opens credentials and bodies with every key that it holds", "", "", true},
    {Attempt::flip, "flip", "flips a byte of the request head that it may only read, and seals it anew",
     "orders.example", "bad_record"},
    {Attempt::flip_blind, "flip-blind", "flips a byte of the credentials, which it cannot read", "orders.example",
     "bad_record"},
    {Attempt::flip_answer, "flip-answer", "flips a byte of the response body, which it cannot read", "alice.example",
     "bad_record"},
    {Attempt::drop, "drop", "leaves out a record", "orders.example", "bad_record"},
    {Attempt::replay, "replay", "sends a record twice", "orders.example", "bad_record"},
    {Attempt::reorder, "reorder", "swaps two records", "orders.example", "bad_record"},
    {Attempt::drop_on_wire, "drop-on-wire", "leaves out a record, without the hop's key", "editor.example", "bad_hop"},
    {Attempt::replay_on_wire, "replay-on-wire", "sends a record twice, without the hop's key", "editor.example",
     "bad_hop"},
    {Attempt::reorder_on_wire, "reorder-on-wire", "swaps two records, without the hop's key", "editor.example",
     "bad_hop"},
    {Attempt::forge_end, "forge-end", "ends the request behind its first record with a FIN of its own",
     "orders.example", "bad_record"},
    {Attempt::cut_off, "cut-off", "closes the connections behind the first record", "editor.example", "truncated"},
    {Attempt::rejoin, "rejoin", "leads the session past the editor, straight to the server", "orders.example",
     "bad_record"},
    {Attempt::replay_join, "replay-join", "sends the whole session once more on another connection", "editor.example",
     "replayed_join", true},
}};

constexpr std::chrono::seconds notice_deadline{4};

Request order() {
  Request request;
  request.method = "POST";
  request.url = "http://" + std::string{attempts_host} + "/orders";
  request.fields = {{"Cookie", "account=ab12"}, {"Authorization", "Bearer d3m0"}};
  request.body = "card=4111 1111 1111 1111&amount=12.00";
  return request;
}

struct Notice {
  std::string party, alert, fault;
};

/// Who ended a session or refused a JOIN by itself, not because another said so; only what was said since `seen`.
class Witnesses {
 public:
  Witnesses(const Stage& stage, const Path& path)
      : stage_(stage),
        path_(path),
        editor_seen_(stage.editor().events().size()),
        gateway_seen_(stage.gateway().events().size()) {
    for (const Json& event : path.agent->events()) {
      if (text_of(event, "event") == "association.open") associations_.insert(text_of(event, "association"));
    }
  }
  std::vector<Notice> notices() const {
    std::vector<Notice> out;
    collect(stage_.editor(), editor_seen_, out);
    collect(stage_.gateway(), gateway_seen_, out);
    collect(*path_.agent, 0, out);
    return out;
  }

 private:
  void collect(const PartyProcess& party, std::size_t from, std::vector<Notice>& out) const {
    const std::string heard{name_of(Fault::peer_alert)};
    for (std::size_t i = from; i < party.events().size(); ++i) {
      const Json& event = party.events()[i];
      const std::string name = text_of(event, "event");
      const bool ours =
          name == "join.refused" || (name == "session.fail" && associations_.contains(text_of(event, "association")));
      if (ours && !text_of(event, "fault").starts_with(heard))
        out.push_back({party.name(), text_of(event, "alert"), text_of(event, "fault")});
    }
  }

  const Stage& stage_;
  const Path& path_;
  std::size_t editor_seen_, gateway_seen_;
  std::set<std::string> associations_;
};

/// The notice that the plan names, else the first one of another party.
void note_who_noticed(const std::vector<Notice>& notices, AttemptResult& result) {
  if (notices.empty()) return;
  const auto planned = std::ranges::find(notices, result.plan->noticed_by, &Notice::party);
  const Notice& one = planned != notices.end() ? *planned : notices.front();
  result.noticed_by = one.party;
  result.alert = one.alert;
  result.fault = one.fault;
}

/// What the attempt got to somebody who must not have it.
std::uint64_t delivered(const AttemptPlan& plan, const Path& path, const Answer& answer, std::uint64_t origin_octets,
                        const std::vector<Received>& requests) {
  switch (plan.attempt) {
    case Attempt::read: {
      const Json* tried = path.scanner->first(event_tried);
      return tried == nullptr ? 0 : tried->value("octets", std::uint64_t{0});
    }
    case Attempt::flip_answer:
      return answer.whole || answer.status == 200 ? answer.body.size() : 0;
    case Attempt::replay_join:  // what came beyond the one honest request
      return requests.empty() ? origin_octets : origin_octets - std::min(origin_octets, requests.front().octets);
    default:
      return origin_octets;
  }
}

/// The insider must really have done what the plan says: else nothing was shown.
std::string check_insider(const AttemptPlan& plan, const Path& path, std::string& remark) {
  if (plan.attempt == Attempt::read) {
    const Json* tried = path.scanner->first(event_tried);
    if (tried == nullptr || tried->value("records", 0) == 0) return "the insider has tried its keys on no record";
    remark = std::to_string(tried->value("keys", 0)) + " keys tried on " + std::to_string(tried->value("records", 0)) +
             " records, " + std::to_string(tried->value("opened", 0)) + " opened";
    if (tried->value("granted_opened", 0) == 0)
      return "not even what it was granted has been opened: the keys were tried wrongly";
    if (tried->value("opened", 0) != 0) return "a key opened what it must not";
  }
  if (plan.attempt == Attempt::rejoin && path.scanner->first(event_rejoined) == nullptr)
    return "the insider has led no session elsewhere";
  if (plan.attempt == Attempt::replay_join && path.scanner->first(event_replayed) == nullptr)
    return "the insider has replayed nothing";
  return {};
}

std::string compare(const AttemptResult& result, const Answer& answer) {
  const AttemptPlan& plan = *result.plan;
  if (result.noticed_by != plan.noticed_by || result.alert != plan.alert) {
    const auto or_nobody = [](std::string_view who) { return who.empty() ? std::string{"nobody"} : std::string{who}; };
    return "noticed by " + or_nobody(result.noticed_by) + " (" + result.alert + "), must be " +
           or_nobody(plan.noticed_by) + " (" + std::string{plan.alert} + ")";
  }
  if (result.delivered_octets != 0) return std::to_string(result.delivered_octets) + " octets were delivered";
  const bool succeeded = answer.whole && answer.status == 200;
  if (succeeded != plan.request_succeeds)
    return succeeded ? "the client took the answer for a good one" : "the honest request failed: " + answer.trouble;
  return {};
}

Result<AttemptResult> make_attempt(Stage& stage, const Path& path, HttpClient& http, const AttemptPlan& plan) {
  AttemptResult result;
  result.plan = &plan;
  const Witnesses witnesses{stage, path};
  const std::uint64_t octets_before = stage.origin().octets();
  const std::size_t requests_before = stage.origin().received().size();
  LOUVER_ASSIGN(const Answer answer, http.make(path, order()));
  const auto shown = [&] {
    if (plan.attempt == Attempt::read) return path.scanner->first(event_tried) != nullptr;
    if (plan.attempt == Attempt::rejoin && path.scanner->first(event_rejoined) == nullptr) return false;
    if (plan.attempt == Attempt::replay_join && path.scanner->first(event_replayed) == nullptr) return false;
    return std::ranges::any_of(witnesses.notices(), [&](const Notice& one) { return one.party == plan.noticed_by; });
  };
  // In vain is no end: then the report says what was not noticed.
  if (const auto seen = stage.wait(shown, "a notice", notice_deadline); !seen && seen.error().fault != Fault::timeout)
    return seen.error();
  stage.origin().settle();
  note_who_noticed(witnesses.notices(), result);
  std::vector<Received> requests = stage.origin().received();
  requests.erase(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(requests_before));
  result.delivered_octets = delivered(plan, path, answer, stage.origin().octets() - octets_before, requests);
  result.trouble = check_insider(plan, path, result.remark);
  if (result.trouble.empty()) result.trouble = compare(result, answer);
  if (!plan.request_succeeds)
    result.remark = answer.status == 0 || answer.status == 200
                        ? answer.trouble
                        : "the client got status " + std::to_string(answer.status);
  return result;
}

}  // namespace

std::span<const AttemptPlan> attempt_plans() { return plans; }

std::optional<Attempt> find_attempt(std::string_view name) {
  const auto found = std::ranges::find(plans, name, &AttemptPlan::name);
  return found == plans.end() ? std::nullopt : std::optional{found->attempt};
}

Result<std::vector<AttemptResult>> make_attempts(Stage& stage, std::span<const Path> paths, HttpClient& http,
                                                 const std::function<void(const AttemptPlan&)>& before) {
  std::vector<AttemptResult> results;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    before(plans[i]);
    LOUVER_ASSIGN(AttemptResult result, make_attempt(stage, paths[i], http, plans[i]));
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace louver::role::demo

#include "role/demo/play.h"

#include "profile/http1/contexts.h"
#include "role/demo/requests.h"

namespace louver::role::demo {
namespace {

bool all_ok(const std::vector<Check>& checks) { return std::ranges::all_of(checks, &Check::ok); }

/// What the middleboxes said of each message of `context`, in the order in which they said it.
std::vector<const Json*> messages_of(const PartyProcess& party, std::string_view context) {
  std::vector<const Json*> out;
  for (const Json& event : party.events()) {
    if (text_of(event, "event") == "message" && text_of(event, "context") == context) out.push_back(&event);
  }
  return out;
}

std::uint64_t octets_in(const Json& message) { return message.value("octets", std::uint64_t{0}); }

Seen seen_by_middlebox(const CastMember& member, const PartyProcess& party, std::string_view context) {
  const std::vector<const Json*> messages = messages_of(party, context);
  Seen seen{.grant = std::string{member.context == context ? member.grant : "none"},
            .messages = 0,
            .octets = 0,
            .put_octets = {}};
  if (seen.grant != "write") {
    seen.messages = messages.size();
    for (const Json* one : messages) *seen.octets += octets_in(*one);
    return seen;
  }
  // A writer logs each message twice: as it came, then as it went on.
  seen.messages = messages.size() / 2;
  seen.put_octets = 0;
  for (std::size_t i = 0; i < messages.size(); ++i)
    (i % 2 == 0 ? *seen.octets : *seen.put_octets) += octets_in(*messages[i]);
  return seen;
}

/// Octets of head, credentials and body as they came to one end.
struct Arrived {
  std::uint64_t head = 0, credentials = 0, body = 0;
  std::uint64_t in(std::string_view context) const {
    return context.ends_with("-head") ? head : context.ends_with("-body") ? body : credentials;
  }
};

Arrived at_origin(const std::vector<Received>& all) {
  Arrived sum;
  for (const Received& one : all) {
    std::uint64_t credentials = 0;
    for (const auto& [name, value] : one.fields) {
      if (name == "cookie" || name == "authorization") credentials += line_octets(name, value);
    }
    sum.head += one.head_octets - credentials;
    sum.credentials += credentials;
    sum.body += one.body_octets;
  }
  return sum;
}

Arrived at_client(const std::vector<RequestResult>& all) {
  Arrived sum;
  for (const RequestResult& one : all) {
    const auto cookie = one.answer.fields.find("set-cookie");
    const std::uint64_t credentials =
        cookie == one.answer.fields.end() ? 0 : line_octets(cookie->first, cookie->second);
    sum.head += one.answer.head_octets - credentials;
    sum.credentials += credentials;
    sum.body += one.answer.body.size();
  }
  return sum;
}

std::vector<MatrixRow> matrix_of(const Stage& stage, const Path& path, const std::vector<RequestResult>& requests,
                                 const std::optional<Arrived>& origin) {
  const Arrived client_got = at_client(requests);
  std::vector<MatrixRow> rows;
  for (const session::ContextTraits& context : profile::http1::contexts) {
    const bool c2s = context.directions == profile::http1::c2s_only;
    MatrixRow row{std::string{context.name}, c2s ? "c2s" : "s2c", {}};
    const Seen author{.grant = "author", .messages = {}, .octets = {}, .put_octets = {}};
    Seen sink{.grant = "sink", .messages = {}, .octets = {}, .put_octets = {}};
    if (!c2s) sink.octets = client_got.in(context.name);
    if (c2s && origin) sink.octets = origin->in(context.name);
    row.by_party = {c2s ? author : sink, seen_by_middlebox(scanner, *path.scanner, context.name),
                    seen_by_middlebox(editor, stage.editor(), context.name), c2s ? sink : author};
    rows.push_back(std::move(row));
  }
  return rows;
}

/// A middlebox has seen its own context and no other.
void look_at_sight(const Stage& stage, const Path& path, std::size_t requests, std::vector<Check>& checks) {
  for (const auto& [member, party, lines] :
       {std::tuple{&scanner, static_cast<const PartyProcess*>(path.scanner.get()), requests},
        std::tuple{&editor, &stage.editor(), 2 * requests}}) {
    const std::string name{member->name};
    const std::size_t own = messages_of(*party, member->context).size();
    checks.push_back({name + " has seen the " + std::string{member->context} + " of every exchange", own == lines});
    checks.push_back({name + " has seen no other context", party->count("message") == own});
  }
}

void look_for_secrets(const Stage& stage, const Path& path, std::vector<Check>& checks) {
  for (const auto& [member, party] : {std::pair{&scanner, static_cast<const PartyProcess*>(path.scanner.get())},
                                      std::pair{&editor, &stage.editor()}}) {
    const bool leaked =
        std::ranges::any_of(std::array{card_number, request_cookie, bearer, std::string_view{Origin::cookie}},
                            [&said = *party](std::string_view secret) { return said.has_said(secret); });
    checks.push_back({std::string{member->name} + " knows neither card number nor cookies nor token", !leaked});
  }
}

void look_at_change(const Play& play, std::vector<Check>& checks) {
  const auto row = std::ranges::find(play.matrix, std::string{editor.context}, &MatrixRow::context);
  const Seen& seen = row->by_party[2];
  checks.push_back({"what the editor put out differs from what it took in",
                    seen.octets && seen.put_octets && *seen.octets != *seen.put_octets});
}

}  // namespace

bool RequestResult::ok() const { return all_ok(checks); }

bool Play::ok() const {
  return !requests.empty() && all_ok(checks) &&
         std::ranges::all_of(requests, [](const RequestResult& one) { return one.ok(); });
}

Result<Play> perform(Stage& stage, const Path& path, HttpClient& http, const std::string& real_origin) {
  Play play;
  play.client = http.name();
  const std::vector<PlannedRequest> planned =
      real_origin.empty() ? planned_requests() : std::vector{request_of(real_origin)};
  for (const PlannedRequest& one : planned) {
    LOUVER_ASSIGN(Answer answer, http.make(path, one.request));
    RequestResult result{one.what, one.request, std::move(answer), {}};
    const std::vector<Received> received = stage.origin().received();
    one.look(result.answer, received.size() > play.requests.size() ? &received.back() : nullptr, result.checks);
    play.requests.push_back(std::move(result));
  }
  const std::size_t count = planned.size();
  const auto all_said = [&] {
    return messages_of(*path.scanner, scanner.context).size() >= count &&
           messages_of(stage.editor(), editor.context).size() >= 2 * count;
  };
  if (const auto said = stage.wait(all_said, "the middleboxes' logs", std::chrono::seconds{2});
      !said && said.error().fault != Fault::timeout)
    return said.error();
  play.matrix = matrix_of(stage, path, play.requests,
                          real_origin.empty() ? std::optional{at_origin(stage.origin().received())} : std::nullopt);
  look_at_sight(stage, path, count, play.checks);
  look_for_secrets(stage, path, play.checks);
  look_at_change(play, play.checks);
  return play;
}

}  // namespace louver::role::demo

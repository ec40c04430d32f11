#include <gtest/gtest.h>

#include <sstream>

#include "role/policy/report.h"

namespace louver::role::policy {
namespace {

constexpr std::string_view common = R"(
[certificate]
chain = "nowhere.pem"
key = "nowhere.key"
[[trust]]
anchors = "nowhere.pem"
)";

std::string agent(std::string_view grants, std::string_view more = "", std::string_view profile = "http/1",
                  std::string_view of_route = "") {
  return std::string{common} + "[[http]]\nlisten = \"127.0.0.1:1\"\n[[route]]\nname = \"web\"\nprofile = \"" +
         std::string{profile} + "\"\nserver = \"s.example\"\nport = 9\nconnect = \"127.0.0.1:2\"\n" +
         std::string{of_route} + "[[route.middlebox]]\nname = \"m.example\"\nport = 8\ngrants = { " +
         std::string{grants} + " }\n" + std::string{more};
}

std::string gateway(std::string_view grants, std::string_view more = "") {
  return "name = \"s.example\"\n" + std::string{common} + "[[origin]]\ndefault = true\nconnect = \"127.0.0.1:3\"\n" +
         "[[middlebox]]\nname = \"m.example\"\ngrants = { " + std::string{grants} + " }\n" + std::string{more};
}

std::string middlebox(std::string_view filters, std::string_view next = "s.example") {
  return "name = \"m.example\"\n" + std::string{common} +
         "[describe]\noperator = \"O\"\npurpose = \"p\"\n[[next]]\nname = \"" + std::string{next} +
         "\"\nport = 9\nconnect = \"127.0.0.1:3\"\n" + std::string{filters};
}

template <class T>
T parsed(const std::string& text, const std::string& file) {
  auto out = config::parse<T>(text, file);
  EXPECT_TRUE(out) << out.error().detail;
  return out ? *std::move(out) : T{};
}

/// A set of files and what is said of it.
class Judged {
 public:
  explicit Judged(const std::string& agent_text, const std::string& gateway_text = "",
                  const std::string& middlebox_text = "") {
    if (!agent_text.empty()) files_.agents.push_back(parsed<config::Agent>(agent_text, "agent.toml"));
    if (!gateway_text.empty()) files_.gateways.push_back(parsed<config::Gateway>(gateway_text, "gateway.toml"));
    if (!middlebox_text.empty()) files_.middleboxes.push_back(parsed<config::Middlebox>(middlebox_text, "m.toml"));
    observe::LogOptions options;
    options.least = observe::Level::error;
    auto log = observe::Log::open(std::move(options));
    EXPECT_TRUE(log);
    log_ = *std::move(log);
    auto paths = judge(files_, *log_);
    EXPECT_TRUE(paths) << paths.error().detail;
    if (paths) report.paths = *std::move(paths);
    report.findings = all_findings(files_, report.paths);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const Finding& one : report.findings) out.emplace_back(one.name);
    return out;
  }
  bool warns(std::string_view name) const {
    return std::ranges::any_of(report.findings, [&](const Finding& one) { return one.name == name; });
  }
  const Path& path() const { return report.paths.at(0); }
  std::string cell(std::string_view context) const {
    for (const MatrixRow& row : rows_of(path())) {
      if (row.context == context) return std::string{session::name_of(row.cells.at(0).result)};
    }
    return "?";
  }

  Report report;

 private:
  Files files_;
  std::unique_ptr<observe::Log> log_;
};

constexpr std::string_view all_inspect =
    R"(request-head = "inspect", request-body = "inspect", response-head = "inspect", response-body = "inspect")";

std::string text_of(const Report& report) {
  std::ostringstream out;
  write_text(report, out);
  return out.str();
}

TEST(Policy, what_is_granted_is_the_lower_of_both_files) {
  const Judged judged{agent(R"(request-head = "write", request-body = "inspect", response-body = "read")"),
                      gateway(R"(request-head = "read", request-body = "write", response-head = "read")")};
  EXPECT_TRUE(judged.report.agreed());
  EXPECT_EQ(judged.cell("request-head"), "read");
  EXPECT_EQ(judged.cell("request-body"), "inspect");
  EXPECT_EQ(judged.cell("response-head"), "none");
  EXPECT_EQ(judged.cell("response-body"), "none");
  EXPECT_EQ(sealed_contexts(judged.path()), (std::vector<std::string>{"request-credentials", "response-head",
                                                                      "response-credentials", "response-body"}));
  EXPECT_NE(text_of(judged.report).find("read (of write)"), std::string::npos) << text_of(judged.report);
}

TEST(Policy, without_the_gateways_file_only_the_offer_is_told) {
  const Judged judged{agent(R"(request-head = "read")")};
  EXPECT_FALSE(judged.path().granted);
  EXPECT_NE(text_of(judged.report).find("offered (no file of that gateway)"), std::string::npos);
}

std::string unbound(std::string_view grants) { return agent(grants, "", "http/1", "bind_target = false\n"); }

// FI-13, HT-04: each pattern that gives more than it seems to, and the nearest one that does not.
TEST(Policy, patterns_that_give_more_than_they_seem_to_are_warned_of) {
  struct Row {
    std::string_view warning, there, not_there;
  };
  const Row rows[] = {
      {"aims-credentials", R"(request-head = "write")", R"(request-head = "redact")"},
      {"aims-credentials", R"(request-head = "write", response-head = "read")",
       R"(request-head = "write", request-credentials = "read")"},
      {"reads-echoed-credentials", R"(request-head = "write", response-body = "read")", R"(request-head = "write")"},
      {"acts-as-client", R"(request-credentials = "read", request-body = "write")",
       R"(request-credentials = "read", request-body = "redact")"},
      {"acts-as-client", R"(request-credentials = "read", request-head = "write")", R"(request-credentials = "read")"},
      {"unwatched-secret", R"(request-credentials = "write", response-head = "inspect", response-body = "read")",
       R"(request-credentials = "write", response-head = "inspect", response-body = "inspect")"},
      {"writes-pages", R"(response-body = "write")", R"(response-body = "redact")"},
      {"grants-nothing", R"(request-head = "none")", R"(request-head = "read")"},
  };
  for (const Row& row : rows) {
    EXPECT_TRUE(Judged(unbound(row.there)).warns(row.warning)) << row.warning << ": " << row.there;
    EXPECT_FALSE(Judged(unbound(row.not_there)).warns(row.warning)) << row.warning << ": " << row.not_there;
    EXPECT_TRUE(Judged(unbound(row.there), gateway(row.there)).warns(row.warning)) << row.warning;
  }
  // What counts is what is left, not what is offered.
  EXPECT_FALSE(
      Judged(unbound(R"(request-head = "write")"), gateway(R"(request-head = "read")")).warns("aims-credentials"));
}

std::string carrying(std::string_view grants) { return agent(grants, "", "http/1", "trailers = true\n"); }

std::string carrying_gateway(std::string_view grants) { return "trailers = true\n" + gateway(grants); }

// HT-07
TEST(Policy, trailers_are_contexts_where_both_files_want_them) {
  constexpr std::string_view grants = R"(request-trailers = "read", response-trailers = "inspect")";
  const Judged judged{carrying(grants), carrying_gateway(grants)};
  EXPECT_TRUE(judged.report.agreed()) << text_of(judged.report);
  EXPECT_EQ(judged.cell("request-trailers"), "read");
  EXPECT_EQ(judged.cell("response-trailers"), "inspect");
  EXPECT_TRUE(judged.names().empty()) << text_of(judged.report);

  const Judged one_sided{carrying(grants), gateway(grants)};
  EXPECT_FALSE(one_sided.report.agreed());
  ASSERT_FALSE(one_sided.path().refusals.empty());
  EXPECT_EQ(one_sided.path().refusals[0].party, "s.example");
  EXPECT_TRUE(Judged(agent(R"(request-head = "read")"), carrying_gateway(R"(request-head = "read")")).report.agreed());

  EXPECT_FALSE(Judged("", carrying_gateway(grants)).warns("unknown-context"));
  EXPECT_TRUE(Judged("", gateway(grants)).warns("unknown-context"));
}

TEST(Policy, filters_may_be_for_contexts_that_only_some_paths_have) {
  const std::string logs = "[[filter]]\ntype = \"log\"\ncontexts = [\"request-trailers\"]\n";
  constexpr std::string_view grants = R"(request-trailers = "read")";
  const Judged judged{carrying(grants), carrying_gateway(grants), middlebox(logs)};
  EXPECT_TRUE(judged.names().empty()) << text_of(judged.report);
  const Judged alone{"", "", middlebox(logs)};
  EXPECT_FALSE(alone.warns("filter-never-acts")) << text_of(alone.report);
  EXPECT_NE(text_of(alone.report).find("request-trailers"), std::string::npos) << text_of(alone.report);

  const std::string card = "[[filter]]\ntype = \"log\"\ncontexts = [\"card\"]\n";
  const std::string lifted = "name = \"card\"\nfrom = \"json:/card\"\n";
  const Judged of_this_path{agent(R"(card = "read")", "[[route.context]]\n" + lifted),
                            gateway(R"(card = "read")", "[[context]]\n" + lifted), middlebox(card)};
  EXPECT_FALSE(of_this_path.warns("filter-never-acts")) << text_of(of_this_path.report);
}

// HT-17
TEST(Policy, a_secret_that_could_come_back_in_trailers_is_warned_of) {
  constexpr std::string_view watched =
      R"(request-credentials = "write", response-head = "inspect", response-body = "inspect")";
  EXPECT_FALSE(Judged(agent(watched)).warns("unwatched-secret"));
  EXPECT_TRUE(Judged(carrying(watched)).warns("unwatched-secret"));
  EXPECT_FALSE(Judged(carrying(std::string{watched} + R"(, response-trailers = "inspect")")).warns("unwatched-secret"));
}

// HT-04: credentials that say for which target they are given cannot be aimed.
TEST(Policy, who_may_write_heads_is_not_warned_of_where_targets_are_bound) {
  constexpr std::string_view writer = R"(request-head = "write", response-body = "read")";
  EXPECT_TRUE(Judged(unbound(writer)).warns("aims-credentials"));
  EXPECT_FALSE(Judged(agent(writer)).warns("aims-credentials"));
  EXPECT_FALSE(Judged(agent(writer), gateway(writer)).warns("reads-echoed-credentials"));
  EXPECT_FALSE(Judged("", gateway(writer)).warns("aims-credentials"));
  EXPECT_TRUE(Judged("", gateway(writer, "[policy]\nrequire_bound_target = false\n")).warns("aims-credentials"));
}

// FI-13: an enforcing grant that the other end lowers to mere reading.
TEST(Policy, a_grant_that_is_lowered_to_read_is_warned_of) {
  const std::string offer = agent(R"(request-body = "inspect")");
  EXPECT_TRUE(Judged(offer, gateway(R"(request-body = "read")")).warns("lowered-to-read"));
  EXPECT_FALSE(Judged(offer, gateway(R"(request-body = "inspect")")).warns("lowered-to-read"));
  EXPECT_FALSE(Judged(offer, gateway(R"(request-head = "read")")).warns("lowered-to-read"));
}

constexpr std::string_view scan = "[[filter]]\ntype = \"scan\"\nrules = [{ name = \"r\", pattern = \"x\" }]\n";

// FI-13: a filter without a list acts where it is granted enough; what it only reads it passes over.
TEST(Policy, an_enforcing_filter_under_read_is_warned_of) {
  const std::string grants = R"(request-head = "inspect", request-body = "read", response-head = "none")";
  const Judged judged{agent(grants), gateway(grants), middlebox(scan)};
  EXPECT_TRUE(judged.warns("enforcing-filter-under-read")) << text_of(judged.report);
  EXPECT_FALSE(Judged(agent(all_inspect), gateway(all_inspect), middlebox(scan)).warns("enforcing-filter-under-read"));
}

TEST(Policy, filters_that_do_not_act_and_grants_that_nobody_uses_are_warned_of) {
  const std::string lists = std::string{scan} + "contexts = [\"request-body\", \"request-head\"]\n";
  const std::string goes_on = "[policy]\non_missing_grant = \"continue\"\n";
  const std::string little = R"(request-head = "read", request-body = "read")";
  EXPECT_TRUE(Judged(agent(little), gateway(little), middlebox(lists + goes_on)).warns("filter-left-out"));
  const Judged refused{agent(little), gateway(little), middlebox(lists)};
  EXPECT_FALSE(refused.report.agreed());
  EXPECT_EQ(refused.path().refusals.at(0).party, "m.example");

  const std::string unknown = "[[filter]]\ntype = \"log\"\ncontexts = [\"request-bodies\"]\n" + goes_on;
  EXPECT_TRUE(Judged(agent(little), gateway(little), middlebox(unknown)).warns("filter-never-acts"));

  const std::string logs = "[[filter]]\ntype = \"log\"\ncontexts = [\"request-head\"]\n";
  const Judged unused{agent(little), gateway(little), middlebox(logs)};
  EXPECT_EQ(unused.names(), std::vector<std::string>{"unused-grant"}) << text_of(unused.report);

  const std::string elsewhere = "[[filter]]\ntype = \"exec\"\ncommand = [\"/no/such/program\"]\n";
  const Judged bad{agent(little), gateway(little), middlebox(elsewhere + logs)};
  EXPECT_TRUE(bad.warns("filter-not-judged")) << text_of(bad.report);
  EXPECT_TRUE(bad.report.agreed());
}

TEST(Policy, names_that_do_not_fit_are_warned_of) {
  const Judged typo{agent(R"(request-head = "read")"), gateway(R"(request-haed = "read", request-head = "read")")};
  ASSERT_TRUE(typo.warns("unknown-context"));
  EXPECT_NE(text_of(typo.report).find("did you mean \"request-head\"?"), std::string::npos) << text_of(typo.report);
  EXPECT_TRUE(Judged("", gateway(R"(x = "read")", R"(minimum = { x = "read" })")).warns("minimum-never-met"));
  const std::string card = "[[context]]\nname = \"card\"\nfrom = \"json:/card\"\n";
  EXPECT_FALSE(Judged("", gateway(R"(card = "read")", card)).warns("unknown-context"));

  const std::string other = "name = \"other.example\"\n" + gateway(R"(request-head = "read")").substr(19);
  const Judged lonely{agent(R"(request-head = "read")"), other};
  EXPECT_EQ(lonely.names(), (std::vector<std::string>{"not-on-any-path", "no-such-server"})) << text_of(lonely.report);
}

TEST(Policy, files_that_refuse_each_other_are_told_with_who_refuses) {
  struct Row {
    std::string agent, gateway, middlebox;
    std::string_view party, alert;
  };
  const std::string read = R"(request-head = "read")";
  const std::string minimum = R"(minimum = { request-head = "read" })";
  const Row rows[] = {
      {agent(read, minimum), gateway(""), "", "agent.toml", "grant_refused"},
      {agent(""), gateway(read, minimum), "", "s.example", "grant_refused"},
      {agent(read), gateway(read, "[[middlebox]]\nname = \"n.example\"\nrequired = true\n"), "", "s.example",
       "grant_refused"},
      {agent(read), gateway(read, "[policy]\nrequire_client_certificate = true\n"), "", "", ""},
      {agent(read).substr(agent(read).find("[[trust]]")),
       gateway(read, "[policy]\nrequire_client_certificate = true\n"), "", "s.example", "blocked_by_policy"},
      {agent(read), gateway(read), middlebox("", "t.example"), "m.example", "next_hop_refused"},
  };
  for (const Row& row : rows) {
    const Judged judged{row.agent, row.gateway, row.middlebox};
    const auto& refusals = judged.path().refusals;
    EXPECT_EQ(judged.report.agreed(), row.party.empty()) << text_of(judged.report);
    if (row.party.empty()) continue;
    ASSERT_EQ(refusals.size(), 1U) << text_of(judged.report);
    EXPECT_EQ(refusals[0].party, row.party);
    EXPECT_EQ(refusals[0].alert, row.alert);
  }
}

TEST(Policy, a_middlebox_that_announces_itself_is_taken_in_as_the_agent_would) {
  std::string listed = agent("");
  listed.replace(listed.find("[[route.middlebox]]"), 19, "[[route.discover]]");
  listed.replace(listed.find("grants = {  }"), 13, R"(grants = { request-head = "read", request-body = "read" })");
  const std::string announces = middlebox("[announce]\nport = 8\nwishes = { request-head = \"write\" }\n");
  const Judged judged{listed, gateway(R"(request-head = "write", request-body = "write")"), announces};
  ASSERT_EQ(judged.path().discovered, std::vector<std::string>{"m.example"});
  EXPECT_EQ(judged.cell("request-head"), "read");
  EXPECT_EQ(judged.cell("request-body"), "none");
}

TEST(Policy, one_file_alone_says_what_it_grants_or_needs) {
  const Judged grants{"", gateway(R"(request-head = "read")")};
  EXPECT_EQ(grants.path().kind, Path::Kind::allowance);
  EXPECT_EQ(grants.cell("request-head"), "read");
  const Judged needs{"", "", middlebox(scan)};
  ASSERT_EQ(needs.report.paths.size(), 2U);  // one for each profile
  EXPECT_NE(text_of(needs.report).find("request-body"), std::string::npos);
}

TEST(PolicySvg, text_of_files_never_becomes_markup) {
  EXPECT_EQ(xml_text("<script>alert(\"1\")</script>&'\x01\xff"),
            "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;??");
}

}  // namespace
}  // namespace louver::role::policy

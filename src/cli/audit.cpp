#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "cli/commands.h"
#include "crypto/hash.h"
#include "observe/audit_log.h"
#include "observe/audit_verify.h"
#include "runtime/files.h"
#include "session/items.h"
#include "tls/certificate.h"
#include "wire/hello.h"

namespace louver::cli {
namespace {

using Json = nlohmann::ordered_json;

int complain_of_audit(const Error& error) {
  std::cerr << "louver audit: " << error.detail << '\n';
  return error.fault == Fault::configuration ? usage : failed;
}

/// Every line of a file, the octets behind its last end as well: `take(line, whole)`; false ends it.
Result<> each_line(const std::string& path, const std::function<bool(const std::string&, bool)>& take) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return Error{Fault::configuration, path + ": it cannot be read"};
  std::string line;
  while (std::getline(file, line)) {
    const bool whole = !file.eof();
    if (!take(line, whole)) break;
  }
  if (file.bad()) return Error{Fault::configuration, path + ": it cannot be read"};
  return {};
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  return printable(found->is_string() ? found->get<std::string>() : found->dump(), 64);
}

// --- show, export
// ------------------------------------------------------------------------------------------------------------

struct ShowOptions {
  std::string log, association;
  bool json = false;
};

std::string row_of(const Json& line) {
  std::string out =
      text_at(line, "time") + "  " + text_at(line, "type") + "  " + text_at(line, "association").substr(0, 8);
  for (const char* key : {"session", "exchange", "context", "direction", "verdict", "end_to_end", "pairs", "missing",
                          "changed", "redacted", "party", "whole", "unsigned_by"}) {
    const std::string text = text_at(line, key);
    if (!text.empty() && text != "[]") out += std::string{"  "} + key + "=" + text;
  }
  return out;
}

/// One line for each of the log's, or one JSON document; nothing is checked.
Result<> show(const ShowOptions& options, bool document) {
  Json all = Json::array();
  std::size_t unread = 0;
  LOUVER_TRY(each_line(options.log, [&](const std::string& text, bool) {
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object()) {
      ++unread;
      return true;
    }
    if (!options.association.empty() && !text_at(line, "association").starts_with(options.association)) return true;
    if (document) {
      all.push_back(line);
    } else if (options.json) {
      std::cout << line.dump(-1, ' ', true, Json::error_handler_t::replace) << '\n';
    } else {
      std::cout << row_of(line) << '\n';
    }
    return true;
  }));
  if (document) std::cout << all.dump(2, ' ', true, Json::error_handler_t::replace) << '\n';
  if (unread != 0) std::cerr << "louver audit: " << unread << " lines cannot be read; see louver audit verify\n";
  return {};
}

// --- verify
// ------------------------------------------------------------------------------------------------------------

struct VerifyOptions {
  std::vector<std::string> logs, anchors;
  bool incomplete = false, json = false;
};

Json json_of(const std::string& path, const observe::AuditReport& report, bool accepted) {
  Json uncovered = Json::array();
  for (const observe::AuditFlaw& one : report.uncovered) uncovered.push_back({{"line", one.line}, {"what", one.what}});
  Json out = {{"log", path},
              {"accepted", accepted},
              {"lines", report.lines},
              {"associations", report.associations},
              {"sessions", report.sessions},
              {"receipts", report.receipts},
              {"messages", report.verdicts},
              {"uncovered", std::move(uncovered)}};
  if (report.bad) out["bad"] = {{"line", report.bad->line}, {"what", report.bad->what}};
  return out;
}

void print(const std::string& path, const observe::AuditReport& report, bool accepted) {
  std::cout << path << ": " << (accepted ? "accepted" : "REFUSED") << ": " << report.lines << " lines, "
            << report.associations << " associations, " << report.sessions << " sessions, " << report.receipts
            << " receipts\n";
  for (const auto& [verdict, count] : report.verdicts) std::cout << "  " << count << " messages " << verdict << '\n';
  if (report.bad) std::cout << "  line " << report.bad->line << ": " << printable(report.bad->what, 400) << '\n';
  for (const observe::AuditFlaw& one : report.uncovered)
    std::cout << "  line " << one.line << ": not covered: " << printable(one.what, 400) << '\n';
}

Result<int> verify(const VerifyOptions& options) {
  std::vector<tls::Trust::Source> sources;
  for (const std::string& path : options.anchors) sources.push_back({path, {}});
  LOUVER_ASSIGN(const auto trust, tls::Trust::load(sources));
  std::vector<observe::AuditReport> reports;
  Json all = Json::array();
  bool fine = true;
  for (const std::string& path : options.logs) {
    observe::AuditVerifier verifier{trust};
    std::size_t tail = 0;
    LOUVER_TRY(each_line(path, [&](const std::string& line, bool whole) {
      if (!whole) tail = line.size();
      return whole && verifier.take(line);
    }));
    observe::AuditReport report = verifier.finish(tail);
    const bool accepted = !report.bad && (options.incomplete || report.uncovered.empty());
    fine = fine && accepted;
    options.json ? void(all.push_back(json_of(path, report, accepted))) : print(path, report, accepted);
    reports.push_back(std::move(report));
  }
  for (std::size_t i = 0; i < reports.size(); ++i) {
    for (std::size_t k = i + 1; k < reports.size(); ++k) {
      const auto differ = observe::compare_audit_logs(reports[i], reports[k]);
      if (!differ) continue;
      fine = false;
      if (options.json) {
        all.push_back({{"logs", {options.logs[i], options.logs[k]}}, {"accepted", false}, {"differ", *differ}});
      } else {
        std::cout << options.logs[i] << ", " << options.logs[k] << ": REFUSED: " << *differ << '\n';
      }
    }
  }
  if (options.json) std::cout << all.dump(2, ' ', true, Json::error_handler_t::replace) << '\n';
  return fine ? int{ok} : int{failed};
}

// --- disclose
// ------------------------------------------------------------------------------------------------------------

struct DiscloseOptions {
  std::string log, secrets, association, context, direction = "c2s", candidate;
  std::uint64_t session = 0;
  std::uint32_t exchange = 0, message = 0;
  unsigned from = 0, to = 0;
  bool end = false, json = false;
};

struct Found {
  std::vector<wire::Context> contexts;
  std::vector<std::pair<unsigned, wire::Audit>> values;
};

std::optional<wire::Audit> audit_in(const Json& object) {
  const auto octets = observe::from_hex(text_at(object, "audit").empty() ? "" : object["audit"].get<std::string>());
  auto value = octets ? wire::decode<wire::Audit>(*octets) : Result<wire::Audit>{Fault::bad_value};
  return value ? std::optional{*value} : std::nullopt;
}

/// The association's Hello and every value of the session that it has.
Result<Found> look_up(const DiscloseOptions& options) {
  Found out;
  LOUVER_TRY(each_line(options.log, [&](const std::string& text, bool) {
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object() || text_at(line, "association") != options.association) return true;
    const std::string type = text_at(line, "type");
    if (type == "association" && line.contains("hello") && line["hello"].is_string()) {
      const auto octets = from_base64(line["hello"].get<std::string>());
      if (auto hello = octets ? wire::decode_hello(*octets) : Result<wire::Hello>{Fault::bad_value})
        out.contexts = hello->contexts.items;
    }
    if (type == "sent") {
      if (const auto value = audit_in(line)) out.values.emplace_back(options.from, *value);
    }
    if (type != "message" || !line.contains("values")) return true;
    for (const Json& one : line["values"]) {
      const auto value = one.is_object() ? audit_in(one) : std::nullopt;
      if (value && one.contains("party") && one["party"].is_number_unsigned())
        out.values.emplace_back(one["party"].get<unsigned>(), *value);
    }
    return true;
  }));
  if (out.contexts.empty()) {
    return Error{Fault::configuration,
                 options.log +
                     ": there is no such association; its whole id is needed, as `louver audit show --json` prints it"};
  }
  return out;
}

Result<Buffer> secret_for(const DiscloseOptions& options, const wire::ItemName& item) {
  std::optional<Buffer> out;
  const std::string wanted = to_hex(wire::encode(item));
  LOUVER_TRY(each_line(options.secrets, [&](const std::string& text, bool) {
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object() || text_at(line, "association") != options.association || text_at(line, "item") != wanted)
      return true;
    if (text_at(line, "session") != std::to_string(options.session) || !line.contains("secret")) return true;
    if (line["secret"].is_string()) out = observe::from_hex(line["secret"].get<std::string>());
    return !out;
  }));
  if (!out) return Error{Fault::configuration, options.secrets + ": it has no secret of that segment and session"};
  return *std::move(out);
}

/// Whether the candidate is the message that the values of one segment are about.
Result<int> disclose(const DiscloseOptions& options) {
  LOUVER_ASSIGN(const Found found, look_up(options));
  const auto context = std::ranges::find_if(
      found.contexts, [&](const wire::Context& one) { return one.name.text() == options.context; });
  if (context == found.contexts.end())
    return Error{Fault::configuration, "the association has no context \"" + printable(options.context, 64) + "\""};
  const Direction direction = options.direction == "c2s" ? Direction::c2s : Direction::s2c;
  const auto party = [](unsigned index) { return PartyIndex{static_cast<std::uint8_t>(index)}; };
  const wire::ItemName item =
      session::item_name(options.end ? session::ItemKind::end_audit : session::ItemKind::audit, direction,
                         ContextId{context->id}, party(options.from), party(options.to));
  LOUVER_ASSIGN(const Buffer secret, secret_for(options, item));
  LOUVER_ASSIGN(const Buffer candidate, runtime::read_file_checked(options.candidate, 64 * 1024 * 1024));
  Buffer number;
  wire::write(number, options.exchange);
  wire::write(number, options.message);
  const wire::Hash value = crypto::hmac_sha256(secret, {number, candidate});
  Json stated = Json::array();
  bool all = true;
  for (const auto& [who, audit] : found.values) {
    const bool place =
        options.end ? audit.out == 2 : (audit.out == 1 && who == options.from) || (audit.out == 0 && who == options.to);
    if (!place || audit.session != options.session || audit.context != context->id ||
        audit.direction != static_cast<std::uint8_t>(direction) || audit.exchange != options.exchange ||
        audit.message != options.message)
      continue;
    const bool same = audit.value == value && audit.length == candidate.size();
    all = all && same;
    stated.push_back({{"party", who},
                      {"place", audit.out == 0   ? "in"
                                : audit.out == 1 ? "out"
                                                 : "end"},
                      {"is_candidate", same}});
  }
  if (stated.empty())
    return Error{Fault::configuration, options.log + ": nobody has stated a value of that message there"};
  if (options.json) {
    const Json out = {
        {"item", to_hex(wire::encode(item))}, {"secret", to_hex(secret)}, {"value", to_hex(value)}, {"stated", stated}};
    std::cout << out.dump(2) << '\n';
  } else {
    for (const Json& one : stated)
      std::cout << "party " << one["party"] << ", " << one["place"].get<std::string>() << ": "
                << (one["is_candidate"] == true ? "it is this message" : "it is another message") << '\n';
  }
  return all ? int{ok} : int{failed};
}

int finish_audit(const Result<>& result) { return result ? int{ok} : complain_of_audit(result.error()); }
int finish_audit(const Result<int>& result) { return result ? *result : complain_of_audit(result.error()); }

void add_show(CLI::App& audit, const Chosen& chosen, const char* name, const char* what, bool document) {
  CLI::App* command = audit.add_subcommand(name, what);
  auto options = std::make_shared<ShowOptions>();
  command->add_option("log", options->log, "the audit log")->required();
  command->add_option("--association", options->association, "only this one: the beginning of its id");
  if (!document) command->add_flag("--json", options->json, "the lines as they are");
  command->final_callback(
      [options, chosen, document] { chosen([options, document] { return finish_audit(show(*options, document)); }); });
}

void add_verify(CLI::App& audit, const Chosen& chosen) {
  CLI::App* command = audit.add_subcommand("verify", "check logs against themselves, their receipts and each other");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("log", options->logs, "audit logs")->required();
  command->add_option("--trust", options->anchors, "anchors of the parties' certificates, in PEM")->required();
  command->add_flag("--incomplete", options->incomplete,
                    "accept what has no end or no receipt yet (a process that runs), and say what it is");
  command->add_flag("--json", options->json, "as JSON");
  command->final_callback([options, chosen] { chosen([options] { return finish_audit(verify(*options)); }); });
}

void add_disclose(CLI::App& audit, const Chosen& chosen) {
  CLI::App* command = audit.add_subcommand("disclose", "open the values of one segment: are they about this message?");
  auto options = std::make_shared<DiscloseOptions>();
  command->add_option("log", options->log, "the audit log")->required();
  command->add_option("--secrets", options->secrets, "the file of [audit] secrets")->required();
  command->add_option("--association", options->association, "its whole id")->required();
  command->add_option("--session", options->session, "its number")->required();
  command->add_option("--context", options->context, "its name")->required();
  command->add_option("--direction", options->direction, "c2s or s2c")->check(CLI::IsMember({"c2s", "s2c"}));
  command->add_option("--exchange", options->exchange, "its number")->capture_default_str();
  command->add_option("--message", options->message, "of the exchange, from 0")->capture_default_str();
  command->add_option("--from", options->from, "author of the segment: index on the path")->required();
  command->add_option("--to", options->to, "sink of the segment")->required();
  command->add_flag("--end", options->end, "the value from end to end instead");
  command->add_option("--candidate", options->candidate, "a file with the message")->required();
  command->add_flag("--json", options->json, "as JSON, with the secret: for a judge, for nobody else");
  command->final_callback([options, chosen] { chosen([options] { return finish_audit(disclose(*options)); }); });
}

}  // namespace

void add_audit(CLI::App& program, const Chosen& chosen) {
  CLI::App* audit = program.add_subcommand("audit", "shows, verifies and exports audit logs with their receipts");
  audit->require_subcommand(1);
  add_show(*audit, chosen, "show", "print what a log says, without checking it", false);
  add_verify(*audit, chosen);
  add_show(*audit, chosen, "export", "print a log as one JSON document", true);
  add_disclose(*audit, chosen);
}

}  // namespace louver::cli

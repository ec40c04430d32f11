#include <fmt/format.h>

#include <ostream>

#include "role/demo/report.h"
#include "role/demo/table.h"

namespace louver::role::demo {
namespace {

void write_path(const Outcome& outcome, const Paint& paint, std::ostream& out) {
  out << "\n  " << outcome.play.client;
  for (const CastMember& member : cast) out << " ── " << paint.title(member.name);
  out << " ── " << outcome.origin << "\n\n";
  Table table;
  for (const CastMember& member : cast) {
    const std::string grant =
        member.grant.empty() ? "" : "may " + std::string{member.grant} + " " + std::string{member.context};
    const std::string operator_name = member.operator_name.empty() ? "" : "run by " + std::string{member.operator_name};
    table.row({paint.title(member.name), std::string{member.role}, operator_name, std::string{member.purpose}, grant});
  }
  table.print(out);
}

/// The failed ones by name; all that went well in one word.
void write_failed(const std::vector<Check>& checks, const Paint& paint, std::ostream& out) {
  for (const Check& check : checks) {
    if (!check.ok) out << "    " << paint.bad("not so: ") << check.what << '\n';
  }
}

void write_requests(const Play& play, const Paint& paint, std::ostream& out) {
  out << '\n' << paint.title("Requests") << '\n';
  Table table;
  table.row({paint.faint("request"), paint.faint("what"), paint.faint("sent"), paint.faint("status"),
             paint.faint("received"), paint.faint("checks"), ""});
  for (const RequestResult& one : play.requests) {
    table.row({one.request.method + " " + one.request.url, one.what, std::to_string(one.request.body.size()),
               std::to_string(one.answer.status), std::to_string(one.answer.body.size()),
               std::to_string(one.checks.size()), paint.verdict(one.ok())});
  }
  table.print(out);
  for (const RequestResult& one : play.requests) {
    write_failed(one.checks, paint, out);
    if (!one.ok() && !one.answer.trouble.empty()) out << "    the client says: " << one.answer.trouble << '\n';
  }
}

std::string cell_of(const Seen& seen, const Paint& paint) {
  const bool nothing = seen.grant == "none" && seen.octets.value_or(0) == 0;
  if (nothing) return paint.faint("–");
  std::string text = seen.grant;
  if (seen.octets) text += " " + std::to_string(*seen.octets);
  if (seen.put_octets) text += " → " + std::to_string(*seen.put_octets);
  return text;
}

void write_matrix(const Play& play, const Paint& paint, std::ostream& out) {
  out << '\n'
      << paint.title("Who saw what") << "  (octets; → what a writer put in its place; " << matrix_legend
      << ".\n   The ends count what they got as HTTP/1.1)\n";
  Table table;
  std::vector<std::string> head = {paint.faint("context"), ""};
  for (const CastMember& member : cast) head.push_back(paint.faint(member.name));
  table.row(std::move(head));
  for (const MatrixRow& row : play.matrix) {
    std::vector<std::string> cells = {row.context, row.direction == "c2s" ? "→" : "←"};
    for (const Seen& seen : row.by_party) cells.push_back(cell_of(seen, paint));
    table.row(std::move(cells));
  }
  table.print(out);
  out << '\n';
  for (const Check& check : play.checks) out << "  " << paint.verdict(check.ok) << "  " << check.what << '\n';
}

void write_attempts(const std::vector<AttemptResult>& attempts, const Paint& paint, std::ostream& out) {
  out << '\n'
      << paint.title("Each attempt of the scanner to do more") << "  (a new path for each, with its true keys)\n";
  Table table;
  table.row({paint.faint("attempt"), paint.faint("what it does"), paint.faint("noticed by"), paint.faint("alert"),
             paint.faint("delivered"), "", ""});
  for (const AttemptResult& one : attempts) {
    table.row({std::string{one.plan->name}, std::string{one.plan->what},
               one.noticed_by.empty() ? "nobody needs to" : one.noticed_by, one.alert.empty() ? "none" : one.alert,
               std::to_string(one.delivered_octets), paint.verdict(one.trouble.empty()), paint.faint(one.remark)});
  }
  table.print(out);
  for (const AttemptResult& one : attempts) {
    if (!one.trouble.empty())
      out << "    " << paint.bad(one.plan->name) << ": " << one.trouble << (one.fault.empty() ? "" : "; " + one.fault)
          << '\n';
  }
}

}  // namespace

void write_text(const Outcome& outcome, bool colour, std::ostream& out) {
  const Paint paint{colour};
  out << "A path of real processes on this machine, with certificates made for this run.\n";
  write_path(outcome, paint, out);
  write_requests(outcome.play, paint, out);
  write_matrix(outcome.play, paint, out);
  if (!outcome.attempts.empty()) write_attempts(outcome.attempts, paint, out);
  const auto took = std::chrono::duration<double>{outcome.took};
  out << '\n'
      << (outcome.ok() ? paint.good("All went as it must") : paint.bad("Not all went as it must")) << ", in "
      << fmt::format("{:.1f}", took.count()) << " s.";
  if (!outcome.directory.empty()) out << " Files: " << outcome.directory;
  out << '\n';
}

}  // namespace louver::role::demo

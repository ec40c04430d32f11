#include "role/demo/scan.h"

#include <filesystem>
#include <ostream>

#include "role/demo/exit.h"
#include "role/demo/scan_parts.h"
#include "role/demo/table.h"
#include "runtime/clock.h"
#include "runtime/files.h"

namespace louver::role::demo {
namespace {

constexpr std::chrono::seconds scan_longest{90};
constexpr std::size_t file_most = std::size_t{16} << 20;

// What tells, wherever it turns up, that somebody was shown it.
constexpr std::string_view told_cookie = "session=open-sesame-4711", told_field = "for-the-server-only-0815",
                           told_path = "quarterly", told_content = "figures of the third quarter";

std::string file_content(const std::string& file) {
  const auto bytes = runtime::read_file_checked(file, file_most);
  return bytes ? std::string{as_text(*bytes)} : std::string{};
}
bool is_there(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}
bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

/// What the demonstration does, one request after the other.
class Play {
 public:
  Play(ScanParts& parts, std::vector<Check>& checks) : parts_(parts), checks_(checks) {}

  Result<> perform() {
    const std::string report = std::string{told_content} + std::string(30000, '.');
    LOUVER_TRY(upload("clean", report, false));
    LOUVER_TRY(download("clean", report, false));
    LOUVER_TRY(upload("virus", eicar(), true));
    LOUVER_TRY(upload("virus-in-a-report", report + eicar(), true));
    LOUVER_TRY(download("virus", eicar(), true));
    return upload("clean-again", report, false);
  }
  /// The page that the user got for the first upload that was stopped.
  const std::string& page() const { return page_; }

 private:
  void check(std::string what, bool ok) { checks_.push_back({std::move(what), ok}); }
  std::string url(const std::string& name, bool up) const {
    return "http://site.example/" + std::string{up ? "up/" : ""} + name + "-" + std::string{told_path};
  }

  Result<> upload(const std::string& name, const std::string& data, bool bad) {
    const std::string source = parts_.directory() + "/source-" + name;
    LOUVER_TRY(write_scratch(source, data));
    LOUVER_ASSIGN(
        const auto got,
        parts_.curl({"-T", source, "-H", "Expect:", "-H", "Cookie: " + std::string{told_cookie}, "-H",
                     "X-Private: " + std::string{told_field}, "-w", "\nstatus %{http_code}\n", url(name, true)}));
    const std::string file = parts_.www() + "/up/" + name + "-" + std::string{told_path};
    if (!bad) {
      check("upload of " + name + ": 201, and nginx has the same octets",
            has(got.printed, "status 201") && file_content(file) == data);
      return {};
    }
    if (page_.empty()) page_ = got.printed;
    check("upload of " + name + ": 403, and nginx has nothing", has(got.printed, "status 403") && !is_there(file));
    check("upload of " + name + ": the page names " + std::string{scan_box} + " and " + std::string{scan_signature},
          has(got.printed, "Blocked by " + std::string{scan_box} + " (" + std::string{scan_operator} + ")") &&
              has(got.printed, scan_signature));
    return {};
  }

  Result<> download(const std::string& name, const std::string& data, bool bad) {
    LOUVER_TRY(write_scratch(parts_.www() + "/" + name + "-" + std::string{told_path}, data));
    const std::string to = parts_.directory() + "/fetched-" + name;
    LOUVER_ASSIGN(const auto got, parts_.curl({"-o", to, "-H", "Cookie: " + std::string{told_cookie}, "-w",
                                               "status %{http_code}\n", url(name, false)}));
    const std::string fetched = file_content(to);
    if (!bad) {
      check("download of " + name + ": 200 and the same octets", has(got.printed, "status 200") && fetched == data);
    } else {
      check("download of " + name + ": never whole, not one octet of it",
            (!got.whole || has(got.printed, "status 403")) && !has(fetched, data.substr(0, 16)));
    }
    return {};
  }

  ScanParts& parts_;
  std::vector<Check>& checks_;
  std::string page_;
};

/// Who was shown what, by what nginx logged and what went to the ICAP server.
void print_matrix(const ScanParts& parts, std::vector<Check>& checks, std::ostream& out) {
  const std::string told = parts.told_to_scanner();
  const std::string origin = file_content(parts.directory() + "/nginx.log");
  const std::string uploaded = file_content(parts.www() + "/up/clean-" + std::string{told_path});
  struct Row {
    std::string_view what, context, grant, mark;
    const std::string& at_origin;
    bool scanner_sees;
  };
  const Row rows[] = {{"path", "request-head", "none", told_path, origin, false},
                      {"private field", "request-head", "none", told_field, origin, false},
                      {"cookie", "request-credentials", "none", told_cookie, origin, false},
                      {"content", "request-body", "inspect", told_content, uploaded, true}};
  Table table;
  table.row({"", "context", "grant of " + std::string{scan_box}, "at nginx", "at the ICAP server"});
  for (const Row& row : rows) {
    const bool seen = has(told, row.mark), arrived = has(row.at_origin, row.mark);
    table.row({std::string{row.what}, std::string{row.context}, std::string{row.grant}, arrived ? "yes" : "no",
               seen ? "yes" : "no"});
    checks.push_back({"the " + std::string{row.what} + " reaches nginx" +
                          (row.scanner_sees ? ", and the scanner sees it" : ", and no octet of it the scanner"),
                      arrived && seen == row.scanner_sees && !told.empty()});
  }
  table.print(out);
}

Result<bool> show(runtime::Loop& loop, const ScanDemoOptions& options, std::ostream& out, std::ostream& talk) {
  const TimePoint began = runtime::now();
  talk << "starting clamd, c-icap, nginx, gateway, middlebox and agent ..." << std::endl;
  LOUVER_ASSIGN(
      const std::unique_ptr<ScanParts> parts,
      ScanParts::start(loop, {options.program, options.keep, options.without_signature, began + scan_longest}));
  const Paint paint{options.colour};
  std::vector<Check> checks;
  Play play{*parts, checks};
  talk << "making requests ..." << std::endl;
  LOUVER_TRY(play.perform());
  out << paint.title("Who is shown what") << "\n\n";
  print_matrix(*parts, checks, out);
  out << '\n' << paint.title("What the user is told of the virus") << "\n\n" << play.page() << '\n';
  out << paint.title("Checks") << "\n\n";
  print_checks(checks, paint, out);
  if (options.keep) out << "kept: " << parts->directory() << '\n';
  return std::ranges::all_of(checks, &Check::ok);
}

}  // namespace

int run_scan_demo(const ScanDemoOptions& options, std::ostream& out, std::ostream& talk) {
  runtime::ignore_sigpipe();
  runtime::Loop loop;
  return exit_code(show(loop, options, out, talk), "louver demo scan", out, talk);
}

}  // namespace louver::role::demo

#include "role/demo/demo.h"

#include <iterator>
#include <ostream>

#include "role/demo/exit.h"
#include "role/demo/report.h"
#include "runtime/clock.h"
#include "runtime/endpoint.h"

namespace louver::role::demo {
namespace {

constexpr std::chrono::seconds demo_longest{18};

/// "http://host[:port][/path]" -> "host:port".
/// @fault configuration
Result<std::string> authority_of(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme))
    return Error{Fault::configuration, "--origin: \"" + printable(url) + "\" is no http:// URL"};
  std::string authority = url.substr(scheme.size());
  authority = authority.substr(0, authority.find('/'));
  if (authority.find(':') == std::string::npos) authority += ":80";
  LOUVER_ASSIGN(const runtime::Endpoint endpoint, runtime::Endpoint::parse(authority));
  return endpoint.to_string();
}

Result<Outcome> show(runtime::Loop& loop, const DemoOptions& options, std::ostream& talk) {
  const TimePoint began = runtime::now();
  Stage::Options wanted{
      .program = options.program, .default_origin = {}, .keep = options.keep, .deadline = began + demo_longest};
  if (!options.real_origin.empty()) {
    LOUVER_ASSIGN(wanted.default_origin, authority_of(options.real_origin));
  }
  talk << "starting gateway, middleboxes and agent ..." << std::endl;
  LOUVER_ASSIGN(const std::unique_ptr<Stage> stage, Stage::set_up(loop, std::move(wanted)));
  std::vector<std::string> names = {""};  // the honest path, then one for each attempt
  if (options.cheat)
    std::ranges::transform(attempt_plans(), std::back_inserter(names),
                           [](const AttemptPlan& plan) { return std::string{plan.name}; });
  LOUVER_ASSIGN(const std::vector<Path> paths, stage->open_paths(names));
  LOUVER_ASSIGN(const std::unique_ptr<HttpClient> http,
                options.own_client ? make_library_client(*stage) : find_client(*stage));
  talk << "making requests ..." << std::endl;
  Outcome outcome;
  outcome.origin = options.real_origin.empty() ? "embedded origin" : options.real_origin;
  LOUVER_ASSIGN(outcome.play, perform(*stage, paths.front(), *http, options.real_origin));
  if (options.cheat) {
    LOUVER_ASSIGN(outcome.attempts,
                  make_attempts(*stage, std::span{paths}.subspan(1), *http, [&](const AttemptPlan& plan) {
                    talk << "attempt " << plan.name << " ..." << std::endl;
                  }));
  }
  if (options.keep) outcome.directory = stage->directory();
  outcome.took = runtime::now() - began;
  return outcome;
}

}  // namespace

bool Outcome::ok() const {
  return play.ok() && std::ranges::all_of(attempts, [](const AttemptResult& one) { return one.trouble.empty(); });
}

int run_demo(const DemoOptions& options, std::ostream& out, std::ostream& talk) {
  runtime::ignore_sigpipe();
  runtime::Loop loop;
  const auto outcome = show(loop, options, talk);
  if (!outcome) {
    talk << "louver demo: " << outcome.error().detail << std::endl;
    return outcome.error().fault == Fault::configuration ? cannot : not_so;
  }
  if (options.json) {
    write_json(*outcome, out);
  } else {
    write_text(*outcome, options.colour, out);
  }
  out.flush();
  return outcome->ok() && out ? all_right : not_so;
}

}  // namespace louver::role::demo

#include "role/demo/pay/pay.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "profile/http1/contexts.h"
#include "role/demo/call.h"
#include "role/demo/exit.h"
#include "role/demo/pay/attribution.h"
#include "role/demo/pay/bank.h"
#include "role/demo/pay/cast.h"
#include "role/demo/play.h"
#include "role/demo/scene.h"
#include "role/demo/table.h"
#include "runtime/clock.h"

namespace louver::role::demo::pay {
namespace {

constexpr std::chrono::hours visit_longest{1};

/// The processes, and the bank's application.
struct Cast {
  std::unique_ptr<Scene> scene;
  std::unique_ptr<WebApp> bank;
};

/// What came of it.
struct Outcome {
  Got receipt;
  Asked at_bank;
  std::vector<Attribution> attributed;
  std::string trouble;  // of the logs
};

Result<Cast> set_up(runtime::Loop& loop, const Options& options) {
  Cast out;
  LOUVER_ASSIGN(out.scene, Scene::set_up(loop, options.program, path, options.keep));
  LOUVER_ASSIGN(out.bank, start_bank());
  Scene& scene = *out.scene;
  const std::string& directory = scene.directory();
  LOUVER_TRY(scene.start(bank_at, bank_text(directory, out.bank->port(), options.lifts)));
  LOUVER_TRY(scene.start(shop_at, shop_text(directory, scene.port_of(bank_at), options.program)));
  LOUVER_TRY(scene.start(browser_at, browser_text(directory, scene.port_of(shop_at), options.lifts)));
  return out;
}

/// The form as the shop was given it, with black bars where something was lifted out.
std::string seen_form(const Scene& scene) {
  constexpr std::string_view prefix = "louver-field-";
  constexpr std::size_t marker_octets = prefix.size() + 32;
  std::string out;
  for (const Json& event : scene.party(shop_at).events()) {
    if (text_of(event, "event") == "message" && text_of(event, "context") == "request-body")
      out = text_of(event, "excerpt");
  }
  for (std::size_t at = out.find(prefix); at != std::string::npos; at = out.find(prefix))
    out.replace(at, marker_octets, "████████");
  return out;
}

Result<Outcome> pay_once(const Cast& on) {
  Scene& scene = *on.scene;
  const std::string host = "127.0.0.1:" + std::to_string(scene.port_of(browser_at));
  Outcome out;
  LOUVER_ASSIGN(out.receipt,
                call(scene.port_of(browser_at), {.method = "POST",
                                                 .target = "/pay",
                                                 .host = host,
                                                 .fields = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                                 .body = filled_form()}));
  if (const std::vector<Asked> asked = on.bank->asked(); !asked.empty()) out.at_bank = asked.back();
  LOUVER_TRY(scene.wait([&] { return !seen_form(scene).empty(); }, "the shop's log"));
  LOUVER_TRY(scene.close_ends());
  auto attributed = attributions(scene.directory());
  if (attributed) {
    out.attributed = *std::move(attributed);
  } else {
    out.trouble = attributed.error().detail;
  }
  return out;
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool is_attributed(const Outcome& outcome, std::string_view context, std::string_view verdict,
                   const std::vector<std::size_t>& changed_by) {
  const auto found = std::ranges::find(outcome.attributed, context, &Attribution::context);
  return found != outcome.attributed.end() && found->verdict == verdict && found->changed_by == changed_by;
}

std::vector<Check> check(const Scene& scene, const Outcome& outcome) {
  const std::string_view form = outcome.at_bank.body;
  const PartyProcess& shop = scene.party(shop_at);
  return {
      {"the bank got the card and its code as they were typed in",
       holds(form, "card=" + std::string{card} + "&") && form.ends_with("code=" + std::string{code})},
      {"it got the shop's order and price", holds(form, filled_order) && holds(form, agreed_total)},
      {"the browser got the bank's receipt",
       outcome.receipt.status == 200 && holds(outcome.receipt.body, agreed_total.substr(6))},
      {"the shop saw the order", shop.has_said("item=book")},
      {"the shop saw neither card nor code, and had no octet of them",
       !shop.has_said(card) && !shop.has_said("code=" + std::string{code}) && scene.seen_octets(shop_at, "card") == 0 &&
           scene.seen_octets(shop_at, "code") == 0},
      {"the logs of both ends are whole, signed by all, and agree", outcome.trouble.empty()},
      {"they say: shop.example has changed the form, nobody the card",
       is_attributed(outcome, "request-body", "changed", {shop_at}) &&
           is_attributed(outcome, "card", "unmodified", {})},
  };
}

void write_matrix(const Scene& scene, const Paint& paint, std::ostream& out) {
  out << '\n' << paint.title("Who saw what") << "  (octets; " << matrix_legend << ")\n";
  Table table;
  table.row({paint.faint("context"), "browser", "shop", "bank"});
  const auto row = [&](std::string_view context, bool c2s) {
    const std::string_view granted = path[shop_at].grant_on(context);
    table.row({std::string{context}, c2s ? "author" : "sink",
               granted.empty() ? paint.faint("–")
                               : std::string{granted} + " " + std::to_string(scene.seen_octets(shop_at, context)),
               c2s ? "sink" : "author"});
  };
  for (const session::ContextTraits& context : profile::http1::contexts)
    row(context.name, context.directions == profile::http1::c2s_only);
  for (const std::string_view context : lifted) row(context, true);
  table.print(out);
}

void write_report(const Scene& scene, const Outcome& outcome, const std::vector<Check>& checks, const Options& options,
                  std::ostream& out) {
  const Paint paint{options.colour};
  out << "\n  a browser ── " << paint.title(path[browser_at].name) << " ── " << paint.title(path[shop_at].name)
      << " ── " << paint.title(path[bank_at].name) << " ── the bank's application\n\n";
  Table parties;
  for (const Member& member : path)
    parties.row({paint.title(member.name), std::string{member.role}, std::string{member.does}});
  parties.print(out);
  out << "\nThe browser sends  " << filled_form() << "\nthe shop sees      " << seen_form(scene)
      << "\nthe bank gets      " << outcome.at_bank.body << "\nand answers        " << outcome.receipt.body;
  write_matrix(scene, paint, out);
  out << '\n' << paint.title("Checks") << '\n';
  print_checks(checks, paint, out);
  if (!outcome.trouble.empty()) out << "  the logs: " << printable(outcome.trouble, 300) << '\n';
  if (options.keep) out << "\nConfigurations, certificates and audit logs are in " << scene.directory() << '\n';
}

/// Serves browsers until a signal asks to end.
Result<bool> stay(Scene& scene, std::ostream& talk) {
  talk << "Open http://127.0.0.1:" << scene.port_of(browser_at) << "/ in a browser and pay; end with Ctrl-C."
       << std::endl;
  const auto ended = scene.wait([] { return false; }, "a signal", visit_longest);
  if (!ended && ended.error().fault != Fault::revoked && ended.error().fault != Fault::timeout) return ended.error();
  talk << "The shop saw last: " << seen_form(scene) << std::endl;
  return true;
}

Result<bool> show(runtime::Loop& loop, const Options& options, std::ostream& out, std::ostream& talk) {
  talk << "starting bank, shop and agent ..." << std::endl;
  LOUVER_ASSIGN(const Cast on, set_up(loop, options));
  if (options.browse) return stay(*on.scene, talk);
  talk << "paying ..." << std::endl;
  LOUVER_ASSIGN(const Outcome outcome, pay_once(on));
  const std::vector<Check> checks = check(*on.scene, outcome);
  write_report(*on.scene, outcome, checks, options, out);
  return std::ranges::all_of(checks, &Check::ok);
}

}  // namespace

int run_demo(const Options& options, std::ostream& out, std::ostream& talk) {
  runtime::ignore_sigpipe();
  runtime::Loop loop;
  return exit_code(show(loop, options, out, talk), "louver demo pay", out, talk);
}

}  // namespace louver::role::demo::pay

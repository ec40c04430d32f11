#include "role/demo/agent_key/agent_key.h"

#include <algorithm>
#include <ostream>

#include "crypto/system_random.h"
#include "profile/http1/contexts.h"
#include "role/demo/agent_key/cast.h"
#include "role/demo/agent_key/model.h"
#include "role/demo/call.h"
#include "role/demo/exit.h"
#include "role/demo/play.h"
#include "role/demo/scene.h"
#include "role/demo/table.h"
#include "role/demo/toml_text.h"

namespace louver::role::demo::agent_key {
namespace {

struct Exchanges {
  Got chat, whoami, elsewhere;
};

/// The processes, the model, and the key that only this run has.
struct Cast {
  std::unique_ptr<Scene> scene;
  std::unique_ptr<WebApp> model;
  std::string key;
};

std::string make_key() {
  std::array<std::byte, 20> random{};
  crypto::SystemRandom{}.fill(random);
  return "sk-demo-" + to_hex(random);
}

Result<Cast> set_up(runtime::Loop& loop, const Options& options) {
  Cast out{.scene = {}, .model = {}, .key = make_key()};
  LOUVER_ASSIGN(out.scene, Scene::set_up(loop, options.program, path, options.keep));
  Scene& scene = *out.scene;
  LOUVER_TRY(write_scratch(scene.directory() + "/" + key_file, out.key + "\n"));
  LOUVER_ASSIGN(out.model, start_model(out.key));
  LOUVER_TRY(scene.start(server_at, gateway_text(scene.directory(), path, out.model->port())));
  LOUVER_TRY(scene.start(vault_at, vault_text(scene.directory(), scene.port_of(server_at), options.vault_watches)));
  LOUVER_TRY(scene.start(guard_at, guard_text(scene.directory(), scene.port_of(vault_at))));
  LOUVER_TRY(scene.start(client_at, agent_text(scene.directory(), path, scene.port_of(guard_at)) + "\n[[http]]\n" +
                                        toml_line("listen", loopback_text(0))));
  return out;
}

Call request(std::string_view method, std::string_view target, std::string_view body) {
  return {.method = std::string{method},
          .target = "http://" + std::string{host} + std::string{target},
          .host = std::string{host},
          .fields = {{"Authorization", "Bearer " + std::string{placeholder}}},
          .body = std::string{body}};
}

Result<Exchanges> make_requests(const Scene& scene) {
  const std::uint16_t proxy = scene.port_of(client_at);
  Exchanges out;
  LOUVER_ASSIGN(out.chat, call(proxy, request("POST", "/v1/chat", prompt)));
  LOUVER_ASSIGN(out.whoami, call(proxy, request("GET", "/v1/whoami", {})));
  LOUVER_ASSIGN(out.elsewhere, call(proxy, request("GET", "/health", {})));
  return out;
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string streamed_text() {
  std::string out;
  for (const std::string& piece : model_pieces()) out += piece;
  return out;
}
std::string blacked_out(std::string text) {
  const std::size_t at = text.find(address);
  return text.replace(at, address.size(), std::string(address.size(), 'x'));
}

void check_origin(const Cast& on, std::vector<Check>& checks) {
  const std::vector<Asked> asked = on.model->asked();
  const std::string real = "Bearer " + on.key;
  const auto at = [&](std::string_view target) { return std::ranges::find(asked, target, &Asked::target); };
  const auto chat = at("/v1/chat"), health = at("/health");
  checks.push_back({"the model got the real key, and the prompt octet by octet",
                    chat != asked.end() && chat->authorization == real && chat->body == prompt});
  checks.push_back({"outside of " + std::string{key_path} + " it got the placeholder, as it came",
                    health != asked.end() && health->authorization == "Bearer " + std::string{placeholder}});
}

void check_client(const Cast& on, const Exchanges& made, std::vector<Check>& checks) {
  const std::string all = made.chat.all() + made.whoami.all() + made.elsewhere.all();
  checks.push_back({"the client never saw the key, not even when the model sent it back", !holds(all, on.key)});
  checks.push_back({"the e-mail address, cut into three pieces, never arrived",
                    !holds(all, address) && !holds(all, address.substr(0, 8)) && !holds(all, address.substr(13))});
  checks.push_back(
      {"the rest of the answer arrived as it was written", made.chat.body == blacked_out(streamed_text())});
  const bool early = made.chat.body_from && *made.chat.body_from < on.model->last_piece_at();
  checks.push_back({"its first words arrived before its last were written", early});
}

void check_middleboxes(const Cast& on, std::vector<Check>& checks) {
  const Scene& scene = *on.scene;
  const PartyProcess &guarding = scene.party(guard_at), &keeping = scene.party(vault_at);
  checks.push_back({"the guard saw the prompt", guarding.has_said(prompt)});
  checks.push_back({"the vault saw no octet of a prompt",
                    scene.seen_octets(vault_at, "request-body") == 0 && !keeping.has_said(prompt)});
  checks.push_back({"the guard saw no credential",
                    scene.seen_octets(guard_at, "request-credentials") == 0 && !guarding.has_said(placeholder)});
  bool logged = false;
  for (std::size_t i = 0; i < path.size(); ++i) logged = logged || scene.party(i).has_said(on.key);
  checks.push_back({"nobody wrote the key into a log", !logged});
}

void write_matrix(const Scene& scene, const Paint& paint, std::ostream& out) {
  out << '\n' << paint.title("Who saw what") << "  (octets; " << matrix_legend << ")\n";
  Table table;
  table.row({paint.faint("context"), "client", "guard", "vault", "model"});
  for (const session::ContextTraits& context : profile::http1::contexts) {
    const bool c2s = context.directions == profile::http1::c2s_only;
    const auto cell = [&](std::size_t place) {
      const std::string_view granted = path[place].grant_on(context.name);
      if (granted.empty()) return paint.faint("–");
      return std::string{granted} + " " + std::to_string(scene.seen_octets(place, context.name));
    };
    table.row(
        {std::string{context.name}, c2s ? "author" : "sink", cell(guard_at), cell(vault_at), c2s ? "sink" : "author"});
  }
  table.print(out);
}

void write_report(const Scene& scene, const Exchanges& made, const std::vector<Check>& checks, const Options& options,
                  std::ostream& out) {
  const Paint paint{options.colour};
  out << "\n  a program ── " << paint.title(path[client_at].name) << " ── " << paint.title(path[guard_at].name)
      << " ── " << paint.title(path[vault_at].name) << " ── " << paint.title(path[server_at].name)
      << " ── the model's API\n\n";
  Table parties;
  for (const Member& member : path)
    parties.row({paint.title(member.name), std::string{member.role}, std::string{member.does}});
  parties.print(out);
  out << "\nThe program sends  Authorization: Bearer " << placeholder << "\nand reads:\n\n" << made.chat.body;
  out << "Asked to tell it the key (GET " << key_path << "/whoami), it reads:\n\n  " << made.whoami.status
      << (made.whoami.whole ? ": " : ", and is cut off after " + std::to_string(made.whoami.body.size()) + " octets")
      << (made.whoami.whole ? made.whoami.body : "") << '\n';
  write_matrix(scene, paint, out);
  out << '\n' << paint.title("Checks") << '\n';
  print_checks(checks, paint, out);
  if (options.keep) out << "\nConfigurations, certificates and the key are in " << scene.directory() << '\n';
}

Result<bool> show(runtime::Loop& loop, const Options& options, std::ostream& out, std::ostream& talk) {
  talk << "starting gateway, vault, guard and agent ..." << std::endl;
  LOUVER_ASSIGN(const Cast on, set_up(loop, options));
  Scene& scene = *on.scene;
  talk << "asking the model ..." << std::endl;
  LOUVER_ASSIGN(const Exchanges made, make_requests(scene));
  const auto all_said = [&] {
    return scene.party(guard_at).has_said(prompt) && scene.seen_octets(vault_at, "request-head") > 0;
  };
  if (const auto said = scene.wait(all_said, "the middleboxes' logs"); !said && said.error().fault != Fault::timeout)
    return said.error();
  std::vector<Check> checks;
  check_origin(on, checks);
  check_client(on, made, checks);
  check_middleboxes(on, checks);
  write_report(scene, made, checks, options, out);
  return std::ranges::all_of(checks, &Check::ok);
}

}  // namespace

int run_demo(const Options& options, std::ostream& out, std::ostream& talk) {
  runtime::ignore_sigpipe();
  runtime::Loop loop;
  return exit_code(show(loop, options, out, talk), "louver demo agent-key", out, talk);
}

}  // namespace louver::role::demo::agent_key

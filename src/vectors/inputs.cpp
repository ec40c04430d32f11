#include "vectors/inputs.h"

#include "base/limits.h"
#include "crypto/suite.h"

namespace louver::vectors {
namespace {

constexpr std::size_t steps_most = 256;
constexpr std::size_t secret_octets_least = 32;
constexpr std::size_t plaintext_octets_most = 64 * 1024;
constexpr std::uint64_t session_most = (std::uint64_t{1} << 63) - 1;

constexpr std::size_t receipt_key_octets = 32;

/// The name of a member: a path index of least..most.
Result<PartyIndex> read_party(const std::string& name, unsigned long least, unsigned long most, const Place& place) {
  const bool digits =
      !name.empty() && name.size() <= 3 && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
  const unsigned long index = digits ? std::stoul(name) : 0;
  if (!digits || index < least || index > most || name != std::to_string(index))
    return place.wrong(least == 0 ? "not the number of a party" : "not the number of a middlebox");
  return PartyIndex{static_cast<std::uint8_t>(index)};
}

Result<Action> read_action(const std::string& name, const Place& place) {
  Action out;
  LOUVER_ASSIGN(out.by, read_party(name, 1, limits::middleboxes_by_default, place));
  LOUVER_TRY(place.only({"redact", "replace"}));
  if (place.has("redact") == place.has("replace")) return place.wrong("either redact or replace is wanted");
  if (place.has("redact")) {
    LOUVER_ASSIGN(const Place redact, place.at("redact"));
    LOUVER_ASSIGN(const bool really, redact.boolean());
    if (!really) return redact.wrong("only true has a meaning");
    out.kind = Action::Kind::redact;
    return out;
  }
  LOUVER_ASSIGN(const Place with, place.at("replace"));
  LOUVER_ASSIGN(out.with, with.octets(0, plaintext_octets_most));
  out.kind = Action::Kind::replace;
  return out;
}

Result<std::vector<Action>> read_actions(const Place& place) {
  std::vector<Action> out;
  LOUVER_ASSIGN(const auto members, place.members());
  for (const auto& [name, value] : members) {
    LOUVER_ASSIGN(Action action, read_action(name, value));
    out.push_back(std::move(action));
  }
  return out;
}

Result<Step> read_finish(const Place& place, Step step) {
  LOUVER_TRY(place.only({"direction", "finish"}));
  LOUVER_ASSIGN(const Place finish, place.at("finish"));
  LOUVER_ASSIGN(step.finish, finish.boolean());
  if (!step.finish) return finish.wrong("only true has a meaning");
  return step;
}

Result<Step> read_step(const Place& place) {
  Step step;
  LOUVER_ASSIGN(const Place direction, place.at("direction"));
  LOUVER_ASSIGN(step.direction, direction.direction());
  if (place.has("finish")) return read_finish(place, std::move(step));
  LOUVER_TRY(place.only({"direction", "context", "exchange", "plaintext", "end", "at"}));
  LOUVER_ASSIGN(const Place context, place.at("context"));
  LOUVER_ASSIGN(const std::uint64_t id, context.number(1, limits::contexts));
  step.context = ContextId{static_cast<std::uint8_t>(id)};
  LOUVER_ASSIGN(const Place exchange, place.at("exchange"));
  LOUVER_ASSIGN(const std::uint64_t number, exchange.number(0, 0xFFFFFFFF));
  step.exchange = Exchange{static_cast<std::uint32_t>(number)};
  LOUVER_ASSIGN(const Place plaintext, place.at("plaintext"));
  LOUVER_ASSIGN(step.plaintext, plaintext.octets(0, plaintext_octets_most));
  LOUVER_ASSIGN(const Place end, place.at("end"));
  LOUVER_ASSIGN(step.end, end.boolean());
  LOUVER_ASSIGN(const Place at, place.at("at"));
  LOUVER_ASSIGN(step.actions, read_actions(at));
  return step;
}

Result<std::optional<std::map<PartyIndex, Buffer>>> read_receipt_keys(const Place& place) {
  if (!place.has("receipt_keys")) return std::optional<std::map<PartyIndex, Buffer>>{};
  LOUVER_ASSIGN(const Place keys, place.at("receipt_keys"));
  LOUVER_ASSIGN(const auto members, keys.members());
  std::map<PartyIndex, Buffer> out;
  for (const auto& [name, value] : members) {
    LOUVER_ASSIGN(const PartyIndex party, read_party(name, 0, limits::middleboxes_by_default + 1, value));
    LOUVER_ASSIGN(out[party], value.octets(receipt_key_octets, receipt_key_octets));
  }
  return std::optional{std::move(out)};
}

}  // namespace

Result<Inputs> read_inputs(const Place& place) {
  LOUVER_TRY(place.only({"hello", "manifest", "e2e", "client_seed", "server_seed", "session", "alive", "epoch_shift",
                         "steps", "receipt_keys"}));
  Inputs out;
  LOUVER_ASSIGN(const Place hello, place.at("hello"));
  LOUVER_ASSIGN(out.hello, hello.octets(1, limits::hello_bytes));
  LOUVER_ASSIGN(const Place manifest, place.at("manifest"));
  LOUVER_ASSIGN(out.manifest, manifest.octets(1, limits::hello_bytes));
  LOUVER_ASSIGN(const Place e2e, place.at("e2e"));
  LOUVER_ASSIGN(out.e2e, e2e.octets(secret_octets_least, crypto::hash_octets_most));
  LOUVER_ASSIGN(out.client_seed, place.octets_if_there("client_seed", secret_octets_least, crypto::hash_octets_most));
  LOUVER_ASSIGN(out.server_seed, place.octets_if_there("server_seed", secret_octets_least, crypto::hash_octets_most));
  LOUVER_ASSIGN(const Place session, place.at("session"));
  LOUVER_ASSIGN(const std::uint64_t number, session.number(1, session_most));
  out.session = SessionNumber{number};
  LOUVER_ASSIGN(const Place alive, place.at("alive"));
  LOUVER_ASSIGN(const std::uint64_t newest, alive.number(0, 0xFFFFFFFF));
  out.alive = static_cast<std::uint32_t>(newest);
  LOUVER_ASSIGN(const Place shift, place.at("epoch_shift"));
  LOUVER_ASSIGN(const std::uint64_t power, shift.number(0, limits::epoch_shift));
  out.epoch_shift = static_cast<unsigned>(power);
  LOUVER_ASSIGN(const Place steps, place.at("steps"));
  LOUVER_ASSIGN(const std::vector<Place> places, steps.items(steps_most));
  for (const Place& one : places) {
    LOUVER_ASSIGN(Step step, read_step(one));
    out.steps.push_back(std::move(step));
  }
  LOUVER_ASSIGN(out.receipt_keys, read_receipt_keys(place));
  return out;
}

}  // namespace louver::vectors

#include "role/manager.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/version.h"

namespace louver::role {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t jobs_most = 16;
constexpr std::size_t withdrawn_most = 1000;
constexpr std::size_t associations_shown = 256;

std::string line_of(const OrderedJson& answer) {
  return answer.dump(-1, ' ', true, OrderedJson::error_handler_t::replace);
}
std::string refusal(const std::string& why) { return line_of({{"ok", false}, {"error", why}}); }

std::int64_t seconds(Duration time) { return std::chrono::duration_cast<std::chrono::seconds>(time).count(); }
std::int64_t unix_time(WallTime when) {
  return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

std::string_view name_of(session::AssociationRecord::State state) {
  using State = session::AssociationRecord::State;
  switch (state) {
    case State::waiting:
      return "waiting";
    case State::open:
      return "open";
    case State::closing:
      return "closing";
    case State::ended:
      return "ended";
  }
  return "";
}

OrderedJson describe(const session::AssociationRecord& record) {
  OrderedJson out;
  out["association"] = to_hex(record.id()).substr(0, 8);
  out["state"] = name_of(record.state());
  out["party"] = raw(record.self());
  out["server"] = record.terms().name(record.terms().server());
  OrderedJson middleboxes = OrderedJson::array();
  for (std::size_t i = 1; i <= record.terms().middleboxes(); ++i)
    middleboxes.push_back(record.terms().name(PartyIndex{static_cast<std::uint8_t>(i)}));
  out["middleboxes"] = std::move(middleboxes);
  for (const session::PartyReport& party : record.parties()) {
    if (party.index == PartyIndex{0} && !party.name.empty()) out["client"] = party.name;
  }
  out["profile"] = record.terms().profile();
  out["age_s"] = seconds(runtime::now() - record.made_at());
  if (record.expires() != WallTime::max()) out["expires"] = unix_time(record.expires());
  out["sessions"] = record.watched();
  out["joins"] = record.joins();
  return out;
}

bool takes_part(const session::AssociationRecord& record, std::string_view name) {
  for (std::size_t i = 1; i <= raw(record.terms().server()); ++i) {
    if (record.terms().name(PartyIndex{static_cast<std::uint8_t>(i)}) == name) return true;
  }
  return std::ranges::any_of(record.parties(), [&](const session::PartyReport& party) { return party.name == name; });
}

}  // namespace

Manager::Manager(runtime::Loop& loop, Station& station, Manageable& role)
    : loop_(loop),
      station_(station),
      role_(role),
      alive_(std::make_shared<Manager*>(this)),
      loaded_at_(runtime::wall_now()),
      started_at_(runtime::now()) {}

Manager::~Manager() {
  if (worker_.joinable()) worker_.join();
}

void Manager::ask(std::string_view line, Answer answer) {
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string())
    return answer(refusal(R"(a command is one line of JSON: {"command": "status"})"));
  const auto& command = request["command"].get_ref<const std::string&>();
  if (command == "status") return answer(status());
  if (command == "reload") return submit({command, reading(), {}, std::move(answer)});
  if (command == "withdraw" || command == "restore") return withdraw(request, std::move(answer));
  if (command == "renew") {
    role_.renew();
    return answer(line_of({{"ok", true}}));
  }
  answer(refusal("unknown command \"" + printable(command, 32) +
                 "\": status, reload, renew, withdraw and restore are there"));
}

/// A withdrawal counts from here on, even if what follows fails: then nothing is made that would still allow it.
void Manager::withdraw(const Json& request, Answer answer) {
  const auto name = request.find("name");
  if (name == request.end() || !name->is_string() || name->get_ref<const std::string&>().empty() ||
      name->get_ref<const std::string&>().size() > 255)
    return answer(refusal("whom? \"name\" is missing"));
  const bool at_once = request.contains("now") && request["now"].is_boolean() && request["now"].get<bool>();
  const auto& command = request["command"].get_ref<const std::string&>();
  if (command == "withdraw") {
    if (withdrawn_.size() >= withdrawn_most) return answer(refusal("too many are withdrawn; change the configuration"));
    withdrawn_.insert(name->get<std::string>());
  } else if (withdrawn_.erase(name->get<std::string>()) == 0) {
    return answer(refusal("that name is not withdrawn"));
  }
  Change change;
  if (!at_once) change.drain = drain();
  submit({command, std::move(change), associations_with(name->get<std::string>()), std::move(answer)});
}

void Manager::reload() {
  const bool waits = std::ranges::any_of(waiting_, [](const Job& job) { return job.command == "reload"; });
  if (waits) return;
  submit({"reload", reading(), {}, {}});
}

std::size_t Manager::associations_with(std::string_view name) const {
  const auto all = station_.associations.list(station_.associations.size());
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const auto& one) { return takes_part(*one, name); }));
}

Duration Manager::drain() const { return std::min<Duration>(station_.limits.drain_deadline, limits::withdrawal_drain); }

Change Manager::reading() const { return {.read_anew = true, .drain = drain()}; }

void Manager::submit(Job job) {
  if (waiting_.size() >= jobs_most) {
    if (job.answer) job.answer(refusal("too many commands wait; try again"));
    return;
  }
  waiting_.push_back(std::move(job));
  start_next();
}

void Manager::start_next() {
  if (busy_ || waiting_.empty()) return;
  busy_ = true;
  if (worker_.joinable()) worker_.join();  // it has finished: it posted its result as its last act
  Job job = std::move(waiting_.front());
  waiting_.pop_front();
  job.change.withdrawn = withdrawn_;
  job.change.edition = ++edition_;
  worker_ = std::thread{[this, job = std::move(job), handle = loop_.handle(), weak = std::weak_ptr<Manager*>{alive_}] {
    auto prepared = std::make_shared<Result<Manageable::Apply>>(role_.prepare(job.change));
    handle.post([weak, prepared, done = Done{job.command, job.associations, job.answer}] {
      if (const auto alive = weak.lock()) (*alive)->finish(done, std::move(*prepared));
    });
  }};
}

void Manager::finish(const Done& done, Result<Manageable::Apply> prepared) {
  busy_ = false;
  const bool is_reload = done.command == "reload";
  if (!prepared) {
    if (is_reload) ++failed_reloads_;
    station_.log.write(observe::Level::error, observe::Event::config_error,
                       {{"fault", prepared.error().detail}, {"what", "nothing was changed: " + done.command}});
    if (done.answer) done.answer(refusal(prepared.error().detail));
  } else {
    const std::vector<std::string> kept = (*prepared)();
    if (is_reload) {
      ++reloads_;
      loaded_at_ = runtime::wall_now();
    }
    std::string fixed;
    for (const std::string& key : kept) fixed += (fixed.empty() ? "" : ", ") + key;
    if (!kept.empty()) {
      station_.log.write(observe::Level::warn, observe::Event::config_warning,
                         {{"what", "changed in the file, but needs a restart: " + fixed}});
    }
    station_.log.write(observe::Level::info, observe::Event::config_loaded, {{"what", done.command}});
    if (!done.answer) return start_next();
    OrderedJson said{{"ok", true}};
    if (is_reload) {
      said["needs_restart"] = kept;
    } else {
      said["withdrawn"] = withdrawn_;
      said["associations"] = done.associations;
    }
    done.answer(line_of(said));
  }
  start_next();
}

std::string Manager::status() const {
  OrderedJson out;
  out["ok"] = true;
  role_.add_status(out);
  out["version"] = LOUVER_VERSION;
  out["pid"] = ::getpid();
  out["uptime_s"] = seconds(runtime::now() - started_at_);
  out["draining"] = station_.draining.load();
  out["configuration"] = {
      {"loaded", unix_time(loaded_at_)}, {"reloads", reloads_}, {"failed_reloads", failed_reloads_}};
  out["withdrawn"] = withdrawn_;
  out["sessions"] = station_.sessions.used();
  out["counters"] = OrderedJson::parse(station_.counters.to_json());
  out["associations_total"] = station_.associations.size();
  OrderedJson associations = OrderedJson::array();
  for (const auto& record : station_.associations.list(associations_shown)) associations.push_back(describe(*record));
  out["associations"] = std::move(associations);
  return line_of(out);
}

}  // namespace louver::role

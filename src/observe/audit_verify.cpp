#include "observe/audit_verify.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "base/base64.h"
#include "observe/audit_log.h"
#include "session/endpoint_audit.h"
#include "tls/signature.h"

namespace louver::observe {
namespace {

using Json = nlohmann::json;
using session::AuditStream;

/// A field that must be there and of its kind; the first that is not stays in `fault`.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}
  std::string text(const char* key) {
    const Json* found = find(key);
    if (found != nullptr && found->is_string()) return found->get<std::string>();
    return miss(key, "text"), std::string{};
  }
  std::uint64_t number(const char* key) {
    const Json* found = find(key);
    if (found != nullptr && found->is_number_unsigned()) return found->get<std::uint64_t>();
    return miss(key, "a number"), std::uint64_t{0};
  }
  bool flag(const char* key) {
    const Json* found = find(key);
    if (found != nullptr && found->is_boolean()) return found->get<bool>();
    return miss(key, "true or false"), false;
  }
  const Json& list(const char* key) {
    static const Json none = Json::array();
    const Json* found = find(key);
    if (found != nullptr && found->is_array()) return *found;
    return miss(key, "a list"), none;
  }
  Buffer base64(const char* key) { return octets(key, from_base64(text(key)), "base64"); }
  Buffer hex(const char* key) { return octets(key, from_hex(text(key)), "hexadecimal"); }
  const std::string& fault() const { return fault_; }

 private:
  const Json* find(const char* key) const {
    const auto found = object_.is_object() ? object_.find(key) : object_.end();
    return found == object_.end() ? nullptr : &*found;
  }
  Buffer octets(const char* key, std::optional<Buffer> read, const char* what) {
    if (read) return *std::move(read);
    return miss(key, what), Buffer{};
  }
  void miss(const char* key, const char* what) {
    if (fault_.empty()) fault_ = std::string{"\""} + key + "\" is not there or is not " + what;
  }
  const Json& object_;
  std::string fault_;
};

std::string party_text(PartyIndex party) { return "party " + std::to_string(raw(party)); }

std::optional<wire::Audit> audit_of(const Buffer& octets) {
  auto value = wire::decode<wire::Audit>(octets);
  if (!value) return std::nullopt;
  return *value;
}

/// RFC 3339 as the log writes it.
std::optional<WallTime> time_of(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

struct Stream {
  PartyIndex party;
  AuditStream place;
  auto operator<=>(const Stream&) const = default;
};

struct LoggedSession {
  std::map<Stream, std::map<std::pair<std::uint32_t, std::uint32_t>, wire::Audit>> values;
  std::map<PartyIndex, std::vector<wire::ReceiptBody>> receipts;
  bool closed = false;
};

struct LoggedAssociation {
  session::Terms terms;
  session::PathPlan plan;
  PartyIndex self;
  wire::Hash manifest_hash;
  std::map<PartyIndex, Buffer> leaves;  // certificates, verified
  std::map<std::uint64_t, LoggedSession> sessions;
  std::array<std::map<std::uint8_t, std::vector<const session::Segment*>>, 2> segments;
  bool ended = false;

  Direction incoming() const { return self == PartyIndex{0} ? Direction::s2c : Direction::c2s; }
  bool is_party(std::uint64_t index) const { return index <= raw(terms.server()); }
};

}  // namespace

struct AuditVerifier::State {
  std::shared_ptr<const tls::Trust> trust;
  AuditReport report;
  crypto::Hash before{};
  std::uint64_t next_number = 0;
  std::optional<std::size_t> broken;  // octets of a line that cannot be read: the next must say that it was cut
  std::map<std::string, std::unique_ptr<LoggedAssociation>> associations;

  using Checked = std::optional<std::string>;  // what is wrong

  Checked take(std::string_view line);
  Checked dispatch(const std::string& type, Fields& in);
  Checked on_association(Fields& in);
  Checked check_parties(Fields& in, LoggedAssociation& made, const wire::Manifest& manifest, WallTime at);
  Checked on_message(Fields& in);
  Checked on_value(Fields& in, bool own);
  Checked on_receipt(Fields& in);
  Checked on_session_end(Fields& in);
  Checked check_receipts(LoggedAssociation& of, std::uint64_t number, LoggedSession& session,
                         const std::vector<std::uint8_t>& named);
  Checked check_chain(const Stream& stream, const LoggedSession& session,
                      const std::vector<wire::ReceiptBody>& receipts) const;
  Checked keep(LoggedSession& session, PartyIndex party, const wire::Audit& value);
  LoggedAssociation* find(Fields& in) {
    const auto found = associations.find(in.text("association"));
    return found == associations.end() || found->second->ended ? nullptr : found->second.get();
  }
  void uncovered(std::string what) { report.uncovered.push_back({report.lines, std::move(what)}); }
};

AuditVerifier::AuditVerifier(std::shared_ptr<const tls::Trust> trust) : state_(std::make_unique<State>()) {
  state_->trust = std::move(trust);
}
AuditVerifier::~AuditVerifier() = default;

bool AuditVerifier::take(std::string_view line) {
  if (state_->report.bad) return false;
  ++state_->report.lines;
  if (auto wrong = state_->take(line)) {
    state_->report.bad = AuditFlaw{state_->report.lines, *std::move(wrong)};
    return false;
  }
  return true;
}

AuditVerifier::State::Checked AuditVerifier::State::take(std::string_view line) {
  if (broken) {
    const Json next = Json::parse(line, nullptr, false);
    const bool says_so =
        next.is_object() && next.value("type", Json{}) == "resume" && next.value("broken", Json{}) == Json(*broken);
    if (!says_so) return "the line before it is damaged, and this one does not say that it was cut off";
  }
  if (line.size() > audit_line_octets_most) return "the line is too long";
  static constexpr std::size_t end_octets = 9 + 64 + 2;  // ,"hash":"..."}
  const Json object = Json::parse(line, nullptr, false);
  const bool formed = object.is_object() && line.size() > end_octets;
  const std::string_view text = formed ? line.substr(0, line.size() - end_octets) : std::string_view{};
  const crypto::Hash hash = audit_line_hash(before, text);
  if (!formed || line.substr(text.size()) != ",\"hash\":\"" + to_hex(hash) + "\"}") {
    if (formed) return "its hash does not fit: the line was changed, or one before it was taken out, put in or moved";
    if (broken) return "the line is damaged";
    broken = line.size();
    return std::nullopt;
  }
  broken.reset();
  before = hash;
  Fields in{object};
  const std::uint64_t number = in.number("n");
  if (in.fault().empty() && number != next_number)
    return "it has number " + std::to_string(number) + ", not " + std::to_string(next_number);
  ++next_number;
  const std::string type = in.text("type");
  if (!in.fault().empty()) return in.fault();
  auto wrong = dispatch(type, in);
  if (!wrong && !in.fault().empty()) return in.fault();
  return wrong;
}

AuditVerifier::State::Checked AuditVerifier::State::dispatch(const std::string& type, Fields& in) {
  if (type == "start") {
    // Whatever was open when the process before this one ended stays without an end.
    for (auto& [id, one] : associations) {
      if (!one->ended) uncovered("association " + id.substr(0, 8) + " has no end: its process was cut off");
      one->ended = true;
    }
    return in.number("format") == 1 ? Checked{} : Checked{"another format than 1"};
  }
  if (type == "resume") return std::nullopt;
  if (type == "lost") {
    uncovered("the process says that lines or values were lost here");
    return std::nullopt;
  }
  if (type == "association") return on_association(in);
  if (type == "message") return on_message(in);
  if (type == "sent") return on_value(in, true);
  if (type == "late") return on_value(in, false);
  if (type == "receipt") return on_receipt(in);
  if (type == "session_end") return on_session_end(in);
  if (type == "association_end") {
    LoggedAssociation* of = find(in);
    if (of == nullptr) return "an association that the log does not have";
    for (const auto& [number, session] : of->sessions) {
      if (!session.closed) return "session " + std::to_string(number) + " has no end, yet its association has";
    }
    of->ended = true;
    return std::nullopt;
  }
  return "a type that there is not";
}

AuditVerifier::State::Checked AuditVerifier::State::on_association(Fields& in) {
  const std::string id = in.text("association");
  const Buffer hello_octets = in.base64("hello");
  const Buffer manifest_octets = in.base64("manifest");
  const std::uint64_t self = in.number("self");
  const auto at = time_of(in.text("time"));
  if (!in.fault().empty()) return in.fault();
  if (!at) return "its time cannot be read";
  if (associations.contains(id)) return "the association is there twice";
  const auto hello = wire::decode_hello(hello_octets);
  if (!hello) return "its Hello: " + describe(hello.error());
  const auto manifest = wire::decode<wire::Manifest>(manifest_octets);
  if (!manifest) return "its manifest: " + describe(manifest.error());
  const wire::Hash hash = session::hash_of_manifest(*manifest);
  if (to_hex(hash) != id) return "its manifest has another hash than its id";
  auto terms = session::agree_on_terms(*hello, session::hash_of_hello(hello_octets), manifest->accept);
  if (!terms) return "its Hello and Accept do not fit: " + describe(terms.error());
  if (self != 0 && self != raw(terms->server())) return "it is no end's log";
  session::PathPlan plan{*terms};
  auto made = std::make_unique<LoggedAssociation>(LoggedAssociation{
      *std::move(terms), std::move(plan), PartyIndex{static_cast<std::uint8_t>(self)}, hash, {}, {}, {}, false});
  for (Direction direction : both_directions) {
    for (const session::Segment& segment : made->plan.segments(direction)) {
      if (made->terms.audited(segment.context))
        made->segments[slot(direction)][raw(segment.context)].push_back(&segment);
    }
  }
  if (auto wrong = check_parties(in, *made, *manifest, *at)) return wrong;
  ++report.associations;
  associations.emplace(id, std::move(made));
  return std::nullopt;
}

/// Every certificate leads to an anchor, is of its role and name, and is the one that all agreed on.
AuditVerifier::State::Checked AuditVerifier::State::check_parties(Fields& in, LoggedAssociation& made,
                                                                  const wire::Manifest& manifest, WallTime at) {
  const Buffer client_id = in.hex("client_id");
  std::vector<bool> seen(manifest.members.items.size());
  if (seen.size() != made.terms.middleboxes() + 2) return "its manifest has another number of members than its route";
  for (const Json& one : in.list("parties")) {
    Fields party{one};
    const std::uint64_t index = party.number("index");
    const std::string name = party.text("name");
    std::vector<Buffer> certificates;
    for (const Json& der : party.list("certificates")) {
      auto octets = der.is_string() ? from_base64(der.get<std::string>()) : std::nullopt;
      if (!octets) return "a certificate is not base64";
      certificates.push_back(*std::move(octets));
    }
    if (!party.fault().empty()) return party.fault();
    if (index >= seen.size() || seen[index]) return "a party is there twice, or has no place";
    seen[index] = true;
    const PartyIndex place{static_cast<std::uint8_t>(index)};
    const wire::Member& member = manifest.members.items[index];
    report.parties[in.text("association") + " " + std::to_string(index)] = name;
    if (certificates.empty()) {
      if (index != 0 || member.leaf_hash != wire::Hash{}) return party_text(place) + " has no certificate";
      continue;
    }
    const bool is_end = made.terms.is_endpoint(place);
    const tls::Role role = index == 0 ? tls::Role::client : is_end ? tls::Role::server : tls::Role::middlebox;
    const auto verified =
        tls::check_certificates(certificates, trust, role, index == 0 ? "" : made.terms.name(place), at);
    if (!verified) return party_text(place) + ": " + verified.error().detail;
    const wire::Hash leaf =
        index == 0 ? crypto::sha256({certificates.front(), client_id}) : crypto::sha256({certificates.front()});
    if (leaf != member.leaf_hash) return party_text(place) + ": another certificate than the manifest's";
    if (!is_end) {
      const Buffer stated = party.base64("describe");
      if (crypto::sha256({stated}) != member.describe_hash)
        return party_text(place) + ": another Describe than the manifest's";
    }
    made.leaves[place] = std::move(certificates.front());
  }
  if (std::ranges::find(seen, false) != seen.end()) return "a party of the manifest is not there";
  return std::nullopt;
}

AuditVerifier::State::Checked AuditVerifier::State::keep(LoggedSession& session, PartyIndex party,
                                                         const wire::Audit& value) {
  auto& stream = session.values[{party, session::stream_of(value)}];
  if (!stream.emplace(std::pair{value.exchange, value.message}, value).second)
    return party_text(party) + " has stated this value already";
  return std::nullopt;
}

AuditVerifier::State::Checked AuditVerifier::State::on_message(Fields& in) {
  LoggedAssociation* of = find(in);
  if (of == nullptr) return "an association that the log does not have, or that has ended";
  const std::uint64_t number = in.number("session");
  const std::uint64_t exchange = in.number("exchange");
  const std::uint64_t message = in.number("message");
  const session::ContextInfo* context = of->terms.find_context(in.text("context"));
  if (context == nullptr || in.text("direction") != name_of(of->incoming()))
    return "a context or direction that is not received here";
  const auto path = of->segments[slot(of->incoming())].find(raw(context->id));
  if (path == of->segments[slot(of->incoming())].end()) return "a context that is not audited";
  LoggedSession& session = of->sessions[number];
  if (session.closed) return "a message of session " + std::to_string(number) + ", which has ended";
  std::vector<session::Attested> values;
  bool received = false;
  for (const Json& one : in.list("values")) {
    Fields stated{one};
    const std::uint64_t party = stated.number("party");
    const auto value = audit_of(stated.hex("audit"));
    if (!stated.fault().empty()) return stated.fault();
    if (!of->is_party(party) || !value || value->session != number || value->exchange != exchange ||
        value->message != message || value->context != raw(context->id) ||
        value->direction != static_cast<std::uint8_t>(of->incoming()))
      return "a value that is not of this message";
    values.push_back({PartyIndex{static_cast<std::uint8_t>(party)}, *value});
    received = received || (values.back().party == of->self && value->out == 0);
    if (auto wrong = keep(session, values.back().party, *value)) return wrong;
  }
  const session::Judgement judgement = session::judge(path->second, values, received);
  const auto same = [&](const char* key, const std::vector<PartyIndex>& parties) {
    Json wanted = Json::array();
    for (PartyIndex party : parties) wanted.push_back(raw(party));
    return in.list(key) == wanted;
  };
  Json pairs = Json::array();
  for (const auto& [one, other] : judgement.pairs) pairs.push_back({raw(one), raw(other)});
  if (in.text("verdict") != session::name_of(judgement.verdict) || in.flag("end_to_end") != judgement.end_to_end ||
      in.list("pairs") != pairs || !same("missing", judgement.missing) || !same("changed", judgement.changed) ||
      !same("redacted", judgement.redacted))
    return "its values say \"" + std::string{session::name_of(judgement.verdict)} + "\", the line says otherwise";
  ++report.verdicts[std::string{session::name_of(judgement.verdict)}];
  return std::nullopt;
}

AuditVerifier::State::Checked AuditVerifier::State::on_value(Fields& in, bool own) {
  LoggedAssociation* of = find(in);
  if (of == nullptr) return "an association that the log does not have, or that has ended";
  const auto value = audit_of(in.hex("audit"));
  const std::uint64_t party = own ? raw(of->self) : in.number("party");
  if (!value || value->session != in.number("session") || !of->is_party(party)) return "a value that cannot be read";
  const bool outgoing = value->direction != static_cast<std::uint8_t>(of->incoming());
  if (own != outgoing) return "a value of the other direction";
  LoggedSession& session = of->sessions[value->session];
  if (session.closed && own) return "a value of session " + std::to_string(value->session) + ", which has ended";
  if (session.closed) return std::nullopt;
  return keep(session, PartyIndex{static_cast<std::uint8_t>(party)}, *value);
}

AuditVerifier::State::Checked AuditVerifier::State::on_receipt(Fields& in) {
  LoggedAssociation* of = find(in);
  if (of == nullptr) return "an association that the log does not have, or that has ended";
  const Buffer octets = in.base64("receipt");
  const auto receipt = wire::decode<wire::Receipt>(octets);
  const bool late = in.flag("late");
  if (!in.fault().empty()) return in.fault();
  if (!receipt) return "the receipt cannot be read: " + describe(receipt.error());
  const wire::ReceiptBody& body = receipt->body;
  const PartyIndex party{body.party};
  if (body.session != in.number("session") || body.party != in.number("party"))
    return "the receipt is of another session or party than the line";
  if (body.manifest_hash != of->manifest_hash) return "the receipt is of another association";
  const auto leaf = of->leaves.find(party);
  if (leaf == of->leaves.end()) return "the receipt of a party that has no certificate here";
  const auto holds =
      tls::verify_receipt(leaf->second, {receipt->algorithm, receipt->signature.bytes}, wire::encode(body));
  if (!holds) return "the receipt of " + party_text(party) + ": " + holds.error().detail;
  LoggedSession& session = of->sessions[body.session];
  if (session.closed != late)
    return late ? "a receipt that calls itself late and is not" : "a receipt of a session that has ended";
  ++report.receipts;
  if (late) return std::nullopt;
  auto& all = session.receipts[party];
  if (body.number != all.size() + 1 || (!all.empty() && all.back().last == 1))
    return "receipt " + std::to_string(body.number) + " of " + party_text(party) + " is not its next";
  all.push_back(body);
  if (body.last == 1) {
    const std::string key =
        to_hex(of->manifest_hash) + " " + std::to_string(body.session) + " " + std::to_string(body.party);
    report.last_receipts[key] = crypto::sha256({wire::encode(body)});
  }
  return std::nullopt;
}

/// Each receipt is about the first `count` values of the place, and its chain is theirs.
AuditVerifier::State::Checked AuditVerifier::State::check_chain(const Stream& stream, const LoggedSession& session,
                                                                const std::vector<wire::ReceiptBody>& receipts) const {
  const auto found = session.values.find(stream);
  session::AuditChain chain;
  auto next = found == session.values.end() ? decltype(found->second.begin()){} : found->second.begin();
  const std::size_t there = found == session.values.end() ? 0 : found->second.size();
  for (const wire::ReceiptBody& body : receipts) {
    const auto entry = std::ranges::find_if(body.entries.items, [&](const wire::ReceiptEntry& one) {
      return AuditStream{one.direction, one.context, one.out} == stream.place;
    });
    if (entry == body.entries.items.end()) {
      if (chain.count() != 0) return "a later receipt leaves out what an earlier one covers";
      continue;
    }
    if (entry->count > there || entry->count < chain.count())
      return "a receipt of " + party_text(stream.party) + " is about " + std::to_string(entry->count) +
             " values, and the log has " + std::to_string(there);
    while (chain.count() < entry->count) (void)chain.add((next++)->second);
    if (chain.entry(stream.place[0], stream.place[1], stream.place[2]) != *entry)
      return "a receipt of " + party_text(stream.party) + " is about other values than those in the log";
  }
  const bool over = !receipts.empty() && receipts.back().last == 1;
  if (over && chain.count() != there)
    return "the log has " + std::to_string(there) + " values of " + party_text(stream.party) +
           ", its last receipt is about " + std::to_string(chain.count());
  return std::nullopt;
}

AuditVerifier::State::Checked AuditVerifier::State::check_receipts(LoggedAssociation& of, std::uint64_t number,
                                                                   LoggedSession& session,
                                                                   const std::vector<std::uint8_t>& named) {
  for (std::size_t i = 0; i <= raw(of.terms.server()); ++i) {
    const PartyIndex party{static_cast<std::uint8_t>(i)};
    if (!session::states_values(of.terms, of.plan, party)) continue;
    const auto& receipts = session.receipts[party];
    const bool over = !receipts.empty() && receipts.back().last == 1;
    const bool is_named = std::ranges::find(named, raw(party)) != named.end();
    if (is_named == over)
      return over ? party_text(party) + " has signed, and the line says that it has not"
                  : "the last receipt of " + party_text(party) + " is not there, and the line does not say so";
    if (!over && of.leaves.contains(party))
      uncovered("session " + std::to_string(number) + ": no last receipt of " + party_text(party) +
                " covers what it has stated");
    std::set<AuditStream> places;
    for (const auto& [stream, values] : session.values) {
      if (stream.party == party) places.insert(stream.place);
    }
    for (const wire::ReceiptBody& body : receipts) {
      for (const wire::ReceiptEntry& entry : body.entries.items) {
        const bool here = entry.direction == static_cast<std::uint8_t>(of.incoming()) || party == of.self;
        if (here) places.insert({entry.direction, entry.context, entry.out});
      }
    }
    for (const AuditStream& place : places) {
      if (auto wrong = check_chain({party, place}, session, receipts))
        return "session " + std::to_string(number) + ": " + *wrong;
    }
  }
  return std::nullopt;
}

AuditVerifier::State::Checked AuditVerifier::State::on_session_end(Fields& in) {
  LoggedAssociation* of = find(in);
  if (of == nullptr) return "an association that the log does not have, or that has ended";
  const std::uint64_t number = in.number("session");
  (void)in.flag("whole");
  LoggedSession& session = of->sessions[number];
  if (session.closed) return "session " + std::to_string(number) + " ends twice";
  std::vector<std::uint8_t> named;
  for (const Json& one : in.list("unsigned_by")) {
    if (!one.is_number_unsigned() || one.get<std::uint64_t>() > 255) return "\"unsigned_by\" is no list of parties";
    named.push_back(static_cast<std::uint8_t>(one.get<std::uint64_t>()));
  }
  if (!in.fault().empty()) return in.fault();
  if (auto wrong = check_receipts(*of, number, session, named)) return wrong;
  session.values.clear();
  session.receipts.clear();
  session.closed = true;
  ++report.sessions;
  return std::nullopt;
}

AuditReport AuditVerifier::finish(std::size_t tail) {
  State& state = *state_;
  if (state.report.bad) return std::move(state.report);
  if (tail != 0) state.uncovered("the last line is cut off after " + std::to_string(tail) + " octets");
  if (state.broken) state.report.bad = AuditFlaw{state.report.lines, "the line is damaged"};
  if (state.report.lines == 0) state.report.bad = AuditFlaw{0, "the log is empty"};
  for (const auto& [id, one] : state.associations) {
    if (one->ended) continue;
    std::size_t open = 0;
    for (const auto& [number, session] : one->sessions) open += session.closed ? 0 : 1;
    state.uncovered("association " + id.substr(0, 8) + " has no end (" + std::to_string(open) +
                    " sessions without one): the log is cut short, or its process still runs");
  }
  return std::move(state.report);
}

AuditReport verify_audit_log(std::string_view text, std::shared_ptr<const tls::Trust> trust) {
  AuditVerifier verifier{std::move(trust)};
  std::size_t at = 0;
  while (true) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos || !verifier.take(text.substr(at, end - at))) break;
    at = end + 1;
  }
  return verifier.finish(text.size() - at);
}

std::optional<std::string> compare_audit_logs(const AuditReport& one, const AuditReport& other) {
  const auto association_of = [](const std::string& key) { return key.substr(0, key.find(' ')); };
  for (const auto* both : {&one, &other}) {
    const AuditReport& against = both == &one ? other : one;
    for (const auto& [key, hash] : both->last_receipts) {
      if (!against.parties.contains(association_of(key) + " 0")) continue;
      const auto found = against.last_receipts.find(key);
      if (found == against.last_receipts.end()) return "one log lacks the last receipt of " + key;
      if (found->second != hash) return "the logs have two different last receipts of " + key;
    }
  }
  return std::nullopt;
}

}  // namespace louver::observe

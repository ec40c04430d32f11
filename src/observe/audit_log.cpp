#include "observe/audit_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include <spdlog/fmt/chrono.h>

#include "base/base64.h"
#include "wire/messages.h"

namespace louver::observe {
namespace {

using Json = nlohmann::ordered_json;

Error cannot(const std::string& path, const std::string& why) {
  return {Fault::configuration, "cannot write the audit log to " + path + ": " + why};
}

std::string time_text(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

std::string id_of(const session::AssociationRecord& record) { return to_hex(record.manifest_hash()); }

Json numbers(const std::vector<PartyIndex>& parties) {
  Json out = Json::array();
  for (PartyIndex party : parties) out.push_back(raw(party));
  return out;
}

Json pairs_of(const std::vector<std::pair<PartyIndex, PartyIndex>>& pairs) {
  Json out = Json::array();
  for (const auto& [one, other] : pairs) out.push_back({raw(one), raw(other)});
  return out;
}

Json certificates_of(const std::vector<Buffer>& certificates) {
  Json out = Json::array();
  for (const Buffer& der : certificates) out.push_back(base64_of(der));
  return out;
}

Json line_of(const session::MessageJudged& one, const session::AssociationRecord& record) {
  Json values = Json::array();
  for (const session::Attested& value : one.values)
    values.push_back({{"party", raw(value.party)}, {"audit", to_hex(wire::encode(value.value))}});
  const session::ContextInfo* context = record.terms().find_context(one.context);
  return {{"type", "message"},
          {"association", id_of(record)},
          {"session", raw(one.session)},
          {"exchange", raw(one.exchange)},
          {"message", one.message},
          {"context", context->name},
          {"direction", name_of(one.direction)},
          {"verdict", session::name_of(one.judgement.verdict)},
          {"end_to_end", one.judgement.end_to_end},
          {"pairs", pairs_of(one.judgement.pairs)},
          {"missing", numbers(one.judgement.missing)},
          {"changed", numbers(one.judgement.changed)},
          {"redacted", numbers(one.judgement.redacted)},
          {"values", std::move(values)}};
}

Json line_of(const session::ValueSent& one, const session::AssociationRecord& record) {
  return {{"type", "sent"},
          {"association", id_of(record)},
          {"session", one.value.session},
          {"audit", to_hex(wire::encode(one.value))}};
}

Json line_of(const session::ValueLate& one, const session::AssociationRecord& record) {
  return {{"type", "late"},
          {"association", id_of(record)},
          {"session", one.attested.value.session},
          {"party", raw(one.attested.party)},
          {"audit", to_hex(wire::encode(one.attested.value))}};
}

Json line_of(const session::ReceiptTaken& one, const session::AssociationRecord& record) {
  return {{"type", "receipt"},
          {"association", id_of(record)},
          {"session", one.receipt.body.session},
          {"party", one.receipt.body.party},
          {"late", one.late},
          {"receipt", base64_of(wire::encode(one.receipt))}};
}

Json line_of(const session::SessionClosed& one, const session::AssociationRecord& record) {
  return {{"type", "session_end"},
          {"association", id_of(record)},
          {"session", raw(one.session)},
          {"whole", one.whole},
          {"unsigned_by", numbers(one.unsigned_by)}};
}

Json line_of(const session::ValuesLost& one, const session::AssociationRecord& record) {
  return {{"type", "lost"}, {"association", id_of(record)}, {"values", one.count}};
}

}  // namespace

crypto::Hash audit_line_hash(const crypto::Hash& before, std::string_view text) {
  return crypto::sha256({as_bytes("louver v1 audit line"), before, as_bytes(text)});
}

std::string audit_line(const Json& object, crypto::Hash& before) {
  std::string text = object.dump(-1, ' ', true, Json::error_handler_t::replace);
  text.pop_back();
  before = audit_line_hash(before, text);
  return text + ",\"hash\":\"" + to_hex(before) + "\"}\n";
}

std::optional<Buffer> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  Buffer out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::byte>(high << 4 | low));
  }
  return out;
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::string& path, OnFull on_full, bool sync, WallTime now,
                                                 Log& log) {
  const int descriptor =
      ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
  if (descriptor < 0)
    return cannot(path, errno == ELOOP ? "it is a symbolic link; name the file itself" : std::strerror(errno));
  std::unique_ptr<AuditLog> made{new AuditLog{descriptor, on_full, sync, log}};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return cannot(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return cannot(path, "it is no regular file");
  if ((status.st_mode & 077) != 0) return cannot(path, "others may read or write it; chmod 600 it");
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return cannot(path, "another process writes it");
  LOUVER_TRY(made->find_end(path));
  made->write({{"type", "start"}, {"format", 1}}, now);
  if (made->lost_ != 0) return cannot(path, std::strerror(errno));
  return made;
}

/// The chain goes on from the last whole line; what a crash left behind it stays, and the next line says so.
Result<> AuditLog::find_end(const std::string& path) {
  const off_t size = ::lseek(descriptor_, 0, SEEK_END);
  if (size <= 0) return {};
  const std::size_t take = std::min<std::size_t>(static_cast<std::size_t>(size), 2 * audit_line_octets_most);
  std::string tail(take, '\0');
  const ssize_t got = ::pread(descriptor_, tail.data(), take, size - static_cast<off_t>(take));
  if (got != static_cast<ssize_t>(take)) return cannot(path, "it cannot be read");
  const std::size_t end = tail.rfind('\n');
  broken_ = end == std::string::npos ? take : take - end - 1;
  if (end == std::string::npos)
    return take == static_cast<std::size_t>(size) ? Result<>{} : cannot(path, "its end is no line");
  const std::size_t begin = end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
  const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
  const Json last = Json::parse(tail.substr(from, end - from), nullptr, false);
  const bool good = last.is_object() && last.contains("hash") && last["hash"].is_string() && last.contains("n") &&
                    last["n"].is_number_unsigned();
  const auto hash = good ? from_hex(last["hash"].get<std::string>()) : std::nullopt;
  if (!hash || hash->size() != before_.size())
    return cannot(path, "its last line is none of an audit log; move the file away to begin a new one");
  std::ranges::copy(*hash, before_.begin());
  number_ = last["n"].get<std::uint64_t>() + 1;
  return broken_ == 0 ? Result<>{} : mend_tail(tail.substr(end + 1));
}

/// A last line that lacks nothing but its end counts.
Result<> AuditLog::mend_tail(std::string_view tail) {
  static constexpr std::size_t end_octets = 9 + 64 + 2;
  if (tail.size() <= end_octets || !Json::accept(tail)) return {};
  const std::string_view text = tail.substr(0, tail.size() - end_octets);
  const crypto::Hash hash = audit_line_hash(before_, text);
  if (tail.substr(text.size()) != ",\"hash\":\"" + to_hex(hash) + "\"}") return {};
  if (!put("\n")) return Error{Fault::configuration, "cannot write the audit log"};
  before_ = hash;
  broken_ = 0;
  ++number_;
  return {};
}

AuditLog::~AuditLog() {
  if (lost_ != 0) {
    log_->write(Level::error, Event::audit_lost,
                {{"lines", static_cast<std::int64_t>(lost_)}, {"what", "these last lines are missing"}});
  }
  if (sync_) ::fdatasync(descriptor_);
  ::close(descriptor_);
}

bool AuditLog::stopped() const {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

void AuditLog::association(const session::AssociationRecord& record, const std::string& own_name,
                           const std::vector<Buffer>& own, WallTime now) {
  const session::AuditEvidence& evidence = record.evidence();
  Json parties = Json::array();
  for (const session::PartyReport& party : record.parties()) {
    Json one = {
        {"index", raw(party.index)}, {"name", party.name}, {"certificates", certificates_of(party.certificates)}};
    if (!record.terms().is_endpoint(party.index)) one["describe"] = base64_of(wire::encode(party.describe));
    parties.push_back(std::move(one));
  }
  parties.push_back({{"index", raw(record.self())}, {"name", own_name}, {"certificates", certificates_of(own)}});
  write({{"type", "association"},
         {"association", id_of(record)},
         {"self", raw(record.self())},
         {"hello", base64_of(evidence.hello)},
         {"manifest", base64_of(evidence.manifest)},
         {"client_id", to_hex(evidence.client_id)},
         {"parties", std::move(parties)}},
        now, true);
}

void AuditLog::event(const session::AssociationRecord& record, const session::AuditEvent& event, WallTime now) {
  const bool important =
      std::holds_alternative<session::ReceiptTaken>(event) || std::holds_alternative<session::SessionClosed>(event);
  write(std::visit([&](const auto& one) { return line_of(one, record); }, event), now, important);
}

void AuditLog::association_end(const session::AssociationRecord& record, WallTime now) {
  write({{"type", "association_end"}, {"association", id_of(record)}}, now, true);
}

void AuditLog::write(Json&& object, WallTime now, bool important) {
  const std::lock_guard lock{mutex_};
  object["time"] = time_text(now);
  if (broken_ != 0) {  // the line that was cut ends here, and this one says that it was
    Json resumed = {{"type", "resume"}, {"broken", broken_}, {"time", time_text(now)}};
    if (!put("\n") || (broken_ = 0, !write_line(resumed))) return lose();
  }
  if (lost_ != 0) {
    Json lost = {{"type", "lost"}, {"lines", lost_}, {"time", time_text(now)}};
    if (!write_line(lost)) return lose();
    log_->write(Level::error, Event::audit_lost,
                {{"lines", static_cast<std::int64_t>(lost_)}, {"what", "so many are missing, it goes on behind them"}});
    lost_ = 0;
  }
  if (!write_line(object)) return lose();
  if (important && sync_) ::fdatasync(descriptor_);
}

/// Never in silence: the first missing line of a row is told at once, all of them by the next that can be written.
void AuditLog::lose() {
  const char* why = std::strerror(errno);
  stopped_ = on_full_ == OnFull::stop;
  if (lost_++ != 0) return;
  log_->write(Level::error, Event::audit_lost,
              {{"lines", std::int64_t{1}},
               {"what", std::string{"a line cannot be written: "} + why +
                            (stopped_ ? "; what is audited ends, until a restart" : "; it goes on and counts")}});
}

bool AuditLog::write_line(Json& object) {
  object["n"] = number_;
  crypto::Hash hash = before_;
  const std::string line = audit_line(object, hash);
  if (!put(line)) return false;
  before_ = hash;
  ++number_;
  return true;
}

bool AuditLog::put(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  broken_ += rest.empty() ? 0 : text.size() - rest.size();
  return rest.empty();
}

Result<std::unique_ptr<AuditSecrets>> AuditSecrets::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
  if (descriptor < 0) return cannot(path, std::strerror(errno));
  std::unique_ptr<AuditSecrets> made{new AuditSecrets{descriptor}};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) != 0)
    return cannot(path, "it is no regular file of mode 600");
  return made;
}

AuditSecrets::~AuditSecrets() { ::close(descriptor_); }

bool AuditSecrets::write(const session::KeySource& keys, const std::string& association) {
  std::string lines;
  lines.reserve(64 * 1024);  // so that growing leaves no copy of a secret behind
  const auto add = [&](const wire::ItemName& name) {
    const auto secret = keys.secret(name);
    if (!secret || lines.capacity() - lines.size() < 512) return;
    std::string hex = to_hex(secret->expose());
    lines += "{\"association\":\"" + association + "\",\"session\":" + std::to_string(raw(keys.session())) +
             ",\"item\":\"" + to_hex(wire::encode(name)) + "\",\"secret\":\"";
    lines += hex;
    lines += "\"}\n";
    wipe(std::as_writable_bytes(std::span{hex}));
  };
  const session::Terms& terms = keys.terms();
  const std::size_t n = terms.middleboxes();
  for (Direction direction : both_directions) {
    for (const session::Segment& segment : keys.plan().segments(direction)) {
      if (!terms.audited(segment.context)) continue;
      if (segment.author != keys.self() && segment.sink != keys.self()) continue;
      add(session::item_name(session::ItemKind::audit, direction, segment.context, segment.author, segment.sink));
      if (terms.anyone_has(session::Grant::write, segment.context, direction))
        add(session::item_name(session::ItemKind::end_audit, direction, segment.context,
                               session::party_at(0, direction, n), session::party_at(n + 1, direction, n)));
    }
  }
  const std::lock_guard lock{mutex_};
  const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
  const bool whole = written == static_cast<ssize_t>(lines.size());
  wipe(std::as_writable_bytes(std::span{lines}));
  return whole;
}

}  // namespace louver::observe

#include "filter/io/mirror/mirror_filter.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include "crypto/hash.h"
#include "filter/context_list.h"
#include "filter/io/mirror/http_text.h"
#include "filter/io/mirror/pcapng.h"
#include "filter/io/mirror/tcp_stream.h"
#include "filter/needs.h"
#include "runtime/clock.h"

namespace louver::filter::mirror {
namespace {

constexpr std::string_view kind = "mirror";
constexpr std::uint16_t http_port = 80;  // by which tools know HTTP

/// The sinks of the process that are in use, by file: two editions of the rules must not write the same file apart.
Result<std::shared_ptr<Sink>> sink_for(const FileOptions& options) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<Sink>> sinks;
  const std::lock_guard lock{mutex};
  std::erase_if(sinks, [](const auto& one) { return one.second.expired(); });
  if (const auto found = sinks.find(options.path); found != sinks.end()) {
    if (auto sink = found->second.lock()) return sink;
  }
  LOUVER_ASSIGN(std::shared_ptr<Sink> made, open_file(options));
  sinks[options.path] = made;
  return made;
}

/// The same text always gets the same address: clients in 100.64.0.0/10, servers in 198.18.0.0/15, which nobody has on
/// the internet (RFC 6598, RFC 2544).
std::array<std::uint8_t, 4> address_of(std::string_view text, bool client) {
  const wire::Hash hash = crypto::sha256({as_bytes(text)});
  const auto octet = [&](std::size_t i) { return std::to_integer<std::uint8_t>(hash[i]); };
  if (client) return {100, static_cast<std::uint8_t>(64U + (octet(0) & 63U)), octet(1), octet(2)};
  return {198, static_cast<std::uint8_t>(18U + (octet(0) & 1U)), octet(1), octet(2)};
}

/// "0011223344556677/5": sessions of one association are connections of one client.
TcpAddress client_of(std::string_view session) {
  const std::size_t slash = session.find('/');
  std::uint64_t number = 0;
  for (const char c : session.substr(std::min(slash, session.size() - 1) + 1)) {
    if (c >= '0' && c <= '9') number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return {address_of(session.substr(0, slash), true), static_cast<std::uint16_t>(1024 + number % 64512)};
}

TcpAddress server_of(const session::Terms& terms) {
  const PartyIndex server = terms.server();
  return {address_of(terms.name(server), false), terms.profile() == "http/1" ? http_port : terms.port(server)};
}

std::string comment_on(const SessionInfo& session) {
  const session::Terms& terms = *session.terms;
  std::string out = "louver session " + session.id + ", seen by " + terms.name(session.self) + "; path: client";
  for (std::size_t i = 1; i <= terms.middleboxes() + 1; ++i)
    out += " > " + terms.name(PartyIndex{static_cast<std::uint8_t>(i)});
  return out + "; " + terms.profile();
}

/// To every sink what each takes.
class Sinks final : public Sink {
 public:
  void add(std::shared_ptr<Sink> sink) { all_.push_back(std::move(sink)); }
  bool wants() const override {
    return std::ranges::any_of(all_, [](const auto& one) { return one->wants(); });
  }
  std::uint64_t arrivals() const override {
    std::uint64_t sum = 0;
    for (const auto& one : all_) sum += one->arrivals();
    return sum;
  }
  void offer(Copied copied) override {
    for (const auto& one : all_) {
      if (one->wants()) one->offer(copied);
    }
  }

 private:
  std::vector<std::shared_ptr<Sink>> all_;
};

std::uint64_t next_stream() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

class MirrorFilter final : public Filter {
 public:
  MirrorFilter(const SessionInfo& session, const std::vector<Need>& needs, Sinks sinks)
      : sinks_(std::move(sinks)),
        number_(next_stream()),
        comment_(comment_on(session)),
        is_http_(session.terms->profile() == "http/1"),
        stream_(client_of(session.id), server_of(*session.terms),
                [this](Bytes packet, std::string_view comment) { on_packet(packet, comment); }),
        texts_{text_for(Direction::c2s, session, needs), text_for(Direction::s2c, session, needs)} {}
  MirrorFilter(const MirrorFilter&) = delete;
  MirrorFilter& operator=(const MirrorFilter&) = delete;

  Result<Verdict> on_part(const FilterPart& part, Emitter&) override {
    if (!is_http_) {
      send(part.direction, part.bytes);
    } else if (part.context_name.ends_with("-head")) {
      texts_[slot(part.direction)].on_part(HttpText::Place::head, part);
    } else if (part.context_name.ends_with("-credentials")) {
      texts_[slot(part.direction)].on_part(HttpText::Place::credentials, part);
    } else if (part.context_name.ends_with("-body")) {
      texts_[slot(part.direction)].on_part(HttpText::Place::body, part);
    }
    return Verdict::pass;
  }

  void on_session_end() override {
    bool in_order = true;
    for (HttpText& text : texts_) in_order = text.finish() && in_order;
    if (!open_ || !sinks_.wants()) return;
    SharedBlock end = gathered([&] { stream_.close(in_order); });
    sinks_.offer({.stream = number_, .block = std::move(end), .packets = in_order ? 3U : 2U, .last = true});
  }

 private:
  void send(Direction direction, Bytes octets) {
    if (octets.empty()) return;
    const bool first = !std::exchange(open_, true);
    const std::uint64_t arrivals = sinks_.arrivals();
    if (first) shown_to_ = arrivals;
    if (!sinks_.wants()) return stream_.skip(direction, octets.size());
    if (first || (shown_to_ != arrivals && may_enter(direction))) {
      entry_ = gathered([&] { stream_.handshake(comment_); });
      entry_is_first_ = first;
      shown_to_ = arrivals;
    }
    stream_.send(direction, octets);
  }

  /// Whoever has seen nothing of the session can read it from here: what comes next in this direction begins an
  /// exchange, and all before it are over.
  bool may_enter(Direction direction) const {
    if (!is_http_) return true;
    const HttpText& text = texts_[slot(direction)];
    const HttpText& other = texts_[slot(opposite(direction))];
    if (!text.is_beginning()) return false;
    return !other.sees_anything() || (direction == Direction::c2s && other.has_answered(text));
  }

  void on_packet(Bytes packet, std::string_view comment) {
    Buffer block = pcapng_packet(runtime::wall_now(), packet, comment);
    if (gathering_ != nullptr) return append(*gathering_, block);
    sinks_.offer({.stream = number_,
                  .block = std::make_shared<const Buffer>(std::move(block)),
                  .entry = std::exchange(entry_, nullptr),
                  .first = std::exchange(entry_is_first_, false)});
  }

  /// The packets that `make` makes, as one block.
  SharedBlock gathered(const std::function<void()>& make) {
    Buffer out;
    gathering_ = &out;
    make();
    gathering_ = nullptr;
    return std::make_shared<const Buffer>(std::move(out));
  }

  HttpText text_for(Direction direction, const SessionInfo& session, const std::vector<Need>& needs) {
    const std::string way = direction == Direction::c2s ? "request-" : "response-";
    const auto sees = [&](std::string_view part) {
      return std::ranges::any_of(needs, [&](const Need& one) { return one.context == way + std::string{part}; });
    };
    return {direction, Seen{sees("head"), sees("credentials"), sees("body")},
            session.terms->name(session.terms->server()), [this, direction](Bytes octets) { send(direction, octets); }};
  }

  Sinks sinks_;
  const std::uint64_t number_;
  const std::string comment_;
  const bool is_http_;
  TcpStream stream_;
  std::array<HttpText, 2> texts_;
  bool open_ = false;            // something was sent
  std::uint64_t shown_to_ = 0;   // of the arrivals
  SharedBlock entry_ = {};       // stands before the next packet
  bool entry_is_first_ = false;  // of the session
  Buffer* gathering_ = nullptr;
};

class MirrorFactory final : public FilterFactory {
 public:
  explicit MirrorFactory(MirrorOptions options) : options_(std::move(options)) {}
  std::string_view name() const override { return kind; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, options_.contexts);
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    if (options_.contexts.empty()) return granted_of(needs_everywhere(Grant::read, session), session);
    return needs_on(options_.contexts, Grant::read, session);
  }
  /// A file that cannot be opened any more is no reason to end what is only watched: it is told, and the next session
  /// tries again.
  Result<std::unique_ptr<Filter>> make(const SessionInfo& session) const override {
    Sinks sinks;
    if (session.recall != nullptr && !options_.on_paper) {
      if (auto file = file_or_nothing()) sinks.add(std::move(file));
      if (options_.tap != nullptr && options_.tap->server() != nullptr) sinks.add(options_.tap->server());
    }
    return std::unique_ptr<Filter>{std::make_unique<MirrorFilter>(session, needs(session), std::move(sinks))};
  }

 private:
  std::shared_ptr<Sink> file_or_nothing() const {
    if (!options_.file) return nullptr;
    const std::lock_guard lock{mutex_};
    if (file_ != nullptr) return file_;
    auto opened = sink_for(*options_.file);
    if (!opened) {
      options_.file->tell("a session is not copied: " + opened.error().detail);
      return nullptr;
    }
    file_ = *std::move(opened);
    return file_;
  }

  const MirrorOptions options_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<Sink> file_;  // from the first session on
};

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_mirror(MirrorOptions options) {
  LOUVER_TRY(check_context_list(kind, options.contexts));
  if (!options.on_paper) {
    if (options.file ? !options.file->tell : options.tap == nullptr)
      return Error{Fault::configuration, "filter mirror: it has nowhere to write to"};
    if (options.file) LOUVER_TRY(check_file(options.file->path));
  }
  return std::shared_ptr<const FilterFactory>{std::make_shared<MirrorFactory>(std::move(options))};
}

}  // namespace louver::filter::mirror

#include "filter/io/mirror/mirror_filter.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include "filter/context_list.h"
#include "filter/io/mirror/http_text.h"
#include "filter/io/mirror/pcapng.h"
#include "filter/io/mirror/session_label.h"
#include "filter/io/mirror/sinks.h"
#include "filter/io/mirror/tcp_stream.h"
#include "filter/needs.h"
#include "runtime/clock.h"

namespace louver::filter::mirror {
namespace {

constexpr std::string_view filter_name = "mirror";

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
        stream_(client_of(session), server_of(*session.terms),
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
  std::string_view name() const override { return filter_name; }
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
  LOUVER_TRY(check_context_list(filter_name, options.contexts));
  if (!options.on_paper) {
    if (options.file ? !options.file->tell : options.tap == nullptr)
      return Error{Fault::configuration, "filter mirror: it has nowhere to write to"};
    if (options.file) LOUVER_TRY(check_file(options.file->path));
  }
  return std::shared_ptr<const FilterFactory>{std::make_shared<MirrorFactory>(std::move(options))};
}

}  // namespace louver::filter::mirror

#include "role/mirror_rules.h"

#include <unistd.h>

#include "filter/io/mirror/mirror_filter.h"
#include "role/access.h"

namespace louver::role {
namespace {

using filter::mirror::ReaderNote;

void log_reader(observe::Log& log, const ReaderNote& note) {
  const auto write = [&](observe::Level level, const char* state) {
    log.write(level, observe::Event::filter_reader,
              {{"filter", "mirror"},
               {"address", std::string{note.address}},
               {"peer", std::string{note.peer}},
               {"user", std::string{note.user}},
               {"state", state},
               {"what", std::string{note.what}}});
  };
  switch (note.kind) {
    case ReaderNote::Kind::listens:
      return log.write(observe::Level::info, observe::Event::listen,
                       {{"for", "mirror"}, {"address", std::string{note.address}}});
    case ReaderNote::Kind::began:
      return write(observe::Level::info, "began");
    case ReaderNote::Kind::refused:
      return write(observe::Level::warn, "refused");
    case ReaderNote::Kind::ended:
      return write(observe::Level::info, "ended");
    case ReaderNote::Kind::trouble:
      break;
  }
  log.write(observe::Level::warn, observe::Event::connection_refused, {{"what", "mirror: " + std::string{note.what}}});
}

Result<std::shared_ptr<filter::mirror::Tap>> make_tap(const config::MirrorFilter& options, observe::Log& log,
                                                      filter::mirror::Tell tell) {
  LOUVER_ASSIGN(Access access, Access::make(options.users, {}, *options.listen, "filter mirror", ::geteuid()));
  filter::mirror::PcapOptions made;
  if (options.listen->is_local()) {
    made.path = options.listen->path;
  } else {
    made.listen = to_text(*options.listen);
  }
  made.queue = options.queue;
  made.admits = [access = std::move(access)](const runtime::ConnectionUser& user) { return access.admits(user); };
  made.note = [&log](const ReaderNote& note) { log_reader(log, note); };
  made.tell = std::move(tell);
  return std::make_shared<filter::mirror::Tap>(std::move(made));
}

}  // namespace

Result<Mirror> make_mirror_filter(const config::MirrorFilter& options, const std::vector<std::string>& contexts,
                                  observe::Log& log, Outside outside) {
  const filter::mirror::Tell tell = [&log](std::string_view what) {
    log.write(observe::Level::warn, observe::Event::filter_failed,
              {{"filter", "mirror"}, {"what", std::string{what}}, {"passed", true}});
  };
  Mirror out;
  filter::mirror::MirrorOptions made;
  made.contexts = contexts;
  made.on_paper = outside == Outside::none;
  if (options.file) {
    made.file = {.path = *options.file,
                 .rotate_at = options.rotate_at,
                 .keep = options.keep,
                 .queue = options.queue,
                 .tell = tell};
  }
  if (options.listen && outside == Outside::real) {
    LOUVER_ASSIGN(out.tap, make_tap(options, log, tell));
    made.tap = out.tap;
  }
  LOUVER_ASSIGN(out.factory, filter::mirror::make_mirror(std::move(made)));
  return out;
}

}  // namespace louver::role

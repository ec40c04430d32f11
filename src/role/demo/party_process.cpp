#include "role/demo/party_process.h"
#include "base/bytes.h"

#include "runtime/endpoint.h"

namespace louver::role::demo {

std::string text_of(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Result<std::unique_ptr<PartyProcess>> PartyProcess::start(runtime::Loop& loop, std::string name,
                                                          std::vector<std::string> argv) {
  std::unique_ptr<PartyProcess> made{new PartyProcess{std::move(name)}};
  runtime::SubprocessOptions options;
  options.argv = std::move(argv);
  options.on_line = [self = made.get()](runtime::OutputStream, std::string_view line) { self->on_line(line); };
  options.on_exit = [self = made.get()](const runtime::ExitStatus& status) { self->end_ = status.to_string(); };
  LOUVER_ASSIGN(made->process_, runtime::Subprocess::start(loop, std::move(options)));
  return made;
}

void PartyProcess::on_line(std::string_view line) {
  lines_.emplace_back(line);
  Json parsed = Json::parse(line, nullptr, false);
  if (parsed.is_object() && !text_of(parsed, "event").empty()) {
    events_.push_back(std::move(parsed));
  } else {
    last_plain_ = line;
  }
}

std::size_t PartyProcess::count(std::string_view event) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(events_, [&](const Json& one) { return text_of(one, "event") == event; }));
}

const Json* PartyProcess::first(std::string_view event) const {
  const auto found = std::ranges::find_if(events_, [&](const Json& one) { return text_of(one, "event") == event; });
  return found == events_.end() ? nullptr : &*found;
}

std::uint16_t PartyProcess::port() const {
  const Json* listen = first("listen");
  if (listen == nullptr) return 0;
  const auto address = runtime::split_host_port(text_of(*listen, "address"));
  return address ? address->second : std::uint16_t{0};
}

bool PartyProcess::has_said(std::string_view text) const {
  return std::ranges::any_of(lines_, [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

std::string PartyProcess::last_words() const {
  std::string out = end_.empty() ? "it runs" : "it ended with " + end_;
  if (!last_plain_.empty()) out += "; it said: " + printable(last_plain_, 300);
  return out;
}

}  // namespace louver::role::demo

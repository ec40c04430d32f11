#include "role/control_socket.h"

#include "runtime/link.h"
#include "runtime/timer.h"

namespace louver::role {
namespace {

constexpr std::size_t talks_most = 8;
constexpr std::size_t request_most = 4096;
constexpr std::chrono::seconds request_deadline{5};
constexpr std::chrono::seconds answer_deadline{60};

}  // namespace

/// One connection.
class ControlSocket::Talk final : public runtime::LinkHandler, public std::enable_shared_from_this<Talk> {
 public:
  Talk(ControlSocket& owner, runtime::Socket socket)
      : owner_(owner), timer_(owner.loop_), link_(owner.loop_, std::move(socket), *this) {}
  void start() {
    timer_.expires_at(runtime::now() + request_deadline, [this] { leave(); });
    link_.resume_reading();
  }

 private:
  std::size_t on_bytes(MutableBytes input, const runtime::ChunkRef&) override {
    if (asked_) return input.size();  // one command for each connection
    const std::string_view text = as_text(input);
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos && text.size() <= request_most) return 0;
    asked_ = true;
    if (end == std::string_view::npos || end > request_most) {
      answer(R"({"ok":false,"error":"the command is too long"})");
      return input.size();
    }
    timer_.expires_at(runtime::now() + answer_deadline, [this] { leave(); });
    owner_.manager_.ask(text.substr(0, end), [weak = weak_from_this()](const std::string& line) {
      if (const auto self = weak.lock()) self->answer(line);
    });
    return input.size();
  }
  void on_end() override {
    if (!asked_) leave();
  }
  void on_broken(const Error&) override { leave(); }
  void on_drained() override {}

  void answer(const std::string& line) {
    if (!link_.is_open()) return;
    link_.write(to_buffer(as_bytes(line + "\n")));
    link_.close_when_written();
    leave();
  }
  void leave() {
    timer_.cancel();
    owner_.loop_.post([weak = weak_from_this(), &owner = owner_] {
      if (const auto self = weak.lock()) owner.forget(*self);
    });
  }

  ControlSocket& owner_;
  runtime::Timer timer_;
  runtime::Link link_;
  bool asked_ = false;
};

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(runtime::Loop& loop, Station& station, Manager& manager,
                                                           const std::string& path) {
  std::unique_ptr<ControlSocket> made{new ControlSocket{loop, manager}};
  LOUVER_ASSIGN(made->listener_,
                runtime::LocalListener::open(
                    loop, path, [self = made.get()](runtime::Socket socket) { self->accept(std::move(socket)); },
                    [&station](const std::string& what) {
                      station.log.write(observe::Level::warn, observe::Event::connection_refused, {{"what", what}});
                    }));
  return made;
}

ControlSocket::~ControlSocket() = default;

void ControlSocket::accept(runtime::Socket socket) {
  if (talks_.size() >= talks_most) return;  // closed at once
  talks_.push_back(std::make_shared<Talk>(*this, std::move(socket)));
  talks_.back()->start();
}

void ControlSocket::forget(const Talk& talk) {
  std::erase_if(talks_, [&](const auto& one) { return one.get() == &talk; });
}

}  // namespace louver::role

#include "filter/io/icap/icap_engine.h"

#include <atomic>

#include "filter/io/icap/desk.h"
#include "runtime/loop_thread.h"

namespace louver::filter::icap {
namespace {

class IcapEngine final : public ask::Engine {
 public:
  IcapEngine(ClientOptions options, std::unique_ptr<runtime::LoopThread> thread)
      : options_(std::move(options)),
        thread_(std::move(thread)),
        desk_(std::make_unique<Desk>(thread_->loop(), options_)) {}
  IcapEngine(const IcapEngine&) = delete;
  IcapEngine& operator=(const IcapEngine&) = delete;
  ~IcapEngine() override {
    thread_->loop().post([desk = std::move(desk_)]() mutable { desk.reset(); });
  }

  std::uint64_t ask(ask::Question question, Done done) override {
    const std::uint64_t number = ++last_;
    thread_->loop().post(
        [desk = desk_.get(), number, question = std::move(question), done = std::move(done)]() mutable {
          desk->ask(number, std::move(question), std::move(done));
        });
    return number;
  }
  void forget(std::uint64_t number) override {
    thread_->loop().post([desk = desk_.get(), number] { desk->forget(number); });
  }
  void leave(std::shared_ptr<const ask::Facts> session) override {
    thread_->loop().post([desk = desk_.get(), session = std::move(session)] { desk->leave(session.get()); });
  }

 private:
  ClientOptions options_;  // outlives the thread
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<Desk> desk_;  // used and destroyed on the thread
  std::atomic<std::uint64_t> last_ = 0;
};

bool is_service(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

Error wrong(const std::string& what) { return {Fault::configuration, "filter icap: " + what}; }

}  // namespace

Result<std::shared_ptr<ask::Engine>> make_icap(ClientOptions options) {
  if (!is_service(options.reqmod) || !is_service(options.respmod)) return wrong("a service without a name");
  if (options.connections == 0 || options.answer_within <= Duration{} || options.connect_within <= Duration{})
    return wrong("no connections, or no time to answer");
  if (options.message_most == 0 || options.changed_most > limits::held_bytes)
    return wrong("messages without octets, or more in their place than may be held");
  LOUVER_ASSIGN(auto thread, runtime::LoopThread::start());
  return std::shared_ptr<ask::Engine>{std::make_shared<IcapEngine>(std::move(options), std::move(thread))};
}

}  // namespace louver::filter::icap

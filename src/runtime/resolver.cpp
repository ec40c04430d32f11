#include "runtime/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "runtime/signals_blocked.h"
#include "runtime/sockaddr.h"
#include "runtime/system_error.h"

namespace louver::runtime {

namespace {

constexpr std::size_t most_addresses = 16;
constexpr std::size_t most_waiting = 1024;

struct Asked {
  std::string name;
  LoopHandle loop;
  std::weak_ptr<void> requester;
  Resolver::Callback callback;
};

void answer(Asked question, Result<Addresses> result) {
  const LoopHandle loop = question.loop;
  loop.post([question = std::move(question), result = std::move(result)]() mutable {
    if (const auto alive = question.requester.lock()) question.callback(std::move(result));
  });
}

}  // namespace

struct Resolver::State {
  State(Lookup to_use, std::size_t threads_at_most) : lookup(std::move(to_use)), most_threads(threads_at_most) {}

  const Lookup lookup;
  const std::size_t most_threads;
  std::mutex mutex;
  std::deque<Asked> waiting;
  std::size_t threads = 0;
};

namespace {

/// One thread's work: questions until there are none.
template <class State>
void work(const std::shared_ptr<State>& state) {
  while (true) {
    std::unique_lock lock{state->mutex};
    if (state->waiting.empty()) {
      --state->threads;
      return;
    }
    Asked question = std::move(state->waiting.front());
    state->waiting.pop_front();
    lock.unlock();
    if (question.requester.expired()) continue;
    Result<Addresses> result = state->lookup(question.name);
    answer(std::move(question), std::move(result));
  }
}

}  // namespace

Result<Addresses> look_up_in_system(const std::string& name) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(name.c_str(), nullptr, &wanted, &list);
  if (error != 0) {
    const std::string why = error == EAI_SYSTEM ? words_of(errno) : gai_strerror(error);
    return Error{Fault::next_hop_refused, "the name does not resolve: " + why};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{list, freeaddrinfo};
  Addresses out;
  for (const addrinfo* entry = list; entry != nullptr && out.size() < most_addresses; entry = entry->ai_next) {
    const auto address = address_from(*entry->ai_addr);
    if (address && std::ranges::find(out, address->ip) == out.end()) out.push_back(address->ip);
  }
  if (out.empty()) return Error{Fault::next_hop_refused, "the name has no address"};
  return out;
}

Resolver::Resolver(Lookup lookup, std::size_t most_threads)
    : state_(std::make_shared<State>(std::move(lookup), std::max<std::size_t>(most_threads, 1))) {}

void Resolver::resolve(std::string name, LoopHandle loop, std::weak_ptr<void> requester, Callback callback) {
  Asked question{std::move(name), std::move(loop), std::move(requester), std::move(callback)};
  const std::scoped_lock lock{state_->mutex};
  if (state_->waiting.size() >= most_waiting) {
    return answer(std::move(question), Error{Fault::next_hop_refused, "too many names wait to be resolved"});
  }
  state_->waiting.push_back(std::move(question));
  if (state_->threads >= state_->most_threads) return;
  try {
    const SignalsBlocked blocked;
    // Detached: it may hang in the system for as long as a name server is silent; it touches nothing but `state`.
    std::thread([state = state_] { work(state); }).detach();
    ++state_->threads;
  } catch (const std::system_error& error) {
    if (state_->threads > 0) return;  // those that run will come to it
    Asked unanswered = std::move(state_->waiting.back());
    state_->waiting.pop_back();
    answer(std::move(unanswered),
           Error{Fault::next_hop_refused, std::string{"no thread to resolve names: "} + error.what()});
  }
}

}  // namespace louver::runtime

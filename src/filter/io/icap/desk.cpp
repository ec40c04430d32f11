#include "filter/io/icap/desk.h"

#include <algorithm>

#include "runtime/clock.h"
#include "runtime/loop.h"

namespace louver::filter::icap {
namespace {

Error no_place(std::string_view why) { return {Fault::filter_failed, std::string{why}}; }

const std::string& service_for(const ClientOptions& options, Method method) {
  return method == Method::reqmod ? options.reqmod : options.respmod;
}

}  // namespace

Desk::Desk(runtime::Loop& loop, const ClientOptions& options)
    : loop_(loop), options_(options), late_(loop), self_(std::make_shared<Desk*>(this)) {}

Desk::~Desk() = default;

void Desk::ask(std::uint64_t number, ask::Question question, ask::Engine::Done done) {
  const Key key{question.facts.get(), question.context, question.direction, question.exchange};
  const auto open = find_or_open(key, question);
  if (!open) return done(open.error());
  const std::shared_ptr<Inquiry> inquiry = (*open)->second.inquiry;
  inquiry->number = number;
  inquiry->done = std::move(done);
  if (!inquiry->verdict) {
    inquiry->add(inquiry->message().has_body ? Bytes{question.octets} : Bytes{}, question.end);
    if (inquiry->octets() > options_.message_most)
      inquiry->verdict = no_place("the message has more than " + std::to_string(options_.message_most) + " octets");
    else if (held_ > options_.held_most)
      inquiry->verdict = no_place("too much waits for the ICAP server");
  } else {
    inquiry->add({}, question.end);
  }
  if (inquiry->verdict) return settle(*open);
  go_on(*inquiry, inquiry);
}

Result<Desk::Opens::iterator> Desk::find_or_open(const Key& key, const ask::Question& question) {
  const auto open = open_.find(key);
  if (open != open_.end()) return open;
  if (open_.size() >= options_.messages_most) return no_place("too many messages wait for the ICAP server");
  return open_.emplace(key, Open{question.facts, std::make_shared<Inquiry>(message_of(question), held_)}).first;
}

void Desk::go_on(Inquiry& inquiry, const std::shared_ptr<Inquiry>& kept) {
  switch (inquiry.stage) {
    case Inquiry::Stage::gathering:
      if (!inquiry.has_ended() && inquiry.octets() < preview_most) return on_taken(inquiry);
      inquiry.stage = Inquiry::Stage::queued;
      inquiry.deadline = runtime::now() + options_.answer_within;
      queue_.push_back(kept);
      return serve_soon();
    case Inquiry::Stage::queued:
      return;
    case Inquiry::Stage::asked:
      if (Connection* connection = connection_of(inquiry)) connection->more();
      return;
  }
}

void Desk::answer(Inquiry& inquiry, Result<ask::Answer> with) {
  if (const auto done = std::exchange(inquiry.done, nullptr)) done(std::move(with));
}

void Desk::on_taken(Inquiry& inquiry) { answer(inquiry, ask::Answer{}); }

void Desk::on_verdict(Inquiry& inquiry, Result<ask::Answer> verdict) {
  serve_soon();
  inquiry.verdict = std::move(verdict);
  const auto open = std::ranges::find(open_, &inquiry, [](const auto& one) { return one.second.inquiry.get(); });
  if (open != open_.end()) settle(open);
}

void Desk::on_stale(std::shared_ptr<Inquiry> inquiry) {
  inquiry->stage = Inquiry::Stage::queued;
  inquiry->deadline = runtime::now() + options_.answer_within;
  queue_.push_back(std::move(inquiry));
  serve_soon();
}

/// Tells the verdict to the question that waits, if one does. A message that passes early passes with all its rest.
void Desk::settle(Opens::iterator open) {
  const std::shared_ptr<Inquiry> inquiry = open->second.inquiry;
  if (!inquiry->done) return;
  const bool passes = *inquiry->verdict && (*inquiry->verdict)->judgement == ask::Judgement::pass;
  if (!passes || inquiry->has_ended()) drop(open);
  answer(*inquiry, *inquiry->verdict);
}

void Desk::drop(Opens::iterator open) {
  const std::shared_ptr<Inquiry> inquiry = std::move(open->second.inquiry);
  open_.erase(open);
  std::erase(queue_, inquiry);
  if (Connection* connection = connection_of(*inquiry)) {
    connection->abandon();
    serve_soon();
  }
}

Connection* Desk::connection_of(const Inquiry& inquiry) {
  const auto found = std::ranges::find_if(connections_, [&](const auto& one) { return one->has(inquiry); });
  return found == connections_.end() ? nullptr : found->get();
}

void Desk::forget(std::uint64_t number) {
  const auto open = std::ranges::find_if(
      open_, [&](const auto& one) { return one.second.inquiry->number == number && one.second.inquiry->done; });
  if (open == open_.end()) return;
  open->second.inquiry->done = nullptr;
  drop(open);
}

void Desk::leave(const ask::Facts* session) {
  for (auto open = open_.begin(); open != open_.end();) {
    const auto next = std::next(open);
    if (std::get<0>(open->first) == session) {
      open->second.inquiry->done = nullptr;
      drop(open);
    }
    open = next;
  }
}

/// A server that says it takes no more gets no more.
std::size_t Desk::connections_most() const {
  std::size_t most = options_.connections;
  for (const Method method : {Method::reqmod, Method::respmod}) {
    const Offer* offer = offers_.find(service_for(options_, method));
    if (offer != nullptr && offer->connections) most = std::min(most, *offer->connections);
  }
  return most;
}

/// Never from within a connection: what it has read behind an answer must not be taken for the next one.
void Desk::serve_soon() {
  if (std::exchange(serving_soon_, true)) return;
  loop_.post([self = std::weak_ptr{self_}] {
    if (const auto desk = self.lock()) (*desk)->serve();
  });
}

void Desk::serve() {
  serving_soon_ = false;
  std::erase_if(connections_, [](const auto& one) { return one->is_closed(); });
  while (!queue_.empty()) {
    const auto idle = std::ranges::find_if(connections_, [](const auto& one) { return one->is_idle(); });
    Connection* connection = idle == connections_.end() ? nullptr : idle->get();
    if (connection == nullptr) {
      if (connections_.size() >= connections_most()) break;
      connections_.push_back(
          std::make_unique<Connection>(loop_, resolver_, options_, offers_, static_cast<Connection::Owner&>(*this)));
      connection = connections_.back().get();
    }
    std::shared_ptr<Inquiry> next = std::move(queue_.front());
    queue_.pop_front();
    connection->begin(std::move(next));
  }
  if (queue_.empty()) return late_.cancel();
  late_.expires_at(queue_.front()->deadline, [this] { drop_late(); });
}

void Desk::drop_late() {
  while (!queue_.empty() && queue_.front()->deadline <= runtime::now()) {
    const std::shared_ptr<Inquiry> late = std::move(queue_.front());
    queue_.pop_front();
    on_verdict(*late, no_place("no connection to the ICAP server was free in time"));
  }
  serve_soon();
}

}  // namespace louver::filter::icap

#include "filter/secret/answer_guard.h"

#include <algorithm>

#include "base/limits.h"
#include "filter/http/grammar.h"

namespace louver::filter::secret {
namespace {

/// Each has one message of every answer.
unsigned contexts_of_an_answer(const session::Terms& terms) {
  return static_cast<unsigned>(std::ranges::count_if(
      terms.contexts(), [](const session::ContextInfo& one) { return one.has[slot(Direction::s2c)]; }));
}

/// Null if its body can be read as it is.
const char* why_unreadable(const http::Head& head) {
  if (head.upgrade) return "it begins a tunnel";
  if (head.status_line.compare(9, 3, "206") == 0) return "it is a part of a whole";
  const auto coded = [](const http::Field& field) {
    return field.name == "content-encoding" && http::lowered(field.value) != "identity" && !field.value.empty();
  };
  return std::ranges::any_of(head.fields, coded) ? "it has a content coding" : nullptr;
}

}  // namespace

Result<> AnswerGuard::expect(Exchange exchange, bool watched) {
  if (answers_.size() >= limits::open_exchanges)
    return Error{Fault::limit_exceeded, "too many answers are still to come"};
  answers_[exchange] = {watched, false, 0};
  return {};
}

Result<Verdict> AnswerGuard::on_part(const FilterPart& part, Emitter& out) {
  const auto found = answers_.find(part.exchange);
  if (found == answers_.end())
    return Error{Fault::blocked_by_policy, "an answer came whose request this filter has not seen"};
  Answer& answer = found->second;
  const bool is_head = part.context_name == http::context_of(http::HeadKind::response);
  if (is_head) LOUVER_TRY(on_head(answer, part));
  const bool watched = answer.watched;
  const bool is_body = part.context_name == "response-body";
  if (watched && is_body && !part.bytes.empty() && !answer.readable)
    return Error{Fault::blocked_by_policy, "response-body came before its head, so it cannot be watched"};
  const bool message_counts = part.end && (!is_head || answer.readable);
  if (message_counts && ++answer.ended == contexts_of_an_answer(*session_.terms)) answers_.erase(found);
  if (!watched) return Verdict::pass;
  return search(messages_[part.context], part, out);
}

Result<> AnswerGuard::on_head(Answer& answer, const FilterPart& part) {
  if (part.redacted) return Error{Fault::blocked_by_policy, "something of the response-head was redacted"};
  if (head_.size() + part.bytes.size() > http::head_bytes_most)
    return Error{Fault::limit_exceeded, "a head is longer than " + std::to_string(http::head_bytes_most) + " octets"};
  append(head_, part.bytes);
  if (!part.end) return {};
  const Buffer message = std::exchange(head_, {});
  LOUVER_ASSIGN(const http::Head head, http::parse_head(http::HeadKind::response, message));
  if (http::is_interim(head)) return {};
  answer.readable = true;
  const char* why = answer.watched ? why_unreadable(head) : nullptr;
  if (why != nullptr) {
    return Error{Fault::blocked_by_policy,
                 std::string{"the answer might hold the credential and cannot be searched: "} + why};
  }
  return {};
}

Result<Verdict> AnswerGuard::search(Message& message, const FilterPart& part, Emitter& out) {
  if (message.searches.empty()) {
    for (auto& credential : options_.source->lately()) message.searches.emplace_back(std::move(credential));
  }
  const std::size_t before = message.echoes.size();
  for (EchoSearch& one : message.searches) {
    one.search(part.bytes, message.echoes);
    if (part.end) one.end(message.echoes);
  }
  if (message.echoes.size() > before) {
    const Echo& echo = message.echoes[before];
    options_.write({session_.id, part.context_name, echo.spelling, part.exchange});
    if (options_.on_echo == SecretOptions::OnEcho::block) return stopped(part, echo.spelling);
  }
  const Result<Verdict> done = part.right == Grant::write ? release(message, part, out) : judge_unheld(message, part);
  if (part.end) messages_.erase(part.context);
  return done;
}

/// What came has to go on now or never.
Result<Verdict> AnswerGuard::judge_unheld(const Message& message, const FilterPart& part) {
  const bool near = std::ranges::any_of(message.searches, &EchoSearch::is_near);
  if (near && !part.end) return stopped(part, "cut in two");
  return Verdict::pass;
}

Result<Verdict> AnswerGuard::release(Message& message, const FilterPart& part, Emitter& out) {
  const std::uint64_t all = message.held_from + message.held.size() + part.bytes.size();
  std::uint64_t settled = all;
  if (!part.end) {
    for (const EchoSearch& one : message.searches) settled = std::min(settled, one.settled());
  }
  settled = std::max(settled, message.held_from);
  if (message.held.empty() && message.echoes.empty() && settled == all) {
    message.held_from = all;
    return Verdict::pass;
  }
  // A tombstone among what is held: what stands for it is as long.
  if (part.redacted) return Error{Fault::blocked_by_policy, "something of the answer was redacted"};
  message.held.insert(message.held.end(), part.bytes.begin(), part.bytes.end());
  cover(message);
  const auto ready = static_cast<std::size_t>(settled - message.held_from);
  if (ready > 0 || part.end) LOUVER_TRY(out.emit(Bytes{message.held}.first(ready), part.end));
  message.held.erase(message.held.begin(), message.held.begin() + static_cast<std::ptrdiff_t>(ready));
  message.held_from = settled;
  return message.held.empty() ? Verdict::replaced : Verdict::hold;
}

void AnswerGuard::cover(Message& message) const {
  for (const Echo& echo : message.echoes) {
    const std::uint64_t from = std::max(echo.begin, message.held_from);
    for (std::uint64_t at = from; at < echo.end; ++at)
      message.held[static_cast<std::size_t>(at - message.held_from)] = std::byte{'x'};
  }
  message.echoes.clear();
}

Error AnswerGuard::stopped(const FilterPart& part, std::string_view spelling) const {
  return {Fault::blocked_by_policy,
          std::string{part.context_name} + " holds the credential that was put in here, " + std::string{spelling}};
}

}  // namespace louver::filter::secret

#include "filter/io/exec/frames.h"

#include <nlohmann/json.hpp>
#include <set>

namespace louver::filter::exec {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t prefix = 4;
constexpr std::size_t reason_most = 200;

void append_block(Buffer& to, Bytes octets) {
  const auto size = static_cast<std::uint32_t>(octets.size());
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::byte>(size >> shift));
  append(to, octets);
}

Error nonsense(std::string_view what) { return {Fault::filter_failed, "an answer " + std::string{what}}; }

/// One object of scalars, no member twice.
std::optional<Json> parse_flat(std::string_view text) {
  std::set<std::string, std::less<>> keys;
  bool flat = true;
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::key && !keys.insert(parsed.get<std::string>()).second) flat = false;
    if ((event == Event::object_start || event == Event::array_start) && depth > 0) flat = false;
    return true;
  };
  Json json = Json::parse(text, look, false);
  if (!flat || !json.is_object()) return std::nullopt;
  return json;
}

std::optional<ask::Judgement> judgement_of(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& word = value.get_ref<const std::string&>();
  if (word == "pass") return ask::Judgement::pass;
  if (word == "replace") return ask::Judgement::replace;
  if (word == "redact") return ask::Judgement::redact;
  if (word == "block") return ask::Judgement::block;
  return std::nullopt;
}

Result<Said> read_header(std::string_view text) {
  const std::optional<Json> json = parse_flat(text);
  if (!json) return nonsense("is not one flat JSON object without repeated members");
  Said said;
  bool has_id = false;
  bool has_verdict = false;
  for (const auto& [name, value] : json->items()) {
    if (name == "id" && value.is_number_unsigned()) {
      said.id = value.get<std::uint64_t>();
      has_id = true;
    } else if (const auto judgement = judgement_of(value); name == "verdict" && judgement) {
      said.answer.judgement = *judgement;
      has_verdict = true;
    } else if (name == "reason" && value.is_string()) {
      said.answer.reason = printable(value.get_ref<const std::string&>(), reason_most);
    } else {
      return nonsense("has a member that is unknown or not of its type");
    }
  }
  if (!has_id || !has_verdict) return nonsense("lacks \"id\" or \"verdict\"");
  if (!said.answer.reason.empty() && said.answer.judgement != ask::Judgement::block)
    return nonsense("gives a reason without blocking");
  return said;
}

}  // namespace

Buffer make_frame(std::uint64_t id, const ask::Question& question) {
  const Json json = {{"id", id},
                     {"session", question.facts->session},
                     {"profile", question.facts->profile},
                     {"path", question.facts->path},
                     {"self", question.facts->self},
                     {"exchange", raw(question.exchange)},
                     {"context", question.context},
                     {"direction", name_of(question.direction)},
                     {"may", name_of(question.right)},
                     {"end", question.end}};
  const std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  Buffer out;
  out.reserve(2 * prefix + text.size() + question.octets.size());
  append_block(out, as_bytes(text));
  append_block(out, question.octets);
  return out;
}

Result<std::optional<Said>> AnswerReader::next() {
  LOUVER_ASSIGN(const std::optional<Bytes> header, block_at(0, header_most, "has a header"));
  if (!header) return std::optional<Said>{};
  LOUVER_ASSIGN(const std::optional<Bytes> octets,
                block_at(prefix + header->size(), octets_most_, "puts something in a message's place"));
  if (!octets) return std::optional<Said>{};
  LOUVER_ASSIGN(Said said, read_header(as_text(*header)));
  if (!octets->empty() && said.answer.judgement != ask::Judgement::replace)
    return nonsense("has octets without replacing");
  said.answer.octets = to_buffer(*octets);
  const std::size_t whole = 2 * prefix + header->size() + octets->size();
  unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(whole));
  return std::optional{std::move(said)};
}

/// A length that is too large is refused as soon as it stands there.
Result<std::optional<Bytes>> AnswerReader::block_at(std::size_t place, std::size_t most, std::string_view what) const {
  if (unread_.size() < place + prefix) return std::optional<Bytes>{};
  std::size_t size = 0;
  for (std::size_t i = 0; i < prefix; ++i) size = size << 8 | std::to_integer<std::size_t>(unread_[place + i]);
  if (size > most)
    return nonsense(std::string{what} + " of " + std::to_string(size) + " octets; at most " + std::to_string(most));
  if (unread_.size() < place + prefix + size) return std::optional<Bytes>{};
  return std::optional{Bytes{unread_}.subspan(place + prefix, size)};
}

}  // namespace louver::filter::exec

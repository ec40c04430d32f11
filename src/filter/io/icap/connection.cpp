#include "filter/io/icap/connection.h"

#include "filter/io/icap/verdict.h"
#include "runtime/clock.h"
#include "runtime/loop.h"
#include "runtime/resolver.h"

namespace louver::filter::icap {
namespace {

constexpr std::size_t options_body_most = std::size_t{64} * 1024;

Error no_answer(const std::string& why) { return {Fault::filter_failed, "the ICAP server: " + why}; }

}  // namespace

const Offer* Offers::find(const std::string& service) const {
  const auto known = known_.find(service);
  return known == known_.end() || known->second.until <= runtime::now() ? nullptr : &known->second.offer;
}

void Offers::keep(const std::string& service, Offer offer) {
  const TimePoint until = runtime::now() + offer.lives;
  known_.insert_or_assign(service, Known{std::move(offer), until});
}

Connection::Connection(runtime::Loop& loop, runtime::Resolver& resolver, const ClientOptions& options, Offers& offers,
                       Owner& owner)
    : loop_(loop), resolver_(resolver), options_(options), offers_(offers), owner_(owner), timer_(loop) {}

bool Connection::is_idle() const { return state_ == State::idle && link_->is_quiet() && link_->buffered_bytes() == 0; }

const std::string& Connection::service() const {
  return inquiry_->message().method == Method::reqmod ? options_.reqmod : options_.respmod;
}

void Connection::begin(std::shared_ptr<Inquiry> inquiry) {
  inquiry_ = std::move(inquiry);
  inquiry_->stage = Inquiry::Stage::asked;
  heard_ = false;
  if (state_ == State::fresh) return connect();
  ask();
}

void Connection::connect() {
  state_ = State::connecting;
  connector_ = std::make_unique<runtime::Connector>(
      loop_, resolver_, options_.server, runtime::ConnectOptions{.allow_private = true},
      runtime::now() + options_.connect_within, [this](Result<runtime::Socket> socket) {
        if (!socket) return fail("no connection: " + socket.error().detail);
        link_ = std::make_unique<runtime::Link>(loop_, *std::move(socket), static_cast<runtime::LinkHandler&>(*this));
        link_->resume_reading();
        ask();
      });
}

void Connection::ask() {
  const Offer* offer = offers_.find(service());
  if (offer == nullptr) {
    state_ = State::options;
    write(to_buffer(write_options(options_.server.to_string(), service())));
    return wait(options_.answer_within, "no answer to OPTIONS in time");
  }
  offer_ = *offer;
  const Message& message = inquiry_->message();
  if (!offer_.does(message.method)) {
    offers_.drop(service());  // the operator may be mending it
    return fail(std::string{"the service does no "} + (message.method == Method::reqmod ? "REQMOD" : "RESPMOD"));
  }
  continued_ = false;
  previewed_ = message.has_body && offer_.preview.has_value();
  write(to_buffer(write_request(message, options_.server.to_string(), service(), offer_,
                                previewed_ ? offer_.preview : std::nullopt)));
  if (!message.has_body) {
    state_ = State::answering;
    return wait(options_.answer_within, "no verdict in time");
  }
  if (previewed_) return send_preview();
  state_ = State::sending;
  send_body();
}

/// "Preview: n": the first n octets, and whether that was all. Enough has been gathered. RFC 3507 §4.5
void Connection::send_preview() {
  const Bytes unsent = inquiry_->unsent();
  const Bytes first = unsent.first(std::min(unsent.size(), *offer_.preview));
  const bool whole = inquiry_->has_ended() && first.size() == unsent.size();
  Buffer out;
  append_chunk(out, first);
  append(out, whole ? last_chunk_of_whole : last_chunk);
  inquiry_->take(first.size());
  state_ = whole ? State::answering : State::previewing;
  write(std::move(out));
  wait(options_.answer_within, whole ? "no verdict in time" : "no answer to the preview in time");
}

void Connection::send_body() {
  const Bytes unsent = inquiry_->unsent();
  Buffer out;
  append_chunk(out, unsent);
  inquiry_->take(unsent.size());
  if (inquiry_->has_ended()) {
    append(out, last_chunk);
    state_ = State::answering;
    wait(options_.answer_within, "no verdict in time");
    return write(std::move(out));
  }
  write(std::move(out));
  if (inquiry_->octets() > preview_most) inquiry_->trim();
  if (link_->above_high_water()) return wait(options_.answer_within, "it takes no more octets");
  timer_.cancel();
  owner_.on_taken(*inquiry_);
}

void Connection::write(Buffer octets) {
  if (!octets.empty()) link_->write(std::move(octets));
}

void Connection::more() {
  if (state_ == State::sending && !link_->above_high_water()) send_body();
}

void Connection::on_drained() {
  if (state_ != State::sending) return;
  send_body();
}

std::size_t Connection::on_bytes(MutableBytes input, const runtime::ChunkRef&) {
  if (inquiry_ == nullptr) {  // nobody has asked
    close();
    owner_.on_change();
    return input.size();
  }
  heard_ = true;
  std::size_t used = 0;
  while (state_ != State::closed) {
    const auto some = read(input.subspan(used));
    if (!some) {
      fail(some.error().detail);
      break;
    }
    used += *some;
    if (*some == 0 || inquiry_ == nullptr) break;
  }
  if (state_ == State::closed) return input.size();
  if (inquiry_ == nullptr && used < input.size()) {  // something behind the answer
    close();
    owner_.on_change();
    return input.size();
  }
  return used;
}

/// @return  how much of `in` is done with; 0: more is needed
Result<std::size_t> Connection::read(Bytes in) {
  if (!head_) {
    if (in.empty()) return std::size_t{0};
    LOUVER_ASSIGN(auto head, read_icap_head(in));
    if (!head) return std::size_t{0};
    const std::size_t enclosed = head->encapsulated.heads();
    if (in.size() - head->octets < enclosed) return std::size_t{0};
    head_.emplace();
    static_cast<IcapHead&>(*head_) = *std::move(head);
    head_->enclosed = to_buffer(in.subspan(head_->octets, enclosed));
    chunks_ = {};
    body_.clear();
    body_octets_ = 0;
    digest_ = Inquiry::make_digest();
    const std::size_t used = head_->octets + enclosed;
    LOUVER_TRY(on_head());
    return used;
  }
  LOUVER_ASSIGN(const ChunkReader::Step step, chunks_.step(in));
  if (!step.content.empty()) LOUVER_TRY(on_body(step.content));
  if (chunks_.is_done()) LOUVER_TRY(on_whole());
  return step.used;
}

Result<> Connection::on_head() {
  if (state_ != State::options) return on_message_head();
  const bool has_body = head_->encapsulated.body != Encapsulated::Body::none;
  if (head_->encapsulated.heads() != 0 || (has_body && head_->encapsulated.body != Encapsulated::Body::options))
    return wrong("the answer to OPTIONS encloses a message");
  return has_body ? Result<>{} : on_whole();
}

Result<> Connection::on_message_head() {
  const bool all_sent = state_ == State::answering;
  switch (head_->status) {
    case 100:
      if (state_ != State::previewing || continued_) return wrong("it says 100 (Continue) where none is due");
      if (head_->encapsulated.heads() != 0 || head_->encapsulated.body != Encapsulated::Body::none)
        return wrong("its 100 (Continue) encloses something");
      continued_ = true;
      head_.reset();
      inquiry_->trim();
      state_ = State::sending;
      send_body();
      return {};
    case 204: {
      if (head_->encapsulated.heads() != 0 || head_->encapsulated.body != Encapsulated::Body::none)
        return wrong("its 204 encloses something");
      // "A server must not answer so but to a preview, or where it is allowed." RFC 3507 §4.6
      const bool to_preview = previewed_ && !continued_;
      if (!to_preview && !offer_.allow_204) return wrong("it answers with 204, which was not allowed");
      const std::string threat = named_threat(head_->fields);
      decided(threat.empty() ? ask::Answer{} : ask::Answer{ask::Judgement::block, {}, "the scanner found " + threat});
      return {};
    }
    case 206:
      if (!inquiry_->message().may_change || !offer_.allow_206)
        return wrong("it answers with 206, which was not allowed");
      [[fallthrough]];
    case 200: {
      LOUVER_ASSIGN(const auto judged, judge_heads(inquiry_->message(), *head_, head_->enclosed));
      if (const auto* blocks = std::get_if<Blocks>(&judged)) {
        decided(ask::Answer{ask::Judgement::block, {}, blocks->reason});
        return {};
      }
      if (!all_sent && inquiry_->message().may_change && !inquiry_->has_ended())
        return wrong("it answers before it has the message");
      return head_->encapsulated.body == Encapsulated::Body::none ? on_whole() : Result<>{};
    }
    default:
      offers_.drop(service());
      return wrong("it answers with status " + std::to_string(head_->status));
  }
}

Result<> Connection::on_body(Bytes content) {
  body_octets_ += content.size();
  if (state_ == State::options) {
    if (body_octets_ > options_body_most) return Error{Fault::limit_exceeded, "its answer to OPTIONS is too long"};
    return {};
  }
  if (inquiry_->message().may_change) {
    if (body_octets_ > options_.changed_most)
      return Error{Fault::limit_exceeded, "it puts too much in the message's place"};
    append(body_, content);
    return {};
  }
  // What comes back is compared, not kept. It cannot be the message where it is longer than what was there.
  if (body_octets_ > inquiry_->octets())
    decided(ask::Answer{ask::Judgement::block, {}, "the scanner changes the message"});
  else
    digest_.add(content);
  return {};
}

Result<> Connection::on_whole() {
  if (inquiry_ == nullptr) return {};
  if (state_ != State::options) {
    decided(decide());
    return {};
  }
  LOUVER_ASSIGN(Offer offer, read_offer(*head_));
  offers_.keep(service(), std::move(offer));
  if (head_->fields.has_word("connection", "close")) {
    // The question needs another connection; what this one said stays known.
    const std::shared_ptr<Inquiry> inquiry = std::move(inquiry_);
    close();
    owner_.on_stale(inquiry);
    return {};
  }
  head_.reset();
  used_ = true;
  ask();
  return {};
}

/// What an answer whose body has ended comes to.
Result<ask::Answer> Connection::decide() {
  if (inquiry_->message().may_change && inquiry_->message().has_body) return replacement();
  if (chunks_.original_from()) return no_answer("it refers to the original body, which was not allowed");
  if (!inquiry_->message().has_body && body_octets_ == 0) return ask::Answer{};
  if (inquiry_->is_body(body_octets_, digest_)) return ask::Answer{};
  return ask::Answer{ask::Judgement::block, {}, "the scanner changes the message"};
}

Result<ask::Answer> Connection::replacement() {
  if (const auto from = chunks_.original_from()) {
    const Bytes original = inquiry_->body();
    if (head_->status != 206 || *from > original.size() ||
        body_.size() + original.size() - *from > options_.changed_most)
      return no_answer("it refers to what the original body does not have");
    append(body_, original.subspan(static_cast<std::size_t>(*from)));
  } else if (head_->status == 206) {
    return no_answer("its 206 does not say where the original goes on");
  }
  if (equal(body_, inquiry_->body())) return ask::Answer{};
  const auto& announced = inquiry_->message().announced;
  if (announced && *announced != body_.size())
    return Error{Fault::filter_failed, "the ICAP server: it puts " + std::to_string(body_.size()) + " octets where " +
                                           std::to_string(*announced) + " were announced"};
  return ask::Answer{ask::Judgement::replace, std::move(body_), {}};
}

void Connection::on_end() {
  if (inquiry_ == nullptr) {
    close();
    return owner_.on_change();
  }
  lost(head_ || heard_ ? "it closed the connection within its answer" : "it closed the connection without an answer");
}

void Connection::on_broken(const Error& error) {
  const std::string why = "the connection broke: " + error.detail;
  link_.reset();
  if (inquiry_ == nullptr) {
    close();
    return owner_.on_change();
  }
  lost(why.c_str());
}

void Connection::lost(const char* why) {
  if (!used_ || heard_) return fail(why);
  const std::shared_ptr<Inquiry> inquiry = std::move(inquiry_);
  close();
  if (inquiry->rewind()) return owner_.on_stale(inquiry);
  owner_.on_verdict(*inquiry, no_answer(why));
}

void Connection::wait(Duration most, const char* why) {
  timer_.expires_at(runtime::now() + most, [this, why] { fail(why); });
}

/// The connection is used again only if nothing of the question is unsent and nothing of the answer unread.
void Connection::decided(Result<ask::Answer> verdict) {
  const std::shared_ptr<Inquiry> inquiry = std::move(inquiry_);
  const bool whole = head_->encapsulated.body == Encapsulated::Body::none || chunks_.is_done();
  const bool sent = state_ == State::answering || (state_ == State::previewing && !continued_);
  const bool clean =
      verdict && whole && sent && link_->pending_bytes() == 0 && !head_->fields.has_word("connection", "close");
  head_.reset();
  body_ = {};
  if (clean) {
    state_ = State::idle;
    used_ = true;
    timer_.expires_at(runtime::now() + options_.idle_within, [this] {
      close();
      owner_.on_change();
    });
  } else {
    close();
  }
  owner_.on_verdict(*inquiry, std::move(verdict));
}

void Connection::fail(const std::string& why) {
  const std::shared_ptr<Inquiry> inquiry = std::move(inquiry_);
  close();
  if (inquiry != nullptr) owner_.on_verdict(*inquiry, no_answer(why));
}

void Connection::close() {
  state_ = State::closed;
  inquiry_.reset();
  timer_.cancel();
  connector_.reset();
  if (link_ != nullptr) link_->abort();
}

}  // namespace louver::filter::icap

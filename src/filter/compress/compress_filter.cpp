#include "filter/compress/compress_filter.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "filter/coding/encoder.h"
#include "filter/compress/negotiation.h"
#include "filter/http/bound_target.h"
#include "filter/http/head_collector.h"
#include "filter/needs.h"

namespace louver::filter::compress {
namespace {

constexpr std::string_view kind = "compress";
constexpr std::size_t unsaid_most = 256 * 1024;  // octets that an encoder may take in before it must say something

/// Whether a request has credentials: more in their context than what they are for.
class SeenCredentials {
 public:
  void take(const FilterPart& part) {
    start_.append(as_text(part.bytes).substr(0, http::target_line_start.size() - start_.size()));
    octets_ += part.bytes.size();
    redacted_ = redacted_ || part.redacted;
    whole_ = whole_ || part.end;
  }
  /// Also while nothing is known.
  bool may_be_there() const {
    const std::size_t bound = start_ == http::target_line_start ? http::target_line_octets : 0;
    return !whole_ || redacted_ || octets_ > bound;
  }

 private:
  std::string start_;  // as much as tells that line from others
  std::size_t octets_ = 0;
  bool redacted_ = false, whole_ = false;
};

/// What of a request decides how its answer is treated.
struct Asked {
  std::optional<coding::Coding> coding;  // nothing: the answer stays as it is
  SeenCredentials credentials = {};
};

/// An answer that is being compressed.
struct Under {
  std::unique_ptr<coding::Encoder> encoder;
  bool flush = false;  // each piece may be waited for
  std::size_t unsaid = 0;
};

class CompressFilter final : public Filter {
 public:
  explicit CompressFilter(std::shared_ptr<const CompressOptions> options) : options_(std::move(options)) {}

  Result<Verdict> on_part(const FilterPart& part, Emitter& out) override {
    if (part.context_name == "request-head") return on_request(part);
    if (part.context_name == "request-credentials") return on_credentials(part);
    if (part.context_name == "response-head") return on_response(part, out);
    return on_body(part, out);
  }

 private:
  Result<Verdict> on_request(const FilterPart& part) {
    if (part.redacted) return Error{Fault::blocked_by_policy, "something of a head was redacted"};
    LOUVER_ASSIGN(const std::optional<Bytes> message, heads_.take(part.direction, part.bytes, part.end));
    if (!message) return Verdict::pass;
    LOUVER_ASSIGN(const http::Head head, http::parse_head(http::HeadKind::request, *message));
    LOUVER_ASSIGN(Asked * asked, asked_in(part.exchange));
    if (head.method != "HEAD" && !head.upgrade && !lists(head, "cache-control", "no-transform"))
      asked->coding = accepted_of(head, options_->codings);
    return Verdict::pass;
  }

  Result<Verdict> on_credentials(const FilterPart& part) {
    LOUVER_ASSIGN(Asked * asked, asked_in(part.exchange));
    asked->credentials.take(part);
    return Verdict::pass;
  }

  /// The answer to it forgets it.
  Result<Asked*> asked_in(Exchange exchange) {
    if (asked_.size() >= limits::open_exchanges && !asked_.contains(exchange))
      return Error{Fault::limit_exceeded, "too many answers are still to come"};
    return &asked_[exchange];
  }

  Result<Verdict> on_response(const FilterPart& part, Emitter& out) {
    if (part.redacted) return Error{Fault::blocked_by_policy, "something of a head was redacted"};
    LOUVER_ASSIGN(const std::optional<Bytes> message, heads_.take(part.direction, part.bytes, part.end));
    if (!message) return Verdict::hold;
    LOUVER_ASSIGN(http::Head head, http::parse_head(http::HeadKind::response, *message));
    const std::optional<coding::Coding> coding = coding_for(part.exchange, head);
    if (!coding) {
      LOUVER_TRY(out.emit(*message, true));
      return Verdict::replaced;
    }
    Under under;
    under.flush = !head.content_length;
    LOUVER_ASSIGN(under.encoder, coding::make_encoder(*coding));
    under_.insert_or_assign(part.exchange, std::move(under));
    apply_coding(head, *coding);
    LOUVER_ASSIGN(const std::string written, http::write_head(head));
    LOUVER_TRY(out.emit(as_bytes(written), true));
    return Verdict::replaced;
  }

  std::optional<coding::Coding> coding_for(Exchange exchange, const http::Head& response) const {
    const auto found = asked_.find(exchange);
    if (found == asked_.end() || !found->second.coding || !why_not(response, options_->least).empty())
      return std::nullopt;
    const bool may_hold_secrets =
        found->second.credentials.may_be_there() && !lists(response, "cache-control", "public");
    if (may_hold_secrets && !options_->allow_beside_secrets) return std::nullopt;
    return found->second.coding;
  }

  class Onward final : public coding::ByteSink {
   public:
    explicit Onward(Emitter& out) : out_(out) {}
    Result<> take(Bytes bytes) override {
      said = true;
      return out_.emit(bytes, false);
    }
    bool said = false;

   private:
    Emitter& out_;
  };

  Result<Verdict> on_body(const FilterPart& part, Emitter& out) {
    if (part.end) asked_.erase(part.exchange);
    const auto found = under_.find(part.exchange);
    if (found == under_.end()) return Verdict::pass;
    Under& under = found->second;
    using Then = coding::Encoder::Then;
    const Buffer filler(part.redacted ? part.redacted_bytes : 0, std::byte{'x'});  // as the far end would fill it
    const Bytes piece = part.redacted ? Bytes{filler} : part.bytes;
    under.unsaid += piece.size();
    const bool flush = (under.flush && !piece.empty()) || under.unsaid > unsaid_most;
    Onward onward{out};
    LOUVER_TRY(under.encoder->encode(piece, part.end ? Then::finish : flush ? Then::flush : Then::go_on, onward));
    if (onward.said) under.unsaid = 0;
    if (!part.end) return flush ? Verdict::replaced : Verdict::hold;
    under_.erase(found);
    LOUVER_TRY(out.emit({}, true));
    return Verdict::replaced;
  }

  std::shared_ptr<const CompressOptions> options_;
  http::HeadCollector heads_;
  std::map<Exchange, Asked> asked_;
  std::map<Exchange, Under> under_;  // one at most: answers come in order
};

class CompressFactory final : public FilterFactory {
 public:
  explicit CompressFactory(CompressOptions options)
      : options_(std::make_shared<const CompressOptions>(std::move(options))) {}
  std::string_view name() const override { return kind; }
  bool can_act_in(const session::ProfileTraits& profile) const override {
    return has_contexts(profile, std::array{std::string{"response-head"}, std::string{"response-body"}});
  }
  std::vector<Need> needs(const SessionInfo& session) const override {
    std::vector<Need> out = {{"request-head", Direction::c2s, Grant::read},
                             {"response-head", Direction::s2c, Grant::write},
                             {"response-body", Direction::s2c, Grant::write}};
    const session::ContextInfo* credentials = session.terms->find_context("request-credentials");
    const bool may_know = credentials != nullptr && session.grant(credentials->id, Direction::c2s) >= Grant::read;
    if (may_know && !options_->allow_beside_secrets)
      out.push_back({"request-credentials", Direction::c2s, Grant::read});
    return out;
  }
  Result<std::unique_ptr<Filter>> make(const SessionInfo&) const override {
    return std::unique_ptr<Filter>{std::make_unique<CompressFilter>(options_)};
  }

 private:
  std::shared_ptr<const CompressOptions> options_;
};

}  // namespace

Result<std::shared_ptr<const FilterFactory>> make_compress(CompressOptions options) {
  const auto wrong = [](std::string_view what) {
    return Error{Fault::configuration, "filter " + std::string{kind} + ": " + std::string{what}};
  };
  if (!options.contexts.empty()) return wrong("it acts on answers and takes no contexts");
  if (options.codings.empty()) return wrong("no coding is listed");
  for (const coding::Coding one : options.codings) {
    if (one != coding::Coding::br && one != coding::Coding::gzip)
      return wrong("the coding " + std::string{name_of(one)} + " is not applied here");
  }
  return std::shared_ptr<const FilterFactory>{std::make_shared<CompressFactory>(std::move(options))};
}

}  // namespace louver::filter::compress

#pragma once

#include <map>

#include "filter/io/icap/chunks.h"
#include "filter/io/icap/icap_engine.h"
#include "filter/io/icap/inquiry.h"
#include "runtime/connector.h"
#include "runtime/link.h"
#include "runtime/timer.h"

namespace louver::filter::icap {

/// What the services of a server have said of themselves, until it expires.
class Offers {
 public:
  const Offer* find(const std::string& service) const;
  void keep(const std::string& service, Offer offer);
  void drop(const std::string& service) { known_.erase(service); }

 private:
  struct Known {
    Offer offer;
    TimePoint until;
  };
  std::map<std::string, Known> known_;
};

/// One connection to the ICAP server: asks for the service's options where they are not known, then about one message
/// after the other. Lives on the client's loop.
class Connection final : runtime::LinkHandler {
 public:
  /// Told what becomes of inquiries. A connection is not destroyed from within these calls.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The server may have more of the body.
    virtual void on_taken(Inquiry& inquiry) = 0;
    /// Once for each inquiry; the connection has let go of it. A fault: there is none, and why.
    virtual void on_verdict(Inquiry& inquiry, Result<ask::Answer> verdict) = 0;
    /// A kept connection was gone before a word was said about it: the inquiry may be asked anew on another.
    virtual void on_stale(std::shared_ptr<Inquiry> inquiry) = 0;
    /// It is idle, or closed.
    virtual void on_change() = 0;
  };
  Connection(runtime::Loop& loop, runtime::Resolver& resolver, const ClientOptions& options, Offers& offers,
             Owner& owner);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_idle() const;
  bool is_closed() const { return state_ == State::closed; }
  bool has(const Inquiry& inquiry) const { return inquiry_.get() == &inquiry; }
  /// Only while idle or new.
  void begin(std::shared_ptr<Inquiry> inquiry);
  /// More of the inquiry's body has come, or its end.
  void more();
  /// Nobody wants the verdict any more.
  void abandon() { close(); }

 private:
  enum class State : std::uint8_t {
    fresh,
    connecting,
    idle,
    options,     // OPTIONS is asked
    previewing,  // the preview is sent, the body has more
    sending,     // the body, as it comes
    answering,   // all is sent
    closed,
  };
  struct Head : IcapHead {
    Buffer enclosed;
  };

  std::size_t on_bytes(MutableBytes input, const runtime::ChunkRef& chunk) override;
  void on_end() override;
  void on_broken(const Error& error) override;
  void on_drained() override;

  const std::string& service() const;
  void connect();
  void ask();
  void send_preview();
  void send_body();
  void write(Buffer octets);

  Result<std::size_t> read(Bytes in);
  Result<> on_head();
  Result<> on_body(Bytes content);
  Result<> on_whole();
  Result<> on_message_head();
  Result<ask::Answer> decide();
  Result<ask::Answer> replacement();

  void wait(Duration most, const char* why);
  void decided(Result<ask::Answer> verdict);
  void fail(const std::string& why);
  void lost(const char* why);
  void close();

  runtime::Loop& loop_;
  runtime::Resolver& resolver_;
  const ClientOptions& options_;
  Offers& offers_;
  Owner& owner_;
  State state_ = State::fresh;
  std::unique_ptr<runtime::Connector> connector_;
  std::unique_ptr<runtime::Link> link_;
  runtime::Timer timer_;
  std::shared_ptr<Inquiry> inquiry_;
  Offer offer_;         // of the service, as it was when the inquiry was begun
  bool used_ = false;   // an answer was read before
  bool heard_ = false;  // something of the answer has come
  bool continued_ = false;
  bool previewed_ = false;
  std::optional<Head> head_;  // of the answer that is being read
  ChunkReader chunks_;
  Buffer body_;  // of the answer, where it may replace
  std::uint64_t body_octets_ = 0;
  crypto::HmacSha256 digest_ = Inquiry::make_digest();
};

}  // namespace louver::filter::icap

#pragma once

#include <deque>
#include <map>
#include <tuple>

#include "filter/io/icap/connection.h"
#include "runtime/resolver.h"

namespace louver::filter::icap {

/// The messages that are asked about, and the connections. Lives on its loop's thread.
class Desk final : Connection::Owner {
 public:
  Desk(runtime::Loop& loop, const ClientOptions& options);
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  ~Desk() override;

  void ask(std::uint64_t number, ask::Question question, ask::Engine::Done done);
  void forget(std::uint64_t number);
  /// Nothing more is asked for this session.
  void leave(const ask::Facts* session);

 private:
  using Key = std::tuple<const ask::Facts*, std::string, Direction, Exchange>;
  struct Open {
    std::shared_ptr<const ask::Facts> facts;  // so that the key names nothing else
    std::shared_ptr<Inquiry> inquiry;
  };
  using Opens = std::map<Key, Open>;

  void on_taken(Inquiry& inquiry) override;
  void on_verdict(Inquiry& inquiry, Result<ask::Answer> verdict) override;
  void on_stale(std::shared_ptr<Inquiry> inquiry) override;
  void on_change() override { serve_soon(); }

  Result<Opens::iterator> find_or_open(const Key& key, const ask::Question& question);
  void go_on(Inquiry& inquiry, const std::shared_ptr<Inquiry>& kept);
  void answer(Inquiry& inquiry, Result<ask::Answer> with);
  void settle(Opens::iterator open);
  void drop(Opens::iterator open);
  Connection* connection_of(const Inquiry& inquiry);
  std::size_t connections_most() const;
  void serve_soon();
  void serve();
  void drop_late();

  runtime::Loop& loop_;
  const ClientOptions& options_;
  runtime::Resolver resolver_;
  Offers offers_;
  std::size_t held_ = 0;  // octets, of all inquiries; before them, since they count themselves out
  Opens open_;
  std::deque<std::shared_ptr<Inquiry>> queue_;  // for a connection
  std::vector<std::unique_ptr<Connection>> connections_;
  runtime::Timer late_;
  bool serving_soon_ = false;
  std::shared_ptr<Desk*> self_;  // for what was posted
};

}  // namespace louver::filter::icap

#pragma once

#include <memory>

#include "base/strong.h"
#include "runtime/link.h"

namespace louver::role {

/// Who uses one or two links, told apart by the side that their peer is on.
class LinkOwner {
 public:
  virtual std::size_t on_bytes(Side from, MutableBytes input, const runtime::ChunkRef& chunk) = 0;
  virtual void on_end(Side from) = 0;
  virtual void on_broken(Side from, const Error& error) = 0;
  virtual void on_drained(Side to) = 0;

 protected:
  LinkOwner() = default;
  LinkOwner(const LinkOwner&) = default;
  LinkOwner& operator=(const LinkOwner&) = default;
  ~LinkOwner() = default;
};

/// A link whose owner can change: whoever accepts a connection hands it on once its first frame says what it is for.
class SidedLink final : private runtime::LinkHandler {
 public:
  SidedLink(runtime::Loop& loop, runtime::Socket socket, LinkOwner& owner, Side side,
            const runtime::LinkOptions& options)
      : owner_(&owner), side_(side), link_(loop, std::move(socket), *this, options) {}

  void change_owner(LinkOwner& owner, Side side) {
    owner_ = &owner;
    side_ = side;
  }
  runtime::Link& link() { return link_; }

 private:
  std::size_t on_bytes(MutableBytes input, const runtime::ChunkRef& chunk) override {
    return owner_->on_bytes(side_, input, chunk);
  }
  void on_end() override { owner_->on_end(side_); }
  void on_broken(const Error& error) override { owner_->on_broken(side_, error); }
  void on_drained() override { owner_->on_drained(side_); }

  LinkOwner* owner_;
  Side side_;
  runtime::Link link_;
};
using SidedLinkPtr = std::unique_ptr<SidedLink>;

}  // namespace louver::role

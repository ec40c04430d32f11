#include "runtime/connection_limits.h"

#include <mutex>
#include <unordered_map>

namespace louver::runtime {

struct ConnectionLimits::Counts {
  Counts(std::size_t in_all_at_most, std::size_t per_source_at_most)
      : most_in_all(in_all_at_most), most_per_source(per_source_at_most) {}

  const std::size_t most_in_all;
  const std::size_t most_per_source;
  std::mutex mutex;
  std::size_t in_all = 0;
  std::unordered_map<IpAddress, std::size_t> by_source;

  void give_back(const IpAddress& source) {
    const std::scoped_lock lock{mutex};
    --in_all;
    const auto found = by_source.find(source);
    if (--found->second == 0) by_source.erase(found);
  }
};

namespace {

std::string too_many(std::size_t most, std::string_view where) {
  return "there are already " + std::to_string(most) + " connections " + std::string{where};
}

}  // namespace

ConnectionLimits::ConnectionLimits(std::size_t most_in_all, std::size_t most_per_source)
    : counts_(std::make_shared<Counts>(most_in_all, most_per_source)) {}

Result<std::shared_ptr<void>> ConnectionLimits::admit(const IpAddress& from) {
  const IpAddress source = source_of(from);
  const std::scoped_lock lock{counts_->mutex};
  if (counts_->in_all >= counts_->most_in_all) {
    return Error{Fault::limit_exceeded, too_many(counts_->most_in_all, "in all")};
  }
  const auto found = counts_->by_source.find(source);
  if ((found == counts_->by_source.end() ? 0 : found->second) >= counts_->most_per_source) {
    return Error{Fault::limit_exceeded, too_many(counts_->most_per_source, "from " + source.to_string())};
  }
  ++counts_->by_source[source];
  ++counts_->in_all;
  return std::shared_ptr<void>{counts_.get(), [counts = counts_, source](void*) { counts->give_back(source); }};
}

std::size_t ConnectionLimits::in_all() const {
  const std::scoped_lock lock{counts_->mutex};
  return counts_->in_all;
}

}  // namespace louver::runtime

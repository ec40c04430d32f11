#include "role/household.h"

#include <vector>

namespace louver::role {
namespace {

std::vector<std::shared_ptr<Resident>> snapshot(
    const std::unordered_map<Resident*, std::shared_ptr<Resident>>& residents) {
  std::vector<std::shared_ptr<Resident>> out;
  out.reserve(residents.size());
  for (const auto& [key, resident] : residents) out.push_back(resident);
  return out;
}

}  // namespace

void Household::move_in(std::shared_ptr<Resident> resident) {
  Resident* key = resident.get();
  residents_.emplace(key, std::move(resident));
}

void Household::move_out(Resident& resident) {
  const auto found = residents_.find(&resident);
  if (found == residents_.end()) return;
  std::shared_ptr<Resident> last = std::move(found->second);
  residents_.erase(found);
  loop_.post([last = std::move(last)]() mutable { last.reset(); });
}

void Household::drain() {
  for (const auto& resident : snapshot(residents_)) resident->drain();
}

void Household::abort() {
  for (const auto& resident : snapshot(residents_)) resident->abort();
}

void Household::reconsider(const Reconsider& change) {
  for (const auto& resident : snapshot(residents_)) resident->reconsider(change);
}

bool Household::busy() const {
  for (const auto& [key, resident] : residents_) {
    if (resident->busy()) return true;
  }
  return false;
}

}  // namespace louver::role

#include "session/audit_judgement.h"

#include <algorithm>
#include <cstdlib>

namespace louver::session {
namespace {

class Judge {
 public:
  Judge(const std::vector<const Segment*>& segments, const std::vector<Attested>& values)
      : segments_(segments), values_(values) {}

  Judgement run(bool received) {
    bool whole_path = true;
    for (std::size_t i = segments_.size(); i-- > 0 && whole_path;) {
      look_at(*segments_[i]);
      whole_path = i == 0 || look_at_writer(*segments_[i - 1], *segments_[i]);
    }
    if (whole_path) look_at_ends();
    out_.verdict = verdict(received);
    return std::move(out_);
  }

 private:
  const wire::Audit* find(PartyIndex party, AuditPlace place) const {
    const auto found = std::ranges::find_if(values_, [&](const Attested& one) {
      return one.party == party && one.value.out == static_cast<std::uint8_t>(place);
    });
    return found == values_.end() ? nullptr : &found->value;
  }

  /// "sender-out = M-in, M-out = next-in, .. = received"
  void look_at(const Segment& segment) {
    const wire::Audit* in = find(segment.sink, AuditPlace::in);
    const wire::Audit* sent = find(segment.author, AuditPlace::out);
    if (in == nullptr) out_.missing.push_back(segment.sink);
    if (sent == nullptr) out_.missing.push_back(segment.author);
    if (in != nullptr && in->redactor != 0) {
      out_.redacted.push_back(PartyIndex{in->redactor});
    } else if (in != nullptr && sent != nullptr && (in->value != sent->value || in->length != sent->length)) {
      out_.pairs.emplace_back(segment.author, segment.sink);
    }
  }

  /// What the writer between two segments states. False: the message is its own, nothing before it counts.
  bool look_at_writer(const Segment& before, const Segment& after) {
    const wire::Audit* sent = find(after.author, AuditPlace::out);
    const wire::Audit* in = find(before.sink, AuditPlace::in);
    if (sent == nullptr) return true;
    const auto change = static_cast<AuditChange>(sent->changed);
    if (change != AuditChange::none) out_.changed.push_back(after.author);
    if (change == AuditChange::own) {
      if (in != nullptr) out_.pairs.emplace_back(after.author, after.author);
      return false;
    }
    if (change == AuditChange::none && in != nullptr && in->length != sent->length)
      out_.pairs.emplace_back(after.author, after.author);
    return true;
  }

  void look_at_ends() {
    const PartyIndex sender = segments_.front()->author;
    const PartyIndex receiver = segments_.back()->sink;
    if (!out_.redacted.empty()) return;
    if (segments_.size() == 1) {
      out_.end_to_end = out_.pairs.empty() && out_.missing.empty();
      return;
    }
    const wire::Audit* stated = find(sender, AuditPlace::end);
    const wire::Audit* own = find(receiver, AuditPlace::end);
    if (stated == nullptr || own == nullptr) return;
    out_.end_to_end = stated->value == own->value && stated->length == own->length;
    if (out_.end_to_end || !out_.changed.empty() || !out_.pairs.empty() || !out_.missing.empty()) return;
    for (std::size_t i = 1; i < segments_.size(); ++i) out_.pairs.emplace_back(sender, segments_[i]->author);
  }

  AuditVerdict verdict(bool received) const {
    if (!out_.pairs.empty()) return AuditVerdict::disagreement;
    if (!received) return AuditVerdict::undelivered;
    if (!out_.missing.empty()) return AuditVerdict::unattested;
    if (!out_.redacted.empty()) return AuditVerdict::redacted;
    if (!out_.changed.empty() && !out_.end_to_end) return AuditVerdict::changed;
    return AuditVerdict::unmodified;
  }

  const std::vector<const Segment*>& segments_;
  const std::vector<Attested>& values_;
  Judgement out_;
};

}  // namespace

std::string_view name_of(AuditVerdict verdict) {
  switch (verdict) {
    case AuditVerdict::unmodified:
      return "unmodified";
    case AuditVerdict::changed:
      return "changed";
    case AuditVerdict::redacted:
      return "redacted";
    case AuditVerdict::unattested:
      return "unattested";
    case AuditVerdict::undelivered:
      return "undelivered";
    case AuditVerdict::disagreement:
      return "disagreement";
  }
  std::abort();
}

Judgement judge(const std::vector<const Segment*>& segments, const std::vector<Attested>& values, bool received) {
  Judgement out = Judge{segments, values}.run(received);
  for (auto* list : {&out.missing, &out.changed, &out.redacted}) {
    std::ranges::sort(*list);
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  return out;
}

}  // namespace louver::session

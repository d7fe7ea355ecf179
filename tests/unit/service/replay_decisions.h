// Recorded decisions in memory, for tests of replay.

#ifndef PLUMBLINE_TESTS_UNIT_SERVICE_REPLAY_DECISIONS_H_
#define PLUMBLINE_TESTS_UNIT_SERVICE_REPLAY_DECISIONS_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/service/replay.h"

namespace plumbline::service {

// Records 0, 1, ...; one a second from 2026-01-01 on. A record without a decision is of another
// kind.
class FakeDecisions : public RecordedDecisions {
 public:
  static absl::Time TimeOf(uint64_t index) {
    return absl::FromCivil(absl::CivilSecond(2026, 1, 1), absl::UTCTimeZone()) +
           absl::Seconds(static_cast<int64_t>(index));
  }
  static std::string IdOf(uint64_t index) {
    return absl::StrFormat("019b7000-0000-7000-8000-%012d", index);
  }

  void AddOther() { records_.emplace_back(); }
  RecordedDecision& Add(std::string request, std::string decision, std::string revision) {
    RecordedDecision record;
    record.index = records_.size();
    record.id = IdOf(record.index);
    record.revision = std::move(revision);
    record.request_bytes = std::move(request);
    record.decision_bytes = std::move(decision);
    records_.push_back(std::move(record));
    return *records_.back();
  }
  RecordedDecision& at(uint64_t index) { return *records_[index]; }
  // Ends every scan that comes to the record with an error of the whole.
  void BreakAt(uint64_t index) { broken_ = index; }

  std::string origin() const override { return "test.example/log"; }
  uint64_t size() const override { return records_.size(); }
  absl::StatusOr<uint64_t> FirstAt(absl::Time time) const override {
    uint64_t index = 0;
    while (index < size() && TimeOf(index) < time) ++index;
    return index;
  }
  absl::Status Scan(uint64_t first, uint64_t until, uint64_t step, Visit visit) const override {
    for (uint64_t i = first; i < until; i += step) {
      if (broken_ == i) return absl::FailedPreconditionError("wrong key");
      if (records_[i]) visit(*records_[i]);
    }
    return absl::OkStatus();
  }

 private:
  std::vector<std::optional<RecordedDecision>> records_;
  std::optional<uint64_t> broken_;
};

class FakeRulesets : public ReplayRulesets {
 public:
  void Add(std::shared_ptr<const ServedRuleset> ruleset) {
    const std::string revision = ruleset->revision;
    rulesets_[revision] = std::move(ruleset);
  }
  absl::StatusOr<std::shared_ptr<const ServedRuleset>> Load(absl::string_view revision) override {
    const auto found = rulesets_.find(std::string(revision));
    if (found == rulesets_.end()) return absl::NotFoundError("not kept");
    return found->second;
  }

 private:
  std::map<std::string, std::shared_ptr<const ServedRuleset>> rulesets_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_TESTS_UNIT_SERVICE_REPLAY_DECISIONS_H_

#include "server/base/failpoint.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"

namespace plumbline {
namespace {

enum class Action { kExit, kAbort, kSleep, kError };

struct Arming {
  // 0: each hit.
  uint64_t hit = 1;
  Action action = Action::kExit;
  int sleep_ms = 0;
  uint64_t hits_so_far = 0;
};

constexpr int kLongestSleepMs = 60'000;

std::optional<Arming> ParseAction(absl::string_view text) {
  Arming arming;
  if (text == "exit") {
    arming.action = Action::kExit;
  } else if (text == "abort") {
    arming.action = Action::kAbort;
  } else if (text == "error") {
    arming.action = Action::kError;
  } else if (absl::ConsumePrefix(&text, "sleep(") && absl::ConsumeSuffix(&text, ")")) {
    arming.action = Action::kSleep;
    if (!absl::SimpleAtoi(text, &arming.sleep_ms) || arming.sleep_ms < 0 ||
        arming.sleep_ms > kLongestSleepMs) {
      return std::nullopt;
    }
  } else {
    return std::nullopt;
  }
  return arming;
}

// The name of `part`, and what it arms.
absl::StatusOr<std::pair<std::string, Arming>> ParsePart(absl::string_view part) {
  const std::pair<absl::string_view, absl::string_view> sides =
      absl::StrSplit(part, absl::MaxSplits('=', 1));
  const std::pair<absl::string_view, absl::string_view> place =
      absl::StrSplit(sides.first, absl::MaxSplits(':', 1));
  std::optional<Arming> arming = ParseAction(sides.second);
  if (!arming.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "failpoint \"", part, "\": the action must be exit, abort, sleep(ms) or error"));
  }
  if (absl::StrContains(sides.first, ':')) {
    if (place.second == "*") {
      arming->hit = 0;
    } else if (!absl::SimpleAtoi(place.second, &arming->hit) || arming->hit == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("failpoint \"", part, "\": after the colon stands 1, 2, ... or *"));
    }
  }
  return std::make_pair(std::string(place.first), *arming);
}

}  // namespace

// All places of the program. Never destroyed: threads may pass places while the process ends.
class FailpointRegistry {
 public:
  static FailpointRegistry& Get() {
    static FailpointRegistry* const registry = new FailpointRegistry;
    return *registry;
  }

  void Register(Failpoint* place) {
    absl::MutexLock lock(&mutex_);
    places_[place->name()].push_back(place);
  }

  absl::Status Arm(const std::map<std::string, Arming>& armings) {
    absl::MutexLock lock(&mutex_);
    for (const auto& [name, arming] : armings) {
      if (places_.count(name) == 0) {
        return absl::InvalidArgumentError(absl::StrCat("failpoint \"", name,
                                                       "\" does not exist; there are ",
                                                       absl::StrJoin(SortedNames(), ", ")));
      }
    }
    armed_ = armings;
    for (const auto& [name, places] : places_) {
      for (Failpoint* place : places) {
        place->armed_.store(armed_.count(name) > 0, std::memory_order_relaxed);
      }
    }
    return absl::OkStatus();
  }

  // What to do at this hit of `name`; nothing: go on.
  std::optional<Arming> Count(const char* name) {
    absl::MutexLock lock(&mutex_);
    const auto found = armed_.find(name);
    if (found == armed_.end()) return std::nullopt;
    Arming& arming = found->second;
    ++arming.hits_so_far;
    if (arming.hit != 0 && arming.hits_so_far != arming.hit) return std::nullopt;
    return arming;
  }

  std::vector<std::string> Names() {
    absl::MutexLock lock(&mutex_);
    return SortedNames();
  }

 private:
  std::vector<std::string> SortedNames() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<std::string> names;
    for (const auto& [name, places] : places_) names.push_back(name);
    return names;
  }

  absl::Mutex mutex_;
  std::map<std::string, std::vector<Failpoint*>> places_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Arming> armed_ ABSL_GUARDED_BY(mutex_);
};

Failpoint::Failpoint(const char* name) : name_(name) { FailpointRegistry::Get().Register(this); }

bool Failpoint::HitArmed() {
  const std::optional<Arming> arming = FailpointRegistry::Get().Count(name_);
  if (!arming.has_value()) return false;
  switch (arming->action) {
    case Action::kExit:
      _exit(kFailpointExitCode);
    case Action::kAbort:
      std::abort();
    case Action::kSleep:
      std::this_thread::sleep_for(std::chrono::milliseconds(arming->sleep_ms));
      return false;
    case Action::kError:
      return true;
  }
  return false;
}

absl::Status ArmFailpoints(absl::string_view spec) {
  std::map<std::string, Arming> armings;
  for (const absl::string_view part : absl::StrSplit(spec, ';', absl::SkipWhitespace())) {
    absl::StatusOr<std::pair<std::string, Arming>> parsed = ParsePart(part);
    if (!parsed.ok()) return parsed.status();
    armings.insert_or_assign(parsed->first, parsed->second);
  }
  return FailpointRegistry::Get().Arm(armings);
}

absl::Status ArmFailpointsFromEnvironment() {
  const char* const spec = std::getenv("PLUMBLINE_FAILPOINT");
  return spec == nullptr ? absl::OkStatus() : ArmFailpoints(spec);
}

void DisarmFailpoints() { FailpointRegistry::Get().Arm({}).IgnoreError(); }

std::vector<std::string> FailpointNames() { return FailpointRegistry::Get().Names(); }

}  // namespace plumbline

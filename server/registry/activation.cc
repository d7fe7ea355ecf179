#include "server/registry/activation.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "plumbline/v1/date.pb.h"
#include "plumbline/v1/intake.pb.h"
#include "server/base/failpoint.h"
#include "server/base/issue.h"
#include "server/base/sha256.h"
#include "server/registry/note_text.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"

namespace plumbline::registry {
namespace {

// Between them the next start must find the truth, whatever the record says.
Failpoint activation_stored("activation-stored");
Failpoint activation_recorded("activation-recorded");

// How many of many mistakes a message holds.
constexpr size_t kShownMistakes = 3;

// `all`: how many there are, of which `lines` may be the first ones only.
std::string Summarize(const std::vector<std::string>& lines, size_t all) {
  std::vector<std::string> shown(
      lines.begin(),
      lines.begin() + static_cast<std::ptrdiff_t>(std::min(lines.size(), kShownMistakes)));
  if (all > shown.size()) {
    shown.push_back(absl::StrCat("and ", all - shown.size(), " more"));
  }
  return absl::StrJoin(shown, "; ");
}

absl::Status Mistakes(const std::vector<std::string>& lines) {
  return absl::InvalidArgumentError(Summarize(lines, lines.size()));
}

absl::CivilDay DayOf(const v1::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

// Why rules with these dates may decide nowhere on Earth at the time `now`; empty if they may.
std::string DateMistake(const v1::Manifest& manifest, absl::Time now) {
  // It is today from UTC+14 to UTC-12.
  const auto first = absl::ToCivilDay(now - absl::Hours(12), absl::UTCTimeZone());
  const auto last = absl::ToCivilDay(now + absl::Hours(14), absl::UTCTimeZone());
  if (manifest.has_effective_from() && last < DayOf(manifest.effective_from())) {
    return absl::StrCat("it is valid from ",
                        absl::FormatCivilTime(DayOf(manifest.effective_from())), " on");
  }
  if (manifest.has_effective_until() && first > DayOf(manifest.effective_until())) {
    return absl::StrCat("it was valid until ",
                        absl::FormatCivilTime(DayOf(manifest.effective_until())));
  }
  return "";
}

std::vector<std::string> ErrorLines(const std::vector<Issue>& issues) {
  std::vector<std::string> lines;
  for (const Issue& issue : issues) {
    if (issue.severity == Severity::kError) lines.push_back(FormatIssue(issue));
  }
  return lines;
}

// `more` behind `notes`, without those that are there.
void AddNotes(std::vector<ApprovalNote> more, std::vector<ApprovalNote>& notes) {
  for (ApprovalNote& note : more) {
    const bool known = std::any_of(notes.begin(), notes.end(), [&note](const ApprovalNote& one) {
      return one.note == note.note;
    });
    if (!known) notes.push_back(std::move(note));
  }
}

// One revision on its way.
struct Candidate {
  std::string revision;
  // Null if it is to be loaded.
  std::shared_ptr<const LoadedRevision> loaded;
  Release release;
  std::vector<ApprovalNote> approvals;
  std::unique_ptr<const ruleset::RulesetDocument> document;
  // What comes of it.
  LoadedRevision result;

  const v1::Manifest& manifest() const {
    return loaded != nullptr ? loaded->ruleset->source.manifest() : document->ruleset().manifest();
  }
};

}  // namespace

// One attempt, step by step. Each step returns what is wrong.
class Activation::Run {
 public:
  Run(const Parts& parts, const HighestSerial& highest, const ActivationAttempt& attempt)
      : parts_(parts), highest_(highest), attempt_(attempt) {}

  void Go() {
    struct Step {
      ActivationStep step;
      absl::Status (Run::*run)();
    };
    const Step steps[] = {{ActivationStep::kRead, &Run::ReadManifest},
                          {ActivationStep::kSignature, &Run::VerifyManifest},
                          {ActivationStep::kParse, &Run::ParseManifestText},
                          {ActivationStep::kSerial, &Run::CheckSerial},
                          {ActivationStep::kExpectCurrent, &Run::CheckExpected},
                          {ActivationStep::kRead, &Run::ReadBundles},
                          {ActivationStep::kParse, &Run::ParseBundles},
                          {ActivationStep::kApprovals, &Run::JudgeApprovals},
                          {ActivationStep::kCheck, &Run::CheckDates},
                          {ActivationStep::kCheck, &Run::CheckRules},
                          {ActivationStep::kTests, &Run::PrepareRules},
                          {ActivationStep::kStore, &Run::Store},
                          {ActivationStep::kRecord, &Run::Record},
                          {ActivationStep::kSwap, &Run::Swap}};
    for (const Step& step : steps) {
      if (result_.unchanged) break;
      result_.step = step.step;
      absl::Status status = (this->*step.run)();
      if (!status.ok()) {
        result_.snapshot = nullptr;
        result_.may_pass = result_.may_pass || MayPass(result_.step, status);
        result_.status =
            absl::Status(absl::IsAborted(status) ? absl::StatusCode::kAborted
                                                 : absl::StatusCode::kFailedPrecondition,
                         absl::StrCat(StepName(result_.step), ": ", status.message()));
        return;
      }
    }
    result_.step = ActivationStep::kSwap;
  }

  HighestSerial serial() const { return {manifest_.serial, digest_}; }

  // A refusal that whoever attempts it again and again has heard of.
  bool IsNoNews() const {
    if (result_.status.ok()) return false;
    return (older_ && attempt_.older_is_no_news) ||
           (!attempt_.known_refusal.empty() && attempt_.known_refusal == result_.status.message());
  }

  // What there is to tell about it.
  ActivationEvent Event() const {
    ActivationEvent event;
    event.time = parts_.Now();
    event.origin = attempt_.origin;
    event.serial = manifest_.serial;
    event.stable = manifest_.stable;
    event.validate_only = attempt_.validate_only;
    event.result = result_;
    return event;
  }

 private:
  // What depends on disks, folders on a network and the log. Everything else follows from bytes
  // that do not change.
  static bool MayPass(ActivationStep step, const absl::Status& status) {
    return step == ActivationStep::kRead || step == ActivationStep::kStore ||
           step == ActivationStep::kRecord || absl::IsUnavailable(status) ||
           absl::IsResourceExhausted(status);
  }

  absl::Status ReadManifest() {
    active_ = parts_.registry->snapshot();
    if (attempt_.manifest.empty()) return absl::InvalidArgumentError("the manifest is empty");
    if (attempt_.manifest.size() > kMaxManifestBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the manifest is larger than ", kMaxManifestBytes, " bytes"));
    }
    digest_ = ToHex(Sha256Of(attempt_.manifest));
    return absl::OkStatus();
  }

  absl::Status VerifyManifest() {
    absl::StatusOr<std::string> text = parts_.policy.OpenManifest(attempt_.manifest);
    if (!text.ok()) return text.status();
    text_ = *std::move(text);
    return absl::OkStatus();
  }

  absl::Status ParseManifestText() {
    absl::StatusOr<Manifest> manifest = ParseManifest(text_, "manifest");
    if (!manifest.ok()) return manifest.status();
    manifest_ = *std::move(manifest);
    if (manifest_.deployment != parts_.policy.deployment()) {
      return absl::FailedPreconditionError(absl::StrCat("the manifest is for the deployment ",
                                                        manifest_.deployment, ", this is ",
                                                        parts_.policy.deployment()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckSerial() {
    if (manifest_.serial < highest_.serial) {
      older_ = true;
      return absl::FailedPreconditionError(
          absl::StrCat("serial ", manifest_.serial, " is lower than ", highest_.serial,
                       ", which was active here; to go back, sign a new manifest with a higher "
                       "serial that names the earlier revision"));
    }
    if (manifest_.serial == highest_.serial && digest_ != highest_.manifest_digest) {
      return absl::FailedPreconditionError(
          absl::StrCat("serial ", manifest_.serial, " was active here with another manifest"));
    }
    if (active_ != nullptr && active_->manifest_note == attempt_.manifest) {
      // Whoever sends it again may want just this: that a restart takes up no other one.
      if (absl::Status restored = SetBack(); !restored.ok()) {
        result_.step = ActivationStep::kStore;
        return absl::Status(restored.code(), absl::StrCat("this manifest is active, but ",
                                                          std::string(restored.message())));
      }
      result_.unchanged = true;
      result_.snapshot = active_;
    }
    return absl::OkStatus();
  }

  absl::Status CheckExpected() {
    const std::string current = active_ == nullptr ? "none" : active_->manifest.stable;
    if (attempt_.expect_current.empty() || attempt_.expect_current == current) {
      return absl::OkStatus();
    }
    return absl::AbortedError(absl::StrCat("the stable revision is ", current, ", expected was ",
                                           attempt_.expect_current));
  }

  absl::Status ReadBundles() {
    if (attempt_.releases != nullptr) {
      if (absl::Status opened = attempt_.releases->Open(); !opened.ok()) return opened;
    }
    for (const std::string& revision : RevisionsOf(manifest_)) {
      Candidate candidate;
      candidate.revision = revision;
      if (active_ != nullptr) candidate.loaded = active_->Find(revision);
      if (candidate.loaded == nullptr) {
        absl::StatusOr<Release> release = FindRelease(revision);
        if (!release.ok()) return release.status();
        candidate.release = *std::move(release);
      }
      if (absl::Status collected = CollectApprovals(candidate); !collected.ok()) return collected;
      candidates_.push_back(std::move(candidate));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Release> FindRelease(const std::string& revision) const {
    absl::StatusOr<Release> release = absl::NotFoundError(
        absl::StrCat("no ruleset file of revision ", revision, " is here or came along"));
    if (attempt_.releases != nullptr) release = attempt_.releases->Find(revision);
    if (release.ok() || parts_.state == nullptr) return release;
    absl::StatusOr<Release> kept = parts_.state->releases().Find(revision);
    // What was offered explains more than what was never here.
    return kept.ok() || attempt_.releases == nullptr ? std::move(kept) : std::move(release);
  }

  absl::Status CollectApprovals(Candidate& candidate) const {
    AddNotes(std::move(candidate.release.approvals), candidate.approvals);
    if (candidate.loaded != nullptr) {
      absl::StatusOr<std::vector<ApprovalNote>> notes =
          ParseApprovals(candidate.loaded->approvals_note, "approvals of the loaded revision");
      if (!notes.ok()) return notes.status();
      AddNotes(*std::move(notes), candidate.approvals);
    }
    if (attempt_.releases != nullptr) {
      AddNotes(attempt_.releases->ApprovalsOf(candidate.revision), candidate.approvals);
    }
    // Whoever rolls back in a hurry may send the ruleset file alone.
    if (candidate.loaded == nullptr && parts_.state != nullptr) {
      AddNotes(parts_.state->ApprovalsOf(candidate.revision), candidate.approvals);
    }
    return absl::OkStatus();
  }

  absl::Status ParseBundles() {
    for (Candidate& candidate : candidates_) {
      if (candidate.loaded != nullptr) continue;
      std::vector<Issue> issues;
      candidate.document =
          std::make_unique<const ruleset::RulesetDocument>(ruleset::RulesetDocument::Parse(
              std::move(candidate.release.bundle.files), issues, candidate.release.name));
      if (HasErrors(issues)) return Mistakes(ErrorLines(issues));
    }
    return absl::OkStatus();
  }

  absl::Status JudgeApprovals() {
    for (Candidate& candidate : candidates_) {
      const v1::Manifest& manifest = candidate.manifest();
      Judgement judgement = parts_.policy.Judge(
          {candidate.revision, manifest.ruleset_id(), manifest.version()}, candidate.approvals);
      if (!judgement.verdict.ok()) return judgement.verdict;
      candidate.result.approvals_note = TrustedNotes(candidate, judgement);
      candidate.result.approvals = std::move(judgement.approvals);
    }
    return absl::OkStatus();
  }

  // Only these are kept: whoever can write a folder could add any number of others.
  static std::string TrustedNotes(const Candidate& candidate, const Judgement& judgement) {
    std::string text;
    auto judged = judgement.approvals.begin();
    for (const ApprovalNote& note : candidate.approvals) {
      if (note.approval.revision != candidate.revision) continue;
      if (judged->trusted) text += note.note;
      ++judged;
    }
    return text;
  }

  // A revision that may decide nowhere today would take the place of one that may, and answer
  // nobody: that is what was meant, or it is a mistake, and a mistake must not get through. All
  // others are taken and told of: every request is held against the dates of its revision anyway,
  // and what must not wait, most of all an activation that withdraws rules, must not fail for the
  // sake of a pin that ran out.
  absl::Status CheckDates() {
    const absl::Time now = parts_.Now();
    for (const Candidate& candidate : candidates_) {
      const v1::Manifest& manifest = candidate.manifest();
      const std::string mistake = DateMistake(manifest, now);
      if (mistake.empty()) continue;
      const std::string line =
          absl::StrCat(manifest.ruleset_id(), " ", manifest.version(), ", revision ",
                       candidate.revision.substr(0, 12), ": ", mistake);
      if (!GainsRequests(candidate.revision)) {
        result_.not_effective.push_back(absl::StrCat(line, ", and answers nobody today"));
        continue;
      }
      result_.may_pass = true;
      return absl::FailedPreconditionError(
          absl::StrCat(line, ", and would answer nobody today", ClockDoubt(now)));
    }
    return absl::OkStatus();
  }

  // Requests that other revisions answer now go to this one from now on. Not so for what was active
  // when the process ended: one revision that ran out overnight must not keep the others from
  // answering after a restart, nor a clock that is not set yet.
  bool GainsRequests(const std::string& revision) const {
    if (manifest_.serial == highest_.serial) return false;
    const Manifest before = active_ == nullptr ? Manifest() : active_->manifest;
    return (revision == manifest_.stable && revision != before.stable) ||
           (revision == manifest_.canary &&
            (revision != before.canary ||
             manifest_.canary_basis_points > before.canary_basis_points));
  }

  // The signer's clock may be a little fast.
  std::string ClockDoubt(absl::Time now) const {
    if (now + absl::Hours(1) >= manifest_.time) return "";
    return absl::StrCat("; the clock of this machine says ",
                        absl::FormatTime(absl::RFC3339_sec, now, absl::UTCTimeZone()),
                        ", but the manifest was signed at ",
                        absl::FormatTime(absl::RFC3339_sec, manifest_.time, absl::UTCTimeZone()),
                        ": if the clock is slow, set it, and activate the same manifest again");
  }

  absl::Status CheckRules() {
    std::set<std::string> ruleset_ids;
    for (Candidate& candidate : candidates_) {
      ruleset_ids.insert(candidate.manifest().ruleset_id());
      if (candidate.loaded != nullptr) continue;
      ruleset::CompileResult compiled =
          ruleset::Compile(*candidate.document, *v1::Intake::descriptor());
      if (compiled.ruleset == nullptr) {
        return Mistakes(ErrorLines(compiled.issues));
      }
      candidate.result.ruleset = std::move(compiled.ruleset);
    }
    if (ruleset_ids.size() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("the manifest mixes rulesets: ", absl::StrJoin(ruleset_ids, ", ")));
    }
    return absl::OkStatus();
  }

  // Tests and warm-up are one pass over the tests.
  absl::Status PrepareRules() {
    for (Candidate& candidate : candidates_) {
      if (candidate.loaded != nullptr) continue;
      absl::StatusOr<RulesetPreparation::Prepared> prepared =
          parts_.preparation->Prepare(candidate.result.ruleset);
      result_.step = prepared.ok() ? ActivationStep::kTests : ActivationStep::kWarmUp;
      if (!prepared.ok()) return prepared.status();
      if (!prepared->failed_tests.empty()) {
        return absl::FailedPreconditionError(TestFailure(candidate.release.name, *prepared));
      }
      candidate.result.servable = std::move(prepared->servable);
    }
    MakeSnapshot();
    return absl::OkStatus();
  }

  static std::string TestFailure(const std::string& name,
                                 const RulesetPreparation::Prepared& prepared) {
    const uint32_t failed = prepared.tests_failed;
    if (failed == 0) return absl::StrCat(name, ": ", prepared.failed_tests[0]);
    return absl::StrCat(name, ": ", failed, " of ", failed + prepared.tests_passed,
                        " rule tests fail: ", Summarize(prepared.failed_tests, failed));
  }

  void MakeSnapshot() {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->manifest = manifest_;
    snapshot->manifest_note = attempt_.manifest;
    snapshot->activated_at = parts_.Now();
    for (Candidate& candidate : candidates_) {
      LoadedRevision& result = candidate.result;
      result.revision = candidate.revision;
      if (candidate.loaded != nullptr) {
        result.ruleset = candidate.loaded->ruleset;
        result.servable = candidate.loaded->servable;
        result.bundle = candidate.loaded->bundle;
      } else {
        result.bundle = candidate.release.bytes;
      }
      // Sorted, because RevisionsOf is.
      snapshot->revisions.push_back(std::make_shared<const LoadedRevision>(std::move(result)));
    }
    snapshot->stable = snapshot->Find(manifest_.stable);
    snapshot->canary = snapshot->Find(manifest_.canary);
    snapshot->shadow = snapshot->Find(manifest_.shadow);
    result_.snapshot = std::move(snapshot);
  }

  absl::Status Store() {
    if (attempt_.validate_only || parts_.state == nullptr) return absl::OkStatus();
    std::vector<StateFolder::KeptRelease> kept;
    for (const auto& loaded : result_.snapshot->revisions) {
      kept.push_back({loaded->revision, loaded->bundle, loaded->approvals_note});
    }
    return Refused(parts_.state->Save(manifest_.serial, attempt_.manifest, kept));
  }

  // What a restart takes up is again what was active last. Does nothing if it is.
  absl::Status SetBack() const {
    if (attempt_.validate_only || parts_.state == nullptr || parts_.state->highest() == highest_) {
      return absl::OkStatus();
    }
    const uint64_t kept = parts_.state->highest().serial;
    absl::Status restored = parts_.state->SetBack(highest_);
    if (restored.ok()) return restored;
    return absl::Status(restored.code(), absl::StrCat("a restart may activate manifest ", kept,
                                                      ", because the state folder cannot "
                                                      "be set back: ",
                                                      std::string(restored.message())));
  }

  // `why` the manifest does not go live, and whether a restart may activate it nevertheless.
  absl::Status Refused(const absl::Status& why) const {
    if (why.ok()) return why;
    const absl::Status restored = SetBack();
    if (restored.ok()) return why;
    return absl::Status(why.code(), absl::StrCat(std::string(why.message()), "; and ",
                                                 std::string(restored.message())));
  }

  absl::Status Record() {
    if (attempt_.validate_only) return absl::OkStatus();
    absl::Status recorded = activation_stored.Hit()
                                ? absl::UnavailableError("failpoint activation-stored")
                                : absl::OkStatus();
    if (recorded.ok() && parts_.observer != nullptr) {
      recorded = parts_.observer->BeforeSwap(Event());
    }
    if (recorded.ok()) {
      activation_recorded.Hit();
      return recorded;
    }
    return Refused(recorded);
  }

  absl::Status Swap() {
    if (!attempt_.validate_only) parts_.registry->Swap(result_.snapshot);
    return absl::OkStatus();
  }

  const Parts& parts_;
  const HighestSerial& highest_;
  const ActivationAttempt& attempt_;
  std::shared_ptr<const Snapshot> active_;
  std::string digest_;
  std::string text_;
  Manifest manifest_;
  std::vector<Candidate> candidates_;
  bool older_ = false;
  ActivationResult result_;
};

Activation::Activation(Parts parts) : parts_(std::move(parts)) {
  const absl::MutexLock lock(&attempt_mutex_);
  if (parts_.state != nullptr) highest_ = parts_.state->highest();
}

ActivationResult Activation::Activate(const ActivationAttempt& attempt) {
  const absl::MutexLock lock(&attempt_mutex_);
  Run run(parts_, highest_, attempt);
  run.Go();
  const ActivationEvent event = run.Event();
  const bool live = event.result.status.ok() && !attempt.validate_only;
  if (live) highest_ = run.serial();
  const bool silent =
      event.result.unchanged || (event.result.status.ok() && !live) || run.IsNoNews();
  if (!silent) Finish(event);
  return event.result;
}

ActivationResult Activation::Resume() {
  ActivationAttempt attempt;
  attempt.origin = ActivationOrigin::kStart;
  if (parts_.state == nullptr) {
    ActivationResult result;
    result.step = ActivationStep::kRead;
    result.status = absl::NotFoundError("there is no state folder to resume from");
    return result;
  }
  absl::StatusOr<std::string> manifest = parts_.state->Manifest();
  if (!manifest.ok()) {
    if (!absl::IsNotFound(manifest.status())) {
      ReportFailure(ActivationOrigin::kStart, ActivationStep::kRead, manifest.status());
    }
    ActivationResult result;
    result.step = ActivationStep::kRead;
    result.status = manifest.status();
    return result;
  }
  attempt.manifest = *std::move(manifest);
  return Activate(attempt);
}

void Activation::ReportFailure(ActivationOrigin origin, ActivationStep step,
                               const absl::Status& reason) {
  ActivationEvent event;
  event.time = parts_.Now();
  event.origin = origin;
  event.result.step = step;
  event.result.status =
      absl::FailedPreconditionError(absl::StrCat(StepName(step), ": ", reason.message()));
  const absl::MutexLock lock(&attempt_mutex_);
  Finish(event);
}

void Activation::Finish(const ActivationEvent& event) {
  const bool failed = !event.result.status.ok();
  if (!event.validate_only) {
    const absl::MutexLock lock(&status_mutex_);
    if (failed) {
      ++status_.failures;
      ++status_.failures_by_step[std::string(StepName(event.result.step))];
      status_.last_failure = {{event.time, event.origin, event.result.step,
                               std::string(event.result.status.message())}};
    } else {
      ++status_.activations;
    }
  }
  if (parts_.observer != nullptr) parts_.observer->OnActivation(event);
}

ActivationStatus Activation::status() const {
  const absl::MutexLock lock(&status_mutex_);
  return status_;
}

}  // namespace plumbline::registry

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/cli/audit_commands.h"
#include "server/cli/audit_target.h"
#include "server/cli/impact_text.h"
#include "server/cli/load_rules.h"
#include "server/cli/replay_on_log.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {
namespace {

bool IsRevision(const std::string& text) {
  return text.size() >= 8 && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
}

// "I/N".
bool ParseShard(const std::string& text, uint32_t& shard, uint32_t& shards) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  return parts.size() == 2 && absl::SimpleAtoi(parts[0], &shard) &&
         absl::SimpleAtoi(parts[1], &shards) && shards > 0 && shard < shards;
}

class AuditReplayCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("replay", "Evaluate recorded intakes again");
    target_.Declare(*app_);
    app_->add_option("--from", from_, "First time, RFC 3339 or a date (its midnight, UTC)");
    app_->add_option("--to", until_, "Time before which to end");
    app_->add_option("--ruleset", ruleset_,
                     "Candidate: a revision, a ruleset file or folder (default: each decision's "
                     "own revision)");
    app_->add_option("--made-under", only_, "Only decisions made under this revision");
    app_->add_option("--shard", shard_, "I/N: only the records whose index modulo N is I");
    app_->add_option("--jobs", jobs_, "Threads")->check(CLI::Range(1, 256))->capture_default_str();
    app_->add_option("--resume", resume_,
                     "Progress file: written while the replay runs, taken up if it is there");
    app_->add_option("--merge", merge_, "Progress files of all shards: report on the whole");
    app_->add_option("--purpose", purpose_, "Why; goes on record")->capture_default_str();
    app_->add_flag("--bench", bench_, "Measure the engine alone, too, on the same intakes");
    app_->add_option("--format", format_, "text, or json (plumbline.v1.ImpactReport)")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app_->add_option("--rules", rules_shown_, "Rules that the table shows; 0: all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app_->footer(
        "\nOn its own revision every decision must come out byte for byte; with --ruleset the "
        "report says\nwho would get another level, gate or programme.\n"
        "\nExamples:\n"
        "  plumbline audit replay --log log --log-key log.key --from 2026-11-01\n"
        "  plumbline audit replay --log log --log-key log.key --ruleset rules/low_back_pain\n"
        "  plumbline audit replay --log log --log-key log.key --to 2026-11-01 --shard 0/2 --resume "
        "s0\n"
        "  plumbline audit replay --merge s0 s1\n"
        "\nExit codes: 0 done, 1 a decision came out otherwise on its own revision, 2 wrong usage, "
        "3 the\nlog, the rules or a progress file cannot be used, 4 the call failed, 5 internal "
        "error.\n");
  }

  int Run(Environment& environment) override {
    if (!merge_.empty()) return Merge(environment);
    service::ReplayJob job;
    if (!MakeJob(job, environment.err)) return kExitUsage;
    std::shared_ptr<const ruleset::CompiledRuleset> rules;
    if (!ruleset_.empty() && !IsRevision(ruleset_)) {
      if (target_.remote()) {
        environment.err << "plumbline: --ruleset: a server replays on revisions that it keeps: "
                           "give the revision's digits\n";
        return kExitUsage;
      }
      rules = LoadRules(ruleset_, environment.err);
      if (rules == nullptr) return kExitBadInput;
    }
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    absl::StatusOr<v1::ImpactReport> report = client->opened() != nullptr
                                                  ? ReplayHere(*client, job, rules, environment)
                                                  : ReplayThere(*client, job, environment);
    if (!report.ok()) return ReportFailure(report.status(), environment);
    return Print(*report, environment);
  }

 private:
  bool MakeJob(service::ReplayJob& job, std::ostream& err) const {
    const auto time = [&err](const char* flag, const std::string& text,
                             std::optional<absl::Time>& out) {
      if (text.empty()) return true;
      out = ParseTime(text);
      if (!out) {
        err << "plumbline: " << flag << ": \"" << Printable(text)
            << "\" is not a time: write 2026-01-31 or 2026-01-31T08:00:00Z\n";
      }
      return out.has_value();
    };
    if (!time("--from", from_, job.from) || !time("--to", until_, job.until)) return false;
    if (!shard_.empty() && !ParseShard(shard_, job.shard, job.shards)) {
      err << "plumbline: --shard: \"" << Printable(shard_)
          << "\" is not I/N with I from 0 to N - 1\n";
      return false;
    }
    if (!only_.empty() && !IsRevision(only_)) {
      err << "plumbline: --made-under: \"" << Printable(only_) << "\" is not a revision\n";
      return false;
    }
    if (target_.remote() && (!resume_.empty() || !only_.empty() || bench_)) {
      err << "plumbline: --resume, --made-under and --bench need the log itself (--log)\n";
      return false;
    }
    return true;
  }

  absl::StatusOr<v1::ImpactReport> ReplayHere(AuditClient& client, const service::ReplayJob& job,
                                              std::shared_ptr<const ruleset::CompiledRuleset> rules,
                                              Environment& environment) const {
    ReplayOnLogOptions options;
    options.job = job;
    options.job.only_revision = absl::AsciiStrToLower(only_);
    options.candidate = std::move(rules);
    if (options.candidate == nullptr) options.candidate_revision = absl::AsciiStrToLower(ruleset_);
    options.threads = jobs_;
    options.progress_file = resume_;
    options.purpose = purpose_;
    options.bench = bench_;
    return ReplayOnLog(client, options, environment);
  }

  absl::StatusOr<v1::ImpactReport> ReplayThere(AuditClient& client, const service::ReplayJob& job,
                                               Environment& environment) const {
    v1::ReplayDecisionsRequest request;
    if (job.from) *request.mutable_from() = ToTimestamp(*job.from);
    if (job.until) *request.mutable_until() = ToTimestamp(*job.until);
    request.set_revision(absl::AsciiStrToLower(ruleset_));
    request.set_shard(job.shard);
    request.set_shards(job.shards == 1 ? 0 : job.shards);
    request.set_purpose(purpose_);
    std::optional<v1::ImpactReport> report;
    ReplayProgressLine line(environment);
    const absl::Status status =
        client.ReplayDecisions(request, [&](const v1::ReplayDecisionsResponse& response) {
          if (response.has_progress()) {
            line.Show(response.progress().done(), response.progress().total());
          }
          if (response.has_report()) report = response.report();
          return true;
        });
    if (!status.ok()) return status;
    if (!report) return absl::InternalError("the server ended the replay without a report");
    return *std::move(report);
  }

  int ReportFailure(const absl::Status& status, Environment& environment) const {
    const int code = ReportError(status, target_.remote(), environment.err);
    if (absl::IsCancelled(status) && !resume_.empty()) {
      environment.err << "plumbline: the same command goes on where it was\n";
    }
    return code;
  }

  int Merge(Environment& environment) const {
    const absl::StatusOr<v1::ImpactReport> report = service::MergeReplays(merge_);
    if (!report.ok()) return ReportError(report.status(), false, environment.err);
    return Print(*report, environment);
  }

  int Print(const v1::ImpactReport& report, Environment& environment) const {
    if (format_ == "json") {
      environment.out << ToJson(report, true);
    } else {
      ImpactTextOptions options;
      options.width = environment.terminal_width;
      options.color = environment.terminal;
      options.rules = rules_shown_;
      environment.out << RenderImpact(report, options);
    }
    const bool own = report.candidate_revision().empty();
    return own && report.otherwise_changed() > 0 ? kExitCheckFailed : kExitOk;
  }

  AuditTarget target_;
  std::string from_;
  std::string until_;
  std::string ruleset_;
  std::string only_;
  std::string shard_;
  int jobs_ = 2;
  std::string resume_;
  std::vector<std::string> merge_;
  std::string purpose_ = "replay";
  bool bench_ = false;
  std::string format_ = "text";
  int rules_shown_ = 25;
};

}  // namespace

std::unique_ptr<Command> MakeAuditReplayCommand() { return std::make_unique<AuditReplayCommand>(); }

}  // namespace plumbline::cli

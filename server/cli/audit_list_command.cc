#include <algorithm>
#include <string>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/cli/audit_commands.h"
#include "server/cli/audit_target.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {
namespace {

constexpr int kPageSize = 500;

std::string Padded(const std::string& text, int width) {
  std::string padded = Printable(text);
  const int missing = width - DisplayWidth(padded);
  if (missing > 0) padded.append(static_cast<size_t>(missing), ' ');
  return padded;
}

// What there is in a row below the first line.
std::string Details(const v1::RecordSummary& record) {
  if (record.erased()) return "erased";
  if (record.kind() != v1::RECORD_KIND_DECISION) return record.summary();
  return record.fired_rule_ids().empty() ? "no rule fired"
                                         : absl::StrJoin(record.fired_rule_ids(), ", ");
}

// Two lines a record: an id and the rules need as much room as all the rest.
class RecordTable {
 public:
  explicit RecordTable(Environment& environment) : environment_(environment) {}

  void Put(const v1::RecordSummary& record) {
    if (!begun_) {
      Row("RECORD", "TIME (UTC)", "LEVEL", "GATE", "REVISION", "CALLER");
      begun_ = true;
    }
    const bool decision = record.kind() == v1::RECORD_KIND_DECISION && !record.erased();
    std::string caller = record.caller();
    if (record.caller_authenticated()) caller += " (proved)";
    Row(absl::StrCat(record.index()), FormatTimeShort(record.time()),
        decision ? ShortName(record.level()) : ShortName(record.kind()),
        decision ? ShortName(record.gate()) : "", record.revision().substr(0, 8), caller);
    TextPage page(environment_.terminal_width, environment_.terminal);
    page.Item(8, absl::StrCat(record.id(), "  "), Details(record), Style::kDim);
    environment_.out << page.text();
  }

 private:
  void Row(const std::string& record, const std::string& time, const std::string& level,
           const std::string& gate, const std::string& revision, const std::string& caller) {
    std::string row = absl::StrCat(absl::StrFormat("%6s", record), "  ", Padded(time, 19), "  ",
                                   Padded(level, 26), " ", Padded(gate, 17), " ",
                                   Padded(revision, 8), " ", Printable(caller));
    // Callers are ASCII; whoever needs a long one whole asks for JSON.
    const auto width = static_cast<size_t>(environment_.terminal_width);
    if (row.size() > width) row = row.substr(0, width - 3) + "...";
    environment_.out << std::string(absl::StripTrailingAsciiWhitespace(row)) << '\n';
  }

  Environment& environment_;
  bool begun_ = false;
};

class AuditListCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("list", "List records, newest first, without patient data");
    target_.Declare(*app_);
    filter_.DeclareAll(*app_);
    app_->add_option("--limit", limit_, "At most so many records; 0: all")->capture_default_str();
    app_->add_option("--format", format_, "text, json or ndjson (one record a line)")
        ->check(CLI::IsMember({"text", "json", "ndjson"}))
        ->capture_default_str();
    app_->footer(
        "\nExamples:\n"
        "  plumbline audit list --log /var/lib/plumbline/log --from 2026-11-01 --level urgent_2w\n"
        "  plumbline audit list --server 127.0.0.1:50052 --rule RF-CES-1 --limit 0 --format "
        "ndjson\n");
  }

  int Run(Environment& environment) override {
    v1::ListRecordsRequest request;
    if (!filter_.Make(*request.mutable_filter(), environment.err)) return kExitUsage;
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    RecordTable table(environment);
    v1::ListRecordsResponse all;
    uint64_t left = limit_ == 0 ? ~uint64_t{0} : limit_;
    uint64_t shown = 0;
    do {
      request.set_page_size(static_cast<int32_t>(std::min<uint64_t>(left, kPageSize)));
      const absl::StatusOr<v1::ListRecordsResponse> page = client->ListRecords(request);
      if (!page.ok()) return ReportError(page.status(), target_.remote(), environment.err);
      for (const v1::RecordSummary& record : page->records()) {
        if (format_ == "text") table.Put(record);
        if (format_ == "ndjson") environment.out << ToJson(record, false);
        if (format_ == "json") *all.add_records() = record;
      }
      shown += static_cast<uint64_t>(page->records_size());
      left -= std::min<uint64_t>(left, static_cast<uint64_t>(page->records_size()));
      request.set_page_token(page->next_page_token());
    } while (left > 0 && !request.page_token().empty());
    all.set_next_page_token("");
    if (format_ == "json") environment.out << ToJson(all, true);
    if (format_ == "text" && shown == 0) environment.out << "No such records.\n";
    if (format_ == "text" && !request.page_token().empty()) {
      environment.err << "There are more; --limit 0 shows all.\n";
    }
    return kExitOk;
  }

 private:
  AuditTarget target_;
  AuditFilter filter_;
  uint64_t limit_ = 100;
  std::string format_ = "text";
};

class AuditStatsCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("stats", "Count records by kind, level, revision, rule and day");
    target_.Declare(*app_);
    filter_.DeclareAll(*app_);
    app_->add_option("--format", format_, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app_->add_option("--top", top_, "At most so many lines of each table; 0: all")
        ->capture_default_str();
    app_->footer(
        "\nExample:\n  plumbline audit stats --log log --log-key log.key --from "
        "2026-11-01\n");
  }

  int Run(Environment& environment) override {
    v1::GetLogStatisticsRequest request;
    if (!filter_.Make(*request.mutable_filter(), environment.err)) return kExitUsage;
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    const absl::StatusOr<v1::GetLogStatisticsResponse> stats = client->GetLogStatistics(request);
    if (!stats.ok()) return ReportError(stats.status(), target_.remote(), environment.err);
    if (format_ == "json") {
      environment.out << ToJson(*stats, true);
      return kExitOk;
    }
    TextPage page(environment.terminal_width, environment.terminal);
    page.Line(0, stats->origin(), Style::kBold);
    page.Item(0, "Records        ", absl::StrCat(stats->size()));
    page.Item(0, "Checkpointed   ", absl::StrCat(stats->checkpoint_size()));
    page.Item(0, "Indexed        ", absl::StrCat(stats->indexed_size()));
    page.Item(0, "Erased         ", absl::StrCat(stats->erased()));
    page.Item(0, "First          ", FormatTime(stats->first_time()));
    page.Item(0, "Last           ", FormatTime(stats->last_time()));
    page.Item(0, "On disk        ",
              absl::StrFormat("%.1f MB", static_cast<double>(stats->bytes_on_disk()) / 1e6));
    PutCounts(page, "By kind", stats->by_kind(), "RECORD_KIND_");
    PutCounts(page, "By level", stats->by_level(), "LEVEL_");
    PutCounts(page, "By revision", stats->by_revision());
    PutCounts(page, "By rule", stats->by_rule());
    PutCounts(page, "By day", stats->by_day());
    environment.out << page.text();
    return kExitOk;
  }

 private:
  void PutCounts(TextPage& page, const char* heading,
                 const google::protobuf::RepeatedPtrField<v1::NamedCount>& counts,
                 absl::string_view prefix = "") const {
    if (counts.empty()) return;
    page.Heading(heading);
    const int shown = top_ == 0 ? counts.size() : std::min(top_, counts.size());
    for (int i = 0; i < shown; ++i) {
      page.Item(2, absl::StrFormat("%10d  ", counts[i].count()),
                absl::StripPrefix(counts[i].name(), prefix));
    }
    if (shown < counts.size()) {
      page.Line(2, absl::StrCat("and ", counts.size() - shown, " more; --top 0 shows all"),
                Style::kDim);
    }
  }

  AuditTarget target_;
  AuditFilter filter_;
  std::string format_ = "text";
  int top_ = 20;
};

}  // namespace

std::unique_ptr<Command> MakeAuditListCommand() { return std::make_unique<AuditListCommand>(); }

std::unique_ptr<Command> MakeAuditStatsCommand() { return std::make_unique<AuditStatsCommand>(); }

}  // namespace plumbline::cli

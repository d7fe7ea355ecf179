#include "server/cli/impact_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "server/cli/audit_target.h"
#include "server/cli/text_layout.h"
#include "server/diff/impact.h"

namespace plumbline::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr char kRuleRow[] = "%-34s %9s %9s %9s   %9s %9s %9s";

std::string Share(uint64_t part, uint64_t whole) {
  if (whole == 0) return "";
  return absl::StrFormat("%.2f %%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

using Ids = google::protobuf::RepeatedPtrField<std::string>;

class ImpactPage {
 public:
  ImpactPage(const v1::ImpactReport& report, const ImpactTextOptions& options)
      : report_(report), options_(options), page_(options.width, options.color) {}

  std::string Write() {
    const bool own = report_.candidate_revision().empty();
    PutSummary(own);
    if (own) {
      PutDifferences();
    } else {
      PutLevels();
      PutGates();
      PutRules();
    }
    PutOmissions();
    Flush();
    return text_;
  }

 private:
  // A page joins spaces; rows of a table stand as they are.
  void Row(const std::string& row, Style style = Style::kPlain) {
    Flush();
    const char* begin = style == Style::kBold     ? "\x1b[1m"
                        : style == Style::kRed    ? "\x1b[31m"
                        : style == Style::kYellow ? "\x1b[33m"
                        : style == Style::kGreen  ? "\x1b[32m"
                                                  : nullptr;
    const bool styled = options_.color && begin != nullptr;
    absl::StrAppend(&text_, "  ", styled ? begin : "", Printable(row), styled ? "\x1b[0m" : "",
                    "\n");
  }

  void Heading(const char* text) {
    Flush();
    text_ += "\n";
    page_.Heading(text);
  }

  void Flush() {
    text_ += page_.text();
    page_ = TextPage(options_.width, options_.color);
  }

  void Count(const std::string& label, uint64_t count, Style style = Style::kPlain) {
    Row(absl::StrFormat("%-40s %12s  %8s", label, WithThousands(count),
                        Share(count, report_.evaluated())),
        style);
  }

  void PutSummary(bool own) {
    page_.Line(0,
               own ? "Replay of recorded decisions, each on its own revision"
                   : absl::StrCat("Replay of recorded decisions on revision ",
                                  report_.candidate_revision().substr(0, 12), " (",
                                  report_.candidate_version(), ")"),
               Style::kBold);
    std::string speed;
    if (report_.seconds() > 0) {
      speed = absl::StrFormat(" in %.1f s (%s a second)", report_.seconds(),
                              WithThousands(static_cast<uint64_t>(
                                  static_cast<double>(report_.evaluated()) / report_.seconds())));
    }
    page_.Line(0, absl::StrCat(WithThousands(report_.decisions()), " decisions, ",
                               WithThousands(report_.evaluated()), " evaluated", speed));
    page_.Blank();
    Count("the same, byte for byte", report_.identical());
    Count(own ? "the same, by another engine version" : "the same apart from the revision's name",
          report_.same_apart_from_revision());
    if (own) {
      const uint64_t other = report_.otherwise_changed();
      Count("came out otherwise", other, other > 0 ? Style::kRed : Style::kGreen);
      return;
    }
    Count("another level", report_.level_changed(), Mark(report_.level_changed()));
    Count("another gate", report_.gate_changed(), Mark(report_.gate_changed()));
    Count("another programme", report_.programme_changed(), Mark(report_.programme_changed()));
    Count("another time limit", report_.time_limit_changed(), Mark(report_.time_limit_changed()));
    Count("other referrals", report_.referrals_changed());
    Count("other follow-up", report_.follow_up_changed());
    Count("other exercises beside the programme", report_.availability_changed());
    Count("other open questions", report_.open_questions_changed());
    Count("other rules, or rules with other effect", report_.rules_changed());
    Count("only other words", report_.otherwise_changed());
    page_.Line(
        2,
        "only other words: nothing of the above; words that instruct can be among them, also "
        "those of cautions and questions (rules diff shows them)",
        Style::kDim);
  }

  static Style Mark(uint64_t count) { return count > 0 ? Style::kYellow : Style::kPlain; }

  void PutDifferences() {
    if (report_.differences().empty()) return;
    Heading("Came out otherwise");
    for (const v1::ReplayDifference& difference : report_.differences()) {
      page_.Item(2, absl::StrCat(difference.decision_id(), "  "),
                 absl::StrCat("record ", difference.record_index(), ": ", difference.path()));
    }
    const uint64_t all = report_.otherwise_changed();
    const auto shown = static_cast<uint64_t>(report_.differences_size());
    if (all > shown) page_.Line(2, absl::StrCat("and ", WithThousands(all - shown), " more"));
  }

  void PutChange(const std::string& from, const std::string& to, uint64_t count, const Ids& ids,
                 Style style) {
    Row(absl::StrFormat("%-26s -> %-26s %10s  %8s", from, to, WithThousands(count),
                        Share(count, report_.evaluated())),
        style);
    PutExamples(ids);
  }

  // The first few; all ten are in the JSON form.
  void PutExamples(const Ids& ids) {
    constexpr int kShown = 2;
    const std::vector<std::string> shown(ids.begin(),
                                         ids.begin() + std::min<int>(kShown, ids.size()));
    if (!shown.empty()) {
      page_.Item(6, "e.g. ", absl::StrJoin(shown, " "), Style::kDim);
    }
  }

  void PutLevels() {
    if (report_.level_changes().empty()) return;
    Heading("Level");
    for (const v1::LevelChange& change : report_.level_changes()) {
      PutChange(ShortName(change.from()), ShortName(change.to()), change.count(),
                change.example_ids(), change.to() < change.from() ? Style::kRed : Style::kPlain);
    }
  }

  void PutGates() {
    if (report_.gate_changes().empty()) return;
    Heading("Gate");
    for (const v1::GateChange& change : report_.gate_changes()) {
      PutChange(ShortName(change.from()), ShortName(change.to()), change.count(),
                change.example_ids(), change.to() < change.from() ? Style::kRed : Style::kPlain);
    }
  }

  void PutRules() {
    if (report_.rules().empty()) return;
    Heading("By rule");
    Row(absl::StrFormat(kRuleRow, "rule, exercise, condition", "comes", "goes", "altered", "level",
                        "gate", "programme"),
        Style::kBold);
    const int all = report_.rules_size();
    const int shown = options_.rules == 0 ? all : std::min(options_.rules, all);
    for (int i = 0; i < shown; ++i) PutRule(report_.rules(i), i < 3);
    if (shown < all) {
      page_.Line(2, absl::StrCat("and ", all - shown, " more; --rules 0 shows all"), Style::kDim);
    }
    page_.Line(2,
               "altered: stands in both answers, with another effect; level, gate, programme: of "
               "the patients for whom the rule comes, goes or is altered, those who get another "
               "one",
               Style::kDim);
  }

  void PutRule(const v1::RuleImpact& rule, bool with_examples) {
    Row(absl::StrFormat(kRuleRow, rule.rule_id(), WithThousands(rule.appears()),
                        WithThousands(rule.disappears()), WithThousands(rule.altered()),
                        WithThousands(rule.level_changed()), WithThousands(rule.gate_changed()),
                        WithThousands(rule.programme_changed())));
    const std::string altered = diff::AlterationsText(rule.alterations());
    if (!altered.empty()) page_.Item(6, "altered: ", altered, Style::kDim);
    if (with_examples) PutExamples(rule.example_ids());
  }

  void PutOmissions() {
    if (report_.left_out().empty()) return;
    Heading("Left out");
    for (const v1::ReplayOmission& omission : report_.left_out()) {
      page_.Item(2, absl::StrFormat("%10s  ", WithThousands(omission.count())), omission.reason());
      PutExamples(omission.example_ids());
    }
  }

  const v1::ImpactReport& report_;
  const ImpactTextOptions& options_;
  TextPage page_;
  std::string text_;
};

}  // namespace

std::string WithThousands(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string RenderImpact(const v1::ImpactReport& report, const ImpactTextOptions& options) {
  return ImpactPage(report, options).Write();
}

ReplayProgressLine::ReplayProgressLine(Environment& environment)
    : environment_(environment), begun_(absl::Now()), shown_at_(absl::InfinitePast()) {}

ReplayProgressLine::~ReplayProgressLine() {
  if (shown_) environment_.err << "\r\x1b[K" << std::flush;
}

void ReplayProgressLine::Show(uint64_t done, uint64_t total) {
  const absl::Time now = absl::Now();
  if (!shown_) first_ = done;
  if (!environment_.terminal || total == 0 || now - shown_at_ < absl::Milliseconds(100)) return;
  shown_ = true;
  shown_at_ = now;
  const int filled = static_cast<int>(static_cast<uint64_t>(kBarWidth) * done / total);
  const double seconds = absl::ToDoubleSeconds(now - begun_);
  std::string left;
  if (done > first_ && seconds > 0.5) {
    const double speed = static_cast<double>(done - first_) / seconds;
    left = absl::StrFormat("  %s/s, %.0f s left", WithThousands(static_cast<uint64_t>(speed)),
                           static_cast<double>(total - done) / speed);
  }
  environment_.err << "\r\x1b[K[" << std::string(static_cast<size_t>(filled), '#')
                   << std::string(static_cast<size_t>(kBarWidth - filled), '.') << "] "
                   << WithThousands(done) << " of " << WithThousands(total) << left << std::flush;
}

}  // namespace plumbline::cli

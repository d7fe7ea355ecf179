#include "server/ruletest/table_text.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plumbline::ruletest {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::CEscape(text), "\"");
}

std::string EffectText(const v1::RuleEffect& effect) {
  std::vector<std::string> parts;
  if (!effect.fired().empty()) parts.push_back("fired: " + Quoted(effect.fired()));
  if (effect.level() != v1::LEVEL_UNSPECIFIED) {
    parts.push_back("level: " + v1::Level_Name(effect.level()));
  }
  if (effect.gate() != v1::GATE_UNSPECIFIED) {
    parts.push_back("gate: " + v1::Gate_Name(effect.gate()));
  }
  if (effect.has_due_days()) parts.push_back(absl::StrCat("due_days: ", effect.due_days()));
  if (!effect.referral().empty()) parts.push_back("referral: " + Quoted(effect.referral()));
  for (const std::string& id : effect.exercises()) parts.push_back("exercises: " + Quoted(id));
  for (const std::string& id : effect.keeps_out()) parts.push_back("keeps_out: " + Quoted(id));
  for (const std::string& id : effect.locks()) parts.push_back("locks: " + Quoted(id));
  if (effect.has_points()) parts.push_back(absl::StrCat("points: ", effect.points()));
  if (effect.shown()) parts.emplace_back("shown: true");
  if (effect.has_after_days()) parts.push_back(absl::StrCat("after_days: ", effect.after_days()));
  if (effect.likelihood() != v1::LIKELIHOOD_UNSPECIFIED) {
    parts.push_back("likelihood: " + v1::Likelihood_Name(effect.likelihood()));
  }
  return absl::StrJoin(parts, " ");
}

// Within 100 columns where the words allow it.
void AppendWrapped(std::string& out, const std::string& indent, const std::string& text) {
  constexpr size_t kColumns = 100;
  size_t column = indent.size();
  absl::StrAppend(&out, indent);
  bool in_quotes = false;
  size_t begin = 0;
  bool first = true;
  const auto word = [&](size_t end) {
    const size_t length = end - begin;
    if (!first && column + 1 + length > kColumns) {
      absl::StrAppend(&out, "\n", indent, "  ");
      column = indent.size() + 2;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out.append(text, begin, length);
    column += length;
    first = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_quotes = !in_quotes;
    // "name: value" stays together.
    if (text[i] == ' ' && !in_quotes && i > 0 && text[i - 1] != ':') {
      word(i);
      begin = i + 1;
    }
  }
  word(text.size());
  out += '\n';
}

}  // namespace

std::string FormatTables(const v1::Ruleset& tables) {
  std::string out =
      "# proto-file: proto/plumbline/v1/ruleset.proto\n"
      "# proto-message: plumbline.v1.Ruleset\n"
      "#\n"
      "# Where the outcome of each condition changes, what each rule does, and every dose.\n"
      "# Written by `plumbline rules cases --write`; review the changes, do not edit by hand.\n";
  for (const v1::OutcomeTable& table : tables.outcome_tables()) {
    absl::StrAppend(&out, "\noutcome_tables {\n");
    std::string head = "rule_id: " + Quoted(table.rule_id());
    if (!table.part().empty()) head += " part: " + Quoted(table.part());
    AppendWrapped(out, "  ", absl::StrCat(head, " patient: ", Quoted(table.patient())));
    for (const v1::OutcomeRow& row : table.rows()) {
      std::string text = "rows {";
      for (const std::string& answer : row.with()) text += " with: " + Quoted(answer);
      absl::StrAppend(&text, " outcome: ", v1::ConditionOutcome_Name(row.outcome()));
      if (row.has_effect()) absl::StrAppend(&text, " effect { ", EffectText(row.effect()), " }");
      AppendWrapped(out, "  ", text + " }");
    }
    out += "}\n";
  }
  for (const v1::DoseRegister& one : tables.dose_registers()) {
    absl::StrAppend(&out, "\ndose_registers {\n  exercise_id: ", Quoted(one.exercise_id()), "\n");
    for (const std::string& step : one.steps()) {
      absl::StrAppend(&out, "  steps: ", Quoted(step), "\n");
    }
    out += "}\n";
  }
  return out;
}

}  // namespace plumbline::ruletest

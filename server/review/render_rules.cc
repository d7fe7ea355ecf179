// Sections on triage: scales, safety screen, red flags, surgical opinion, terms, patterns, strata,
// stages.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/review/render_builder.h"

namespace plumbline::review {
namespace {

// The group of triage rules that has a section of its own.
constexpr absl::string_view kSurgicalGroup = "surgical opinion";

std::string Signed(int points) {
  return points > 0 ? absl::StrCat("+", points) : absl::StrCat("−", -points);
}

std::string Capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] -= 'a' - 'A';
  return text;
}

Block Id(const std::string& id) { return Paragraph(Line{Code(id)}, "id"); }

}  // namespace

Section ReviewBuilder::Scales() const {
  Section section{"scales", "Scales of level and gate", {}, {}};
  const v1::Dispositions& scales = ruleset_.dispositions();
  section.blocks.push_back(Paragraph(
      "Two scales, kept apart on purpose: how fast a professional must see the person, and what "
      "may "
      "happen with exercise meanwhile. The most urgent level and the strictest gate of all rules "
      "that fire are the answer; no rule lowers either."));
  Block levels = Table({"Level", "Time frame", "To the patient", "To the clinician"}, "levels");
  for (const v1::LevelText& text : scales.levels()) {
    Cell when = {Paragraph(text.time_frame())};
    if (text.has_due_days()) {
      when.push_back(Paragraph(Line{Soft(absl::StrCat("limit: ", text.due_days(), " days"))}));
    }
    levels.rows.push_back({"",
                           {{Paragraph(LevelBadge(text.level()))},
                            std::move(when),
                            {Paragraph(text.patient_text())},
                            {Paragraph(text.clinician_text())}}});
  }
  section.blocks.push_back(std::move(levels));
  Block gates = Table({"Gate", "Programme", "To the patient"}, "gates");
  for (const v1::GateText& text : scales.gates()) {
    const bool full = text.release() == v1::PROGRAMME_RELEASE_FULL;
    gates.rows.push_back({"",
                          {{Paragraph(GateBadge(text.gate()))},
                           {Paragraph(full ? "given" : "none")},
                           {Paragraph(text.patient_text())}}});
  }
  section.blocks.push_back(std::move(gates));
  if (scales.limits().empty()) return section;
  Block limits = Table({"With", "only these exercises", "because"}, "limits");
  for (const v1::ProgrammeLimit& limit : scales.limits()) {
    limits.rows.push_back({"",
                           {{Paragraph(Disposition(limit.level(), limit.gate(), false, 0))},
                            {Paragraph(ExerciseLinks(limit.exercise_ids()))},
                            {Paragraph(limit.because())}}});
  }
  section.blocks.push_back(std::move(limits));
  return section;
}

Section ReviewBuilder::Screen() const {
  Section section{"screen", "Safety screen and unknown answers", {}, {}};
  for (int i = 0; i < ruleset_.safety_screens_size(); ++i) {
    const v1::SafetyScreen& screen = ruleset_.safety_screens(i);
    const std::string path = absl::StrCat("safety_screens[", i, "]");
    Block card;
    card.kind = Block::Kind::kCard;
    card.anchor = RuleAnchor(screen.id());
    card.line = {Plain(screen.title()), Plain(" "), Code(screen.id())};
    card.children.push_back(
        Paragraph(Disposition(screen.level(), screen.gate(), false, 0), "badges"));
    card.children.push_back(Labelled("To the patient:", Template(screen.because())));
    card.children.push_back(Labelled("To the clinician:", Template(screen.clinician_note())));
    Block items = Table({"Group", "Open as long as this cannot be decided"}, "items");
    for (int k = 0; k < screen.items_size(); ++k) {
      items.rows.push_back({"",
                            {{Paragraph(screen.items(k).group())},
                             Condition(absl::StrCat(path, ".items[", k, "].answered"),
                                       screen.items(k).answered())}});
    }
    card.children.push_back(std::move(items));
    Block raised = Table({"Raised further", "When open and", "To the patient", "Sources, tests"},
                         "escalations");
    for (int k = 0; k < screen.escalations_size(); ++k) {
      const v1::ScreenEscalation& escalation = screen.escalations(k);
      const bool named = !escalation.id().empty();
      Cell first;
      if (named) first.push_back(Id(escalation.id()));
      first.push_back(Paragraph(Line{Strong(escalation.group())}));
      first.push_back(Paragraph(Disposition(escalation.level(), escalation.gate(), false, 0)));
      raised.rows.push_back(
          {named ? RuleAnchor(escalation.id()) : "",
           {std::move(first),
            Condition(absl::StrCat(path, ".escalations[", k, "].when"), escalation.when()),
            {Paragraph(Template(escalation.because()))},
            Evidence(named ? escalation.id() : screen.id(), escalation.sources(), false)}});
    }
    if (!raised.rows.empty()) card.children.push_back(std::move(raised));
    for (Block& block : Evidence(screen.id(), screen.sources(), false)) {
      card.children.push_back(std::move(block));
    }
    section.blocks.push_back(std::move(card));
  }
  Block contradictions = Table({"Contradiction", "Criterion", "Message"}, "contradictions");
  for (int i = 0; i < ruleset_.consistency_rules_size(); ++i) {
    const v1::ConsistencyRule& rule = ruleset_.consistency_rules(i);
    const std::string path = absl::StrCat("consistency_rules[", i, "]");
    Cell criterion = Condition(path + ".when", rule.when());
    if (!rule.unless().empty()) {
      criterion.push_back(Labelled("Unless:", ConditionLine(path + ".unless", rule.unless())));
    }
    contradictions.rows.push_back(
        {RuleAnchor(rule.id()),
         {{Id(rule.id())}, std::move(criterion), {Paragraph(Template(rule.message()))}}});
  }
  if (!contradictions.rows.empty()) {
    section.entries.push_back({"contradictions", "Contradictions"});
    section.blocks.push_back(Heading("Answers that contradict each other", "contradictions"));
    section.blocks.push_back(Paragraph("Such answers are refused, and the fields named."));
    section.blocks.push_back(std::move(contradictions));
  }
  return section;
}

Cell ReviewBuilder::Unknown(const v1::TriageOnIndeterminate& unknown,
                            const std::string& path) const {
  const auto labelled = [](Line line) {
    Line all = {Strong("If unknown: ")};
    Append(all, std::move(line));
    return Paragraph(std::move(all), "unknown");
  };
  Line because;
  if (!unknown.because().empty()) because = Template(unknown.because());
  if (unknown.action() == v1::TriageOnIndeterminate::ACTION_ASK) {
    return {labelled({Plain("asked; shown as not excluded.")})};
  }
  if (unknown.action() == v1::TriageOnIndeterminate::ACTION_IGNORE) {
    Line line = {Plain("not raised. ")};
    Append(line, std::move(because));
    return {labelled(std::move(line))};
  }
  Line effect = {Plain("acts at ")};
  Append(effect, LevelBadge(unknown.level()));
  effect.push_back(Plain(" "));
  Append(effect, GateBadge(unknown.gate()));
  if (unknown.has_due_days()) {
    effect.push_back(Plain(absl::StrCat(", ", unknown.due_days(), " days")));
  }
  effect.push_back(Plain(unknown.when().empty() ? ". " : " when:"));
  Cell cell = {labelled(std::move(effect))};
  for (Block& block : Condition(path + ".when", unknown.when())) cell.push_back(std::move(block));
  if (!unknown.when().empty()) cell.push_back(Paragraph("else asked.", "unknown"));
  if (!because.empty()) cell.push_back(Paragraph(std::move(because), "unknown"));
  return cell;
}

Block::Row ReviewBuilder::TriageRow(int index) const {
  const v1::TriageRule& rule = ruleset_.red_flags(index);
  const std::string path = absl::StrCat("red_flags[", index, "]");
  Cell name = {
      Id(rule.id()), Paragraph(Line{Strong(rule.title())}),
      Paragraph(Disposition(rule.level(), rule.gate(), rule.has_due_days(), rule.due_days()),
                "badges")};
  Cell criterion = Condition(path + ".when", rule.when());
  for (Block& block : Unknown(rule.on_indeterminate(), path + ".on_indeterminate")) {
    criterion.push_back(std::move(block));
  }
  Cell words = {Labelled("Patient:", Template(rule.because()))};
  if (!rule.clinician_note().empty()) {
    words.push_back(Labelled("Clinician:", Template(rule.clinician_note())));
  }
  if (!rule.referral().empty()) {
    Line referral = {Link(rule.referral(), AnchorOf("referral", rule.referral()))};
    for (const v1::ReferralTarget& target : ruleset_.referral_targets()) {
      if (target.id() == rule.referral()) referral[0].text = target.title();
    }
    if (!rule.referral_note().empty()) {
      referral.push_back(Plain(absl::StrCat(", ", rule.referral_note())));
    }
    words.push_back(Labelled("Refer to:", std::move(referral)));
  }
  return {RuleAnchor(rule.id()),
          {std::move(name), std::move(criterion), std::move(words),
           Evidence(rule.id(), rule.sources(), rule.project_choice())}};
}

void ReviewBuilder::AppendTriageGroups(bool surgical, Section& section) const {
  std::vector<std::string> groups;
  for (const v1::TriageRule& rule : ruleset_.red_flags()) {
    if ((rule.group() == kSurgicalGroup) != surgical) continue;
    if (std::find(groups.begin(), groups.end(), rule.group()) == groups.end()) {
      groups.push_back(rule.group());
    }
  }
  // The most urgent first, whatever the order of the files.
  const auto urgency = [this](const std::string& group) {
    int level = 0;
    for (const v1::TriageRule& rule : ruleset_.red_flags()) {
      if (rule.group() == group) level = std::max(level, static_cast<int>(rule.level()));
    }
    return level;
  };
  std::stable_sort(
      groups.begin(), groups.end(),
      [&urgency](const std::string& a, const std::string& b) { return urgency(a) > urgency(b); });
  for (const std::string& group : groups) {
    if (!surgical) {
      const std::string anchor = AnchorOf("group", group);
      section.entries.push_back({anchor, Capitalized(group)});
      section.blocks.push_back(Heading(Capitalized(group), anchor));
    }
    Block table = Table({"Rule", "Criterion", "What it says", "Sources, tests"}, "triage");
    for (int i = 0; i < ruleset_.red_flags_size(); ++i) {
      if (ruleset_.red_flags(i).group() == group) table.rows.push_back(TriageRow(i));
    }
    section.blocks.push_back(std::move(table));
  }
}

Section ReviewBuilder::RedFlags() const {
  Section section{"red-flags", "Red flags", {}, {}};
  section.blocks.push_back(Paragraph(
      "A rule fires when its criterion is met. “If unknown” says what happens while an answer that "
      "could still decide it is missing. The groups with the most urgent rules come first."));
  AppendTriageGroups(/*surgical=*/false, section);
  Block targets = Table({"Refer to", "To the patient", "To the clinician"}, "referrals");
  for (const v1::ReferralTarget& target : ruleset_.referral_targets()) {
    targets.rows.push_back({AnchorOf("referral", target.id()),
                            {{Id(target.id()), Paragraph(Line{Strong(target.title())})},
                             {Paragraph(target.patient_text())},
                             {Paragraph(target.clinician_text())}}});
  }
  if (!targets.rows.empty()) {
    section.entries.push_back({"referrals", "Where to refer"});
    section.blocks.push_back(Heading("Where to refer", "referrals"));
    section.blocks.push_back(std::move(targets));
  }
  return section;
}

Section ReviewBuilder::SurgicalOpinion() const {
  Section section{"surgical-opinion", "Surgical opinion", {}, {}};
  AppendTriageGroups(/*surgical=*/true, section);
  return section;
}

Section ReviewBuilder::Terms() const {
  Section section{"terms", "Terms", {}, {}};
  if (ruleset_.terms().empty()) return section;
  section.blocks.push_back(Paragraph("What the rules above and below mean by these words."));
  Block table = Table({"Term", "Means", "Sources, tests"}, "terms");
  for (int i = 0; i < ruleset_.terms_size(); ++i) {
    const v1::Term& term = ruleset_.terms(i);
    table.rows.push_back({RuleAnchor(term.id()),
                          {{Paragraph(Line{Strong(term.words())}), Id(term.id())},
                           Condition(absl::StrCat("terms[", i, "].expression"), term.expression()),
                           Evidence(term.id(), term.sources(), false)}});
  }
  section.blocks.push_back(std::move(table));
  return section;
}

Block ReviewBuilder::Pattern(int index) const {
  const v1::ClinicalCondition& condition = ruleset_.conditions(index);
  const std::string path = absl::StrCat("conditions[", index, "]");
  Block card;
  card.kind = Block::Kind::kCard;
  card.anchor = RuleAnchor(condition.id());
  card.line = {Plain(condition.title()), Plain(" "), Code(condition.id())};
  if (condition.residual()) {
    card.children.push_back(Paragraph("Remains when no pattern before it is at least possible."));
  }
  card.children.push_back(
      Labelled("To the patient:",
               {Strong(condition.patient_title()), Plain(". "), Plain(condition.patient_text())}));
  if (!condition.prognosis().empty()) {
    card.children.push_back(Labelled("Outlook:", {Plain(condition.prognosis())}));
  }
  Line codes;
  for (const v1::Coding& coding : condition.codings()) {
    Join(codes,
         {Plain(absl::StrCat(coding.system(), " ")), Code(coding.code()),
          Plain(absl::StrCat(" ", coding.display(), " ")), StatusMark(coding.status())},
         "; ");
  }
  if (!codes.empty()) card.children.push_back(Labelled("Codes:", std::move(codes)));

  Block facts;
  facts.kind = Block::Kind::kFacts;
  const auto add = [&](const std::string& name, Cell value) {
    if (!value.empty()) facts.rows.push_back({"", {{Paragraph(name)}, std::move(value)}});
  };
  add("Only if", Condition(path + ".required", condition.required()));
  add("Never if", Condition(path + ".cancelled_when", condition.cancelled_when()));
  const auto threshold = [&](const std::string& name, int points, const std::string& field,
                             const std::string& when) {
    Cell cell = {Paragraph(absl::StrCat("from ", points, " points", when.empty() ? "" : ", and"))};
    for (Block& block : Condition(absl::StrCat(path, ".", field), when)) {
      cell.push_back(std::move(block));
    }
    add(name, std::move(cell));
  };
  if (condition.has_possible_at()) {
    threshold("Possible", condition.possible_at(), "possible_when", condition.possible_when());
  }
  if (condition.has_likely_at()) {
    threshold("Likely", condition.likely_at(), "likely_when", condition.likely_when());
  } else if (!condition.residual()) {
    add("Likely", {Paragraph("never by answers alone")});
  }
  if (!facts.rows.empty()) card.children.push_back(std::move(facts));

  Block findings = Table({"Points", "Finding", "Because", "Sources, tests"}, "findings");
  for (int i = 0; i < condition.findings_size(); ++i) {
    const v1::Finding& finding = condition.findings(i);
    findings.rows.push_back(
        {RuleAnchor(finding.id()),
         {{Paragraph(Line{Strong(Signed(finding.points()))}, "points")},
          Condition(absl::StrCat(path, ".findings[", i, "].when"), finding.when()),
          {Paragraph(Template(finding.because())), Id(finding.id())},
          Evidence(finding.id(), finding.sources(), false)}});
  }
  if (!findings.rows.empty()) card.children.push_back(std::move(findings));
  for (Block& block : Evidence(condition.id(), condition.sources(), condition.project_choice())) {
    card.children.push_back(std::move(block));
  }
  return card;
}

Section ReviewBuilder::Patterns() const {
  Section section{"patterns", "Patterns", {}, {}};
  if (ruleset_.conditions().empty()) return section;
  section.blocks.push_back(Paragraph(
      "Findings add up to points. A pattern is possible or likely from the points given; "
      "unanswered "
      "findings leave it open. A diagnosis that a clinician has confirmed outranks every pattern. "
      "Patterns stand in the order in which they lead."));
  std::vector<int> order(static_cast<size_t>(ruleset_.conditions_size()));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::stable_sort(order.begin(), order.end(), [this](int a, int b) {
    return ruleset_.conditions(a).priority() < ruleset_.conditions(b).priority();
  });
  for (const int i : order) {
    section.entries.push_back(
        {RuleAnchor(ruleset_.conditions(i).id()), ruleset_.conditions(i).title()});
    section.blocks.push_back(Pattern(i));
  }
  return section;
}

Section ReviewBuilder::Strata() const {
  Section section{"stratification", "Stratification", {}, {}};
  for (int i = 0; i < ruleset_.stratifications_size(); ++i) {
    const v1::Stratification& tool = ruleset_.stratifications(i);
    Block card;
    card.kind = Block::Kind::kCard;
    card.anchor = RuleAnchor(tool.id());
    card.line = {Plain(tool.title()), Plain(" "), Code(tool.id())};
    section.entries.push_back({card.anchor, tool.title()});
    Block table = Table({"Group", "Criterion", "To the patient", "To the clinician"}, "strata");
    for (int k = 0; k < tool.strata_size(); ++k) {
      const v1::Stratum& stratum = tool.strata(k);
      const std::string path = absl::StrCat("stratifications[", i, "].strata[", k, "].when");
      table.rows.push_back({RuleAnchor(absl::StrCat(tool.id(), "/", stratum.id())),
                            {{Paragraph(Line{Strong(stratum.title())}), Id(stratum.id())},
                             Condition(path, stratum.when()),
                             {Paragraph(Template(stratum.text()))},
                             {Paragraph(stratum.clinician_text())}}});
    }
    card.children.push_back(std::move(table));
    for (Block& block : Evidence(tool.id(), tool.sources(), tool.project_choice())) {
      card.children.push_back(std::move(block));
    }
    section.blocks.push_back(std::move(card));
  }
  if (!section.blocks.empty()) {
    section.blocks.insert(
        section.blocks.begin(),
        Paragraph("Scores of questionnaires sort people into groups. They inform, and never change "
                  "level or gate. The first group whose criterion is met is the person's."));
  }
  return section;
}

Section ReviewBuilder::Stages() const {
  Section section{"stages", "Stages", {}, {}};
  if (ruleset_.stages().empty()) return section;
  section.blocks.push_back(Paragraph(
      "Tried in this order; the first that holds is the patient's. The number in brackets is its "
      "place on the way to recovery: an exercise names the earliest stage from which it is "
      "given."));
  Block table = Table({"Stage", "Criterion", "To the patient", "Sources, tests"}, "stages");
  for (int i = 0; i < ruleset_.stages_size(); ++i) {
    const v1::Stage& stage = ruleset_.stages(i);
    Cell criterion = Condition(absl::StrCat("stages[", i, "].when"), stage.when(), "everyone else");
    if (!stage.when().empty()) {
      const bool assume = stage.on_indeterminate() == v1::Stage::ON_INDETERMINATE_ASSUME;
      criterion.push_back(
          Paragraph(Line{Strong("If unknown: "),
                         Plain(assume ? "this stage is assumed." : "the next stage is tried.")},
                    "unknown"));
    }
    table.rows.push_back(
        {RuleAnchor(stage.id()),
         {{Id(stage.id()),
           Paragraph(Line{Strong(stage.title()), Plain(absl::StrCat(" (", stage.rank(), ")"))})},
          std::move(criterion),
          {Paragraph(Template(stage.patient_text())),
           Labelled("Because:", Template(stage.because()))},
          Evidence(stage.id(), stage.sources(), false)}});
  }
  section.blocks.push_back(std::move(table));
  return section;
}

}  // namespace plumbline::review

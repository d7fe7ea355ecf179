// Sections on exercise: cards, selection, programme, and the texts that go with a decision.

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/review/render_builder.h"
#include "server/ruleset/selection.h"

namespace plumbline::review {
namespace {

Block Id(const std::string& id) { return Paragraph(Line{Code(id)}, "id"); }

std::string Capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] -= 'a' - 'A';
  return text;
}

template <typename Values>
std::string EnumList(const google::protobuf::EnumDescriptor& type, const Values& values) {
  std::vector<std::string> words;
  for (const int value : values) words.push_back(EnumWords(type, value));
  return absl::StrJoin(words, ", ");
}

std::string LoadWords(int load) {
  const char* words = load <= 1 ? "low" : load == 2 ? "moderate" : "high";
  return absl::StrCat(load, " of 3, ", words);
}

std::string DoseNumbers(const v1::DoseStep& dose) {
  std::string first;
  if (dose.has_reps()) {
    first = absl::StrCat(dose.has_sets() ? absl::StrCat(dose.sets(), " × ") : "", dose.reps(),
                         dose.per_side() ? " a side" : "");
  } else if (dose.has_sets()) {
    first = absl::StrCat(dose.sets(), dose.sets() == 1 ? " set" : " sets",
                         dose.per_side() ? " a side" : "");
  }
  std::vector<std::string> parts;
  if (!first.empty()) parts.push_back(first);
  if (dose.has_hold_seconds()) parts.push_back(absl::StrCat("hold ", dose.hold_seconds(), " s"));
  if (dose.has_duration_minutes()) {
    parts.push_back(absl::StrCat(dose.duration_minutes(), " min"));
  }
  if (dose.has_times_per_day()) parts.push_back(absl::StrCat(dose.times_per_day(), " a day"));
  if (dose.has_days_per_week()) {
    parts.push_back(absl::StrCat(dose.days_per_week(), " days a week"));
  }
  return absl::StrJoin(parts, ", ");
}

std::string Points(int points) {
  return points >= 0 ? absl::StrCat("+", points, " points") : absl::StrCat("−", -points, " points");
}

std::string UnknownWords(v1::Contraindication::OnIndeterminate action) {
  switch (action) {
    case v1::Contraindication::ON_INDETERMINATE_WITHHOLD:
      return "left out until answered";
    case v1::Contraindication::ON_INDETERMINATE_CAUTION:
      return "kept, with this as a caution";
    case v1::Contraindication::ON_INDETERMINATE_ASK:
      return "kept; the question is asked";
    default:
      return "kept; documented low value";
  }
}

Block BulletsOf(const std::string& label,
                const google::protobuf::RepeatedPtrField<std::string>& texts) {
  return Note({Paragraph(Line{Strong(label)}), Bullets(texts)}, "part");
}

}  // namespace

Block ReviewBuilder::Ladder(const v1::Exercise& exercise) const {
  Block table = Table({"Step", "Dose", "In numbers", "Sources"}, "ladder");
  for (int i = 0; i < exercise.doses_size(); ++i) {
    const v1::DoseStep& dose = exercise.doses(i);
    Line step = {Plain(absl::StrCat(i + 1))};
    if (dose.start()) {
      step.push_back(Plain(" "));
      step.push_back(Badge("start", "start"));
    }
    Line sources = SourceLine(dose.sources());
    if (dose.project_choice()) {
      if (!sources.empty()) sources.push_back(Break());
      sources.push_back(Badge("PC rule", "choice", "project choice"));
    }
    table.rows.push_back({RuleAnchor(absl::StrCat(exercise.id(), "/dose-", i + 1)),
                          {{Paragraph(std::move(step))},
                           {Paragraph(dose.text())},
                           {Paragraph(DoseNumbers(dose))},
                           {Paragraph(std::move(sources), "sources")}}});
  }
  return table;
}

void ReviewBuilder::AppendVariants(int index, std::vector<Block>& blocks) const {
  const v1::Exercise& exercise = ruleset_.exercises(index);
  for (int i = 0; i < exercise.variants_size(); ++i) {
    const v1::Variant& variant = exercise.variants(i);
    const std::string path = absl::StrCat("exercises[", index, "].variants[", i, "].when");
    Line title = {Strong(absl::StrCat("Version: ", variant.name()))};
    if (variant.environment() != v1::PREFERRED_ENV_UNSPECIFIED) {
      title.push_back(Plain(absl::StrCat(
          " (", EnumWords(*v1::PreferredEnv_descriptor(), variant.environment()), ")")));
    }
    std::vector<Block> part = {Paragraph(std::move(title))};
    if (!variant.when().empty()) {
      Line when = {Plain("When ")};
      Append(when, ConditionLine(path, variant.when()));
      part.push_back(Paragraph(std::move(when)));
    }
    if (!variant.steps().empty()) part.push_back(Bullets(variant.steps(), /*numbered=*/true));
    blocks.push_back(Note(std::move(part), "part"));
  }
}

void ReviewBuilder::AppendDerived(const v1::Exercise& exercise, std::vector<Block>& blocks) const {
  Block facts;
  facts.kind = Block::Kind::kFacts;
  const auto add = [&](const std::string& name, const auto& rules, const std::string& field,
                       const auto& selects, const auto& more) {
    Block list;
    list.kind = Block::Kind::kBullets;
    for (int i = 0; i < rules.size(); ++i) {
      if (!selects(rules.Get(i))) continue;
      Line line = ConditionLine(absl::StrCat(field, "[", i, "].when"), rules.Get(i).when());
      if (line.empty()) line = {Plain("always")};
      if (const std::string extra = more(rules.Get(i)); !extra.empty()) {
        line.push_back(Plain(absl::StrCat(": ", extra)));
      }
      line.push_back(Plain(" "));
      Append(line, RuleLink(rules.Get(i).id()));
      list.items.push_back({Paragraph(std::move(line))});
    }
    if (!list.items.empty()) {
      facts.rows.push_back({"", {{Paragraph(name)}, {std::move(list)}}});
    }
  };
  const auto selected = [&](const auto& rule) {
    return ruleset::Selects(rule.selector(), exercise);
  };
  add("Given for", ruleset_.indications(), "indications", selected,
      [](const v1::Indication& rule) { return Points(rule.points()); });
  add(
      "Excluded by", ruleset_.contraindications(), "contraindications",
      [&](const v1::Contraindication& rule) {
        for (const std::string& id : rule.except_exercise_ids()) {
          if (id == exercise.id()) return false;
        }
        return ruleset::Selects(rule.selector(), exercise);
      },
      [](const v1::Contraindication& rule) {
        return absl::StrCat("if unknown, ", UnknownWords(rule.on_indeterminate()));
      });
  add("Cautions", ruleset_.cautions(), "cautions", selected,
      [](const v1::Caution& rule) { return rule.text(); });
  add("Locked until", ruleset_.prerequisites(), "prerequisites", selected,
      [](const v1::Prerequisite&) { return std::string(); });
  add("Moved up or down", ruleset_.score_adjustments(), "score_adjustments", selected,
      [](const v1::ScoreAdjustment& rule) { return Points(rule.points()); });
  if (facts.rows.empty()) return;
  blocks.push_back(Note(
      {Paragraph(Line{Strong("What the selection rules do with it")}), std::move(facts)}, "part"));
}

Block ReviewBuilder::Exercise(int index) const {
  const v1::Exercise& exercise = ruleset_.exercises(index);
  Block card;
  card.kind = Block::Kind::kCard;
  card.anchor = RuleAnchor(exercise.id());
  card.style = "exercise";
  card.line = {Plain(exercise.name()), Plain(" "), Code(exercise.id())};
  std::vector<Block>& blocks = card.children;
  if (!exercise.not_prescribed_because().empty()) {
    blocks.push_back(Note({Paragraph(Line{Strong("Never added by the program. "),
                                          Plain(exercise.not_prescribed_because())})},
                          "warning"));
  }
  Line names = {Soft(exercise.clinician_name())};
  blocks.push_back(Paragraph(std::move(names)));
  blocks.push_back(Paragraph(exercise.purpose(), "purpose"));
  if (!exercise.clinician_text().empty()) {
    blocks.push_back(Labelled("To the clinician:", {Plain(exercise.clinician_text())}));
  }

  Block facts;
  facts.kind = Block::Kind::kFacts;
  facts.style = "short";
  const auto add = [&facts](const std::string& name, Line value) {
    if (!value.empty())
      facts.rows.push_back({"", {{Paragraph(name)}, {Paragraph(std::move(value))}}});
  };
  const auto add_text = [&add](const std::string& name, const std::string& value) {
    if (!value.empty()) add(name, {Plain(value)});
  };
  add_text("Position", EnumWords(*v1::StartPosition_descriptor(), exercise.position()));
  add_text("Direction", EnumWords(*v1::Direction_descriptor(), exercise.direction()));
  add_text("Kind", EnumWords(*v1::ExerciseType_descriptor(), exercise.type()));
  add_text("Load", LoadWords(exercise.load()));
  add_text("Equipment", EnumList(*v1::Equipment_descriptor(), exercise.equipment()));
  add_text("Where", EnumList(*v1::PreferredEnv_descriptor(), exercise.environments()));
  if (exercise.has_minutes_per_day()) {
    add_text("Time a day", absl::StrCat(exercise.minutes_per_day(), " min"));
  }
  add_text("Family", exercise.family());
  add_text("Tags", absl::StrJoin(exercise.tags(), ", "));
  if (!exercise.earliest_stage().empty()) {
    Line stage = {Link(absl::StrCat("stage ", exercise.earliest_stage()),
                       RuleAnchor(exercise.earliest_stage()))};
    if (!exercise.earlier_when().empty()) {
      stage.push_back(Plain("; earlier when "));
      Append(stage, ConditionLine(absl::StrCat("exercises[", index, "].earlier_when"),
                                  exercise.earlier_when()));
    }
    add("Earliest", std::move(stage));
  }
  add("Easier first", ExerciseLinks(exercise.regressions()));
  add("Then", ExerciseLinks(exercise.progressions()));
  blocks.push_back(std::move(facts));

  if (!exercise.steps().empty()) {
    blocks.push_back(
        Note({Paragraph(Line{Strong("How to do it")}), Bullets(exercise.steps(), true)}, "part"));
  }
  if (!exercise.cues().empty()) blocks.push_back(BulletsOf("Cues", exercise.cues()));
  if (!exercise.common_mistakes().empty()) {
    blocks.push_back(BulletsOf("Common mistakes", exercise.common_mistakes()));
  }
  if (!exercise.stop_rules().empty()) {
    blocks.push_back(BulletsOf("Stop rules", exercise.stop_rules()));
  }
  AppendVariants(index, blocks);
  if (!exercise.doses().empty()) blocks.push_back(Ladder(exercise));
  AppendDerived(exercise, blocks);
  for (Block& block : Evidence(exercise.id(), exercise.sources(), exercise.project_choice())) {
    blocks.push_back(std::move(block));
  }
  return card;
}

Section ReviewBuilder::Exercises() const {
  Section section{"exercises", "Exercises", {}, {}};
  for (int i = 0; i < ruleset_.exercises_size(); ++i) {
    section.entries.push_back(
        {RuleAnchor(ruleset_.exercises(i).id()), ruleset_.exercises(i).name()});
    section.blocks.push_back(Exercise(i));
  }
  return section;
}

Line ReviewBuilder::Selected(const v1::ExerciseSelector& selector, const Strings& except) const {
  Line line;
  if (selector.all()) line.push_back(Plain("all exercises"));
  if (selector.has_min_load()) {
    Join(line, {Plain(absl::StrCat("load ", selector.min_load(), " or more"))}, "; ");
  }
  if (!selector.tags().empty()) {
    Join(line, {Plain("tagged "), Strong(absl::StrJoin(selector.tags(), " or "))}, "; ");
  }
  // By name, or whom the tags and the load mean.
  Line names;
  for (const v1::Exercise& exercise : ruleset_.exercises()) {
    if (selector.all() || !ruleset::Selects(selector, exercise)) continue;
    bool excepted = false;
    for (const std::string& id : except) excepted = excepted || id == exercise.id();
    if (excepted) continue;
    Span link = Link(exercise.id(), RuleAnchor(exercise.id()), "id");
    link.title = exercise.name();
    Join(names, {std::move(link)}, ", ");
  }
  if (!names.empty()) Join(line, std::move(names), ": ");
  if (!except.empty()) {
    line.push_back(Plain(" but not "));
    Append(line, RuleLinks(except));
  }
  return line;
}

template <typename Rules, typename Describe>
void ReviewBuilder::AppendSelection(const Rules& rules, const std::string& field,
                                    const std::string& title, const std::string& effect_title,
                                    const Describe& describe, Section& section) const {
  if (rules.empty()) return;
  section.entries.push_back({field, title});
  section.blocks.push_back(Heading(title, field));
  Block table = Table({"Factor", "Exercises", effect_title, "Sources, tests"}, "selection");
  for (int i = 0; i < rules.size(); ++i) {
    const auto& rule = rules.Get(i);
    Cell factor = {Id(rule.id())};
    for (Block& block : Condition(absl::StrCat(field, "[", i, "].when"), rule.when(), "always")) {
      factor.push_back(std::move(block));
    }
    Strings except;
    Cell effect = describe(rule, except);
    table.rows.push_back({RuleAnchor(rule.id()),
                          {std::move(factor),
                           {Paragraph(Selected(rule.selector(), except))},
                           std::move(effect),
                           Evidence(rule.id(), rule.sources(), rule.project_choice())}});
  }
  section.blocks.push_back(std::move(table));
}

Section ReviewBuilder::Selection() const {
  Section section{"selection", "Selection of exercises", {}, {}};
  AppendSelection(
      ruleset_.contraindications(), "contraindications", "What excludes an exercise", "Because",
      [this](const v1::Contraindication& rule, Strings& except) {
        except = rule.except_exercise_ids();
        return Cell{
            Paragraph(Template(rule.because())),
            Paragraph(Line{Strong("If unknown: "), Plain(UnknownWords(rule.on_indeterminate()))},
                      "unknown")};
      },
      section);
  AppendSelection(
      ruleset_.cautions(), "cautions", "Cautions", "Said to the patient",
      [this](const v1::Caution& rule, Strings&) {
        Cell cell = {Paragraph(Template(rule.text()))};
        if (rule.show_when_unknown()) {
          cell.push_back(
              Paragraph(Line{Strong("If unknown: "), Plain("said all the same")}, "unknown"));
        }
        return cell;
      },
      section);
  AppendSelection(
      ruleset_.prerequisites(), "prerequisites", "What must come first", "Locked until",
      [this](const v1::Prerequisite& rule, Strings&) {
        return Cell{Paragraph(Template(rule.until()))};
      },
      section);
  const auto scored = [this](const auto& rule, Strings&) {
    return Cell{Paragraph(Line{Strong(Points(rule.points()))}),
                Paragraph(Template(rule.because()))};
  };
  AppendSelection(ruleset_.indications(), "indications", "What speaks for an exercise", "Effect",
                  scored, section);
  AppendSelection(ruleset_.score_adjustments(), "score_adjustments",
                  "What moves an exercise up or down", "Effect", scored, section);
  if (!section.blocks.empty()) {
    section.blocks.insert(
        section.blocks.begin(),
        Paragraph("An exercise needs something that speaks for it. Then anything that excludes it "
                  "wins, a lock keeps it for later, and points rank what is left."));
  }
  return section;
}

Section ReviewBuilder::Programme() const {
  Section section{"programme", "Programme", {}, {}};
  if (!ruleset_.has_programme()) return section;
  const v1::ProgrammeRules& rules = ruleset_.programme();
  Line neutral = ExerciseLinks(rules.neutral_set());
  neutral.push_back(Plain(". "));
  Append(neutral, Template(rules.neutral_because()));
  section.blocks.push_back(Labelled("Neutral set:", std::move(neutral)));
  if (rules.has_max_alternatives()) {
    section.blocks.push_back(Labelled("Alternatives named:",
                                      {Plain(absl::StrCat("at most ", rules.max_alternatives()))}));
  }

  Block sizes = Table({"Size", "When", "At most", "Because", "Sources, tests"}, "programme");
  for (int i = 0; i < rules.sizes_size(); ++i) {
    const v1::SizeLimit& size = rules.sizes(i);
    Cell most;
    if (size.has_max_exercises()) {
      most.push_back(Paragraph(absl::StrCat(size.max_exercises(), " exercises")));
    }
    if (size.has_max_minutes_per_day()) {
      most.push_back(Paragraph(absl::StrCat(size.max_minutes_per_day(), " min a day")));
    }
    sizes.rows.push_back(
        {RuleAnchor(size.id()),
         {{Id(size.id())},
          Condition(absl::StrCat("programme.sizes[", i, "].when"), size.when(), "everyone else"),
          std::move(most),
          {Paragraph(Template(size.because()))},
          Evidence(size.id(), size.sources(), false)}});
  }
  if (!sizes.rows.empty()) {
    section.blocks.push_back(Heading("Size: the first that applies"));
    section.blocks.push_back(std::move(sizes));
  }

  Block quotas = Table({"Balance", "Of", "Number", "Because", "Sources, tests"}, "programme");
  for (int i = 0; i < rules.quotas_size(); ++i) {
    const v1::Quota& quota = rules.quotas(i);
    Cell of = {Paragraph(EnumList(*v1::ExerciseType_descriptor(), quota.types()))};
    if (!quota.tags().empty()) {
      of.push_back(Paragraph(Line{Plain("tagged "), Strong(absl::StrJoin(quota.tags(), " or "))}));
    }
    if (!quota.when().empty()) {
      Line when = {Plain("when ")};
      Append(when, ConditionLine(absl::StrCat("programme.quotas[", i, "].when"), quota.when()));
      of.push_back(Paragraph(std::move(when)));
    }
    Cell number;
    if (quota.has_min()) number.push_back(Paragraph(absl::StrCat("at least ", quota.min())));
    if (quota.has_max()) number.push_back(Paragraph(absl::StrCat("at most ", quota.max())));
    quotas.rows.push_back({RuleAnchor(quota.id()),
                           {{Id(quota.id())},
                            std::move(of),
                            std::move(number),
                            {Paragraph(Template(quota.because()))},
                            Evidence(quota.id(), quota.sources(), false)}});
  }
  if (!quotas.rows.empty()) {
    section.blocks.push_back(Heading("Balance"));
    section.blocks.push_back(std::move(quotas));
  }

  Block pairings = Table({"Pair", "For each", "one of", "Because", "Sources, tests"}, "programme");
  for (int i = 0; i < rules.pairings_size(); ++i) {
    const v1::Pairing& pairing = rules.pairings(i);
    Cell partner = {Paragraph(absl::StrCat("tagged ", pairing.with_tag())),
                    Paragraph(pairing.strict() ? "else left out" : "else kept, and said")};
    if (!pairing.when().empty()) {
      Line when = {Plain("when ")};
      Append(when, ConditionLine(absl::StrCat("programme.pairings[", i, "].when"), pairing.when()));
      partner.push_back(Paragraph(std::move(when)));
    }
    pairings.rows.push_back({RuleAnchor(pairing.id()),
                             {{Id(pairing.id())},
                              {Paragraph(absl::StrCat("tagged ", pairing.for_tag()))},
                              std::move(partner),
                              {Paragraph(Template(pairing.because()))},
                              Evidence(pairing.id(), pairing.sources(), false)}});
  }
  if (!pairings.rows.empty()) {
    section.blocks.push_back(Heading("Pairs"));
    section.blocks.push_back(std::move(pairings));
  }

  Block sequence = Table({"Place", "Exercises", "Because", "Sources, tests"}, "programme");
  for (int i = 0; i < rules.sequence_size(); ++i) {
    const v1::SequenceStep& step = rules.sequence(i);
    Line of;
    if (!step.types().empty()) {
      of.push_back(Plain(EnumList(*v1::ExerciseType_descriptor(), step.types())));
    }
    if (!step.tags().empty()) {
      Join(of, {Plain("tagged "), Strong(absl::StrJoin(step.tags(), " or "))}, "; ");
    }
    if (!step.exercise_ids().empty()) Join(of, ExerciseLinks(step.exercise_ids()), "; ");
    sequence.rows.push_back({RuleAnchor(step.id()),
                             {{Paragraph(Line{Strong(absl::StrCat(i + 1, ". "))}), Id(step.id())},
                              {Paragraph(std::move(of))},
                              {Paragraph(Template(step.because()))},
                              Evidence(step.id(), step.sources(), false)}});
  }
  if (!sequence.rows.empty()) {
    section.blocks.push_back(Heading("Order within a session"));
    section.blocks.push_back(std::move(sequence));
  }

  if (rules.has_responses()) {
    const v1::ResponsePolicy& policy = rules.responses();
    Block table = Table({"How it went", "What follows", "Said to the patient"}, "programme");
    const auto add = [&](const std::string& went, const std::string& follows,
                         const std::string& said) {
      table.rows.push_back({"", {{Paragraph(went)}, {Paragraph(follows)}, {Paragraph(said)}}});
    };
    add("easy", absl::StrCat("next dose or exercise; ", Points(policy.easy_points())),
        policy.easy_because());
    add("tolerated", Points(policy.tolerated_points()), policy.tolerated_because());
    add(absl::StrCat("aggravated ", policy.reduce_after(), " times"),
        absl::StrCat("one dose or exercise down; ", Points(policy.aggravated_points())),
        policy.reduce_because());
    add(absl::StrCat("aggravated ", policy.skip_after(), " times"), "left out",
        policy.skip_because());
    section.entries.push_back({RuleAnchor("responses"), "Answers to earlier exercise"});
    section.blocks.push_back(
        Heading("What answers to earlier exercise do", RuleAnchor("responses")));
    section.blocks.push_back(std::move(table));
    section.blocks.push_back(Sources(policy.sources()));
  }
  return section;
}

Section ReviewBuilder::AdviceTexts() const {
  Section section{"advice", "Advice", {}, {}};
  Block table = Table({"Advice", "When", "Text", "Sources, tests"}, "advice");
  for (int i = 0; i < ruleset_.advice_size(); ++i) {
    const v1::Advice& advice = ruleset_.advice(i);
    Cell name = {Id(advice.id()), Paragraph(Line{Strong(Capitalized(advice.category()))})};
    if (advice.with_hold()) {
      name.push_back(Paragraph(Line{Soft("given also when exercise is held back")}));
    }
    Cell text = {Labelled("Patient:", Template(advice.text()))};
    if (!advice.clinician_text().empty()) {
      text.push_back(Labelled("Clinician:", Template(advice.clinician_text())));
    }
    table.rows.push_back(
        {RuleAnchor(advice.id()),
         {std::move(name), Condition(absl::StrCat("advice[", i, "].when"), advice.when(), "always"),
          std::move(text), Evidence(advice.id(), advice.sources(), advice.project_choice())}});
  }
  if (!table.rows.empty()) section.blocks.push_back(std::move(table));
  return section;
}

Section ReviewBuilder::FollowUp() const {
  Section section{"follow-up", "Follow-up", {}, {}};
  Block table = Table({"Rule", "When", "After", "Text", "Sources, tests"}, "follow-up");
  for (int i = 0; i < ruleset_.follow_up_rules_size(); ++i) {
    const v1::FollowUpRule& rule = ruleset_.follow_up_rules(i);
    table.rows.push_back(
        {RuleAnchor(rule.id()),
         {{Id(rule.id())},
          Condition(absl::StrCat("follow_up_rules[", i, "].when"), rule.when(), "always"),
          {Paragraph(Line{Strong(absl::StrCat(rule.after_days(), " days"))})},
          {Paragraph(Template(rule.text()))},
          Evidence(rule.id(), rule.sources(), rule.project_choice())}});
  }
  if (!table.rows.empty()) {
    section.blocks.push_back(Paragraph("The earliest that applies is the date of review."));
    section.blocks.push_back(std::move(table));
  }
  return section;
}

Section ReviewBuilder::SafetyNet() const {
  Section section{"safety-net", "Safety net", {}, {}};
  if (!ruleset_.has_safety_net()) return section;
  const v1::SafetyNetText& net = ruleset_.safety_net();
  Block card;
  card.kind = Block::Kind::kCard;
  card.anchor = RuleAnchor("safety_net");
  card.line = {Plain(net.title())};
  card.children = {Paragraph(net.text()), Bullets(net.items())};
  Line except = {Soft("Goes with every answer")};
  for (int i = 0; i < net.except_levels_size(); ++i) {
    except.push_back(Plain(i == 0 ? " except " : ", "));
    Append(except, LevelBadge(net.except_levels(i)));
  }
  card.children.push_back(Paragraph(std::move(except)));
  card.children.push_back(Sources(net.sources()));
  section.blocks.push_back(std::move(card));
  return section;
}

Section ReviewBuilder::Notices() const {
  Section section{"notices", "Remarks on an answer as a whole", {}, {}};
  static const std::map<int, const char*> kTriggers = {
      {v1::Notice::TRIGGER_MIXED_PATTERN, "two or more patterns are at least possible"},
      {v1::Notice::TRIGGER_UNCLEAR_PATTERN, "no pattern is at least possible"},
      {v1::Notice::TRIGGER_PATTERN_OPEN, "open answers could change the leading pattern"},
      {v1::Notice::TRIGGER_NOTHING_ELIGIBLE, "no exercise is left although the gate allows it"},
      {v1::Notice::TRIGGER_PAIRING_OPEN, "a pair found no partner"}};
  Block table = Table({"Remark", "When", "Text", "Sources, tests"}, "notices");
  for (int i = 0; i < ruleset_.notices_size(); ++i) {
    const v1::Notice& notice = ruleset_.notices(i);
    const auto trigger = kTriggers.find(notice.trigger());
    table.rows.push_back({RuleAnchor(notice.id()),
                          {{Id(notice.id())},
                           Condition(absl::StrCat("notices[", i, "].when"), notice.when(),
                                     trigger == kTriggers.end() ? "" : trigger->second),
                           {Paragraph(Template(notice.text()))},
                           Evidence(notice.id(), notice.sources(), false)}});
  }
  if (!table.rows.empty()) section.blocks.push_back(std::move(table));
  return section;
}

}  // namespace plumbline::review

#include "server/ruleset/assembler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ruleset/node_builder.h"
#include "server/ruleset/probes.h"
#include "server/ruleset/selection.h"
#include "server/ruleset/text_template.h"

namespace plumbline::ruleset {
namespace {

std::string Path(absl::string_view field, size_t index, absl::string_view inner = "") {
  return absl::StrCat(field, "[", index, "]", inner);
}

// Slot of a list with this name; kNoIndex if the intake has none.
uint32_t ListSlot(const expr::Schema& schema, absl::string_view name) {
  const auto slot = schema.Find(name);
  if (!slot.has_value() || schema.slot(*slot).type.kind != expr::Kind::kList) return kNoIndex;
  return *slot;
}

class Assembler {
 public:
  Assembler(const v1::Ruleset& source, const Index& index, const NodeBuilder& nodes,
            CompiledRuleset& out)
      : source_(source), index_(index), nodes_(nodes), out_(out) {}

  void Run() {
    Questions();
    Triage();
    Patterns();
    Exercises();
    Rules(source_.indications(), "indications", out_.indications, &v1::Indication::because);
    Rules(source_.contraindications(), "contraindications", out_.contraindications,
          &v1::Contraindication::because);
    Rules(source_.cautions(), "cautions", out_.cautions, &v1::Caution::text);
    Rules(source_.prerequisites(), "prerequisites", out_.prerequisites, &v1::Prerequisite::until);
    Rules(source_.score_adjustments(), "score_adjustments", out_.score_adjustments,
          &v1::ScoreAdjustment::because);
    Rules(source_.advice(), "advice", out_.advice, &v1::Advice::text);
    Rules(source_.follow_up_rules(), "follow_up_rules", out_.follow_up_rules,
          &v1::FollowUpRule::text);
    Rules(source_.notices(), "notices", out_.notices, &v1::Notice::text);
    Programme();
    out_.exercise_responses_slot = ListSlot(*out_.schema, "exercise_responses");
    out_.confirmed_conditions_slot = ListSlot(*out_.schema, "confirmed_conditions");
  }

 private:
  TextTemplate Text(const std::string& text) const {
    std::vector<TemplateMistake> none;
    return ParseTemplate(text, *out_.schema, none);
  }
  SlotIndex SlotOf(const std::string& field) const { return out_.schema->Find(field).value_or(0); }

  void Questions() {
    out_.question_of_slot.assign(out_.schema->slots().size(), kNoIndex);
    for (const v1::Question& question : source_.questions()) {
      const size_t i = out_.questions.size();
      const SlotIndex slot = SlotOf(question.field());
      out_.questions.push_back({slot, nodes_.At(Path("questions", i, ".ask_when"))});
      out_.question_of_slot[slot] = static_cast<uint32_t>(i);
    }
    for (const v1::ConsistencyRule& rule : source_.consistency_rules()) {
      const size_t i = out_.consistency_rules.size();
      CompiledConsistencyRule compiled;
      compiled.when = nodes_.At(Path("consistency_rules", i, ".when"));
      compiled.unless = nodes_.At(Path("consistency_rules", i, ".unless"));
      for (const std::string& field : rule.fields()) compiled.fields.push_back(SlotOf(field));
      out_.consistency_rules.push_back(std::move(compiled));
    }
  }

  void Triage() {
    for (const v1::TriageRule& rule : source_.red_flags()) {
      const std::string path = Path("red_flags", out_.red_flags.size());
      CompiledTriageRule compiled;
      compiled.when = nodes_.At(path + ".when");
      compiled.raise_when = nodes_.At(path + ".on_indeterminate.when");
      compiled.because = Text(rule.because());
      compiled.clinician_note = Text(rule.clinician_note());
      const std::string& raise_because = rule.on_indeterminate().because();
      compiled.raise_because = Text(raise_because.empty() ? rule.because() : raise_because);
      compiled.referral = index_.ReferralTarget(rule.referral()).value_or(kNoIndex);
      out_.red_flags.push_back(std::move(compiled));
    }
    for (const v1::SafetyScreen& screen : source_.safety_screens()) Screen(screen);
  }

  void Screen(const v1::SafetyScreen& screen) {
    const std::string path = Path("safety_screens", out_.safety_screens.size());
    CompiledScreen compiled;
    const auto group_index = [&compiled](const std::string& group) {
      for (uint32_t i = 0; i < compiled.groups.size(); ++i) {
        if (compiled.groups[i] == group) return i;
      }
      compiled.groups.push_back(group);
      return static_cast<uint32_t>(compiled.groups.size() - 1);
    };
    for (int i = 0; i < screen.items_size(); ++i) {
      compiled.items.push_back({group_index(screen.items(i).group()),
                                nodes_.At(absl::StrCat(path, ".items[", i, "].answered"))});
    }
    for (int i = 0; i < screen.escalations_size(); ++i) {
      const v1::ScreenEscalation& escalation = screen.escalations(i);
      compiled.escalations.push_back({group_index(escalation.group()),
                                      nodes_.At(absl::StrCat(path, ".escalations[", i, "].when")),
                                      Text(escalation.because())});
    }
    compiled.because = Text(screen.because());
    out_.safety_screens.push_back(std::move(compiled));
  }

  void Patterns() {
    out_.conditions = nodes_.conditions();
    for (size_t i = 0; i < out_.conditions.size(); ++i) {
      const v1::ClinicalCondition& condition = source_.conditions(static_cast<int>(i));
      for (int k = 0; k < condition.findings_size(); ++k) {
        out_.conditions[i].findings[static_cast<size_t>(k)].because =
            Text(condition.findings(k).because());
      }
    }
    for (const v1::Stratification& tool : source_.stratifications()) {
      const size_t t = out_.stratifications.size();
      std::vector<CompiledRule>& strata = out_.stratifications.emplace_back();
      for (const v1::Stratum& stratum : tool.strata()) {
        strata.push_back(
            {nodes_.At(absl::StrCat("stratifications[", t, "].strata[", strata.size(), "].when")),
             Text(stratum.text())});
      }
    }
    out_.stages = nodes_.stages();
    for (size_t i = 0; i < out_.stages.size(); ++i) {
      out_.stages[i].because = Text(source_.stages(static_cast<int>(i)).because());
    }
  }

  template <typename Sources, typename Message>
  void Rules(const Sources& sources, absl::string_view field, std::vector<CompiledRule>& rules,
             const std::string& (Message::*text)() const) {
    for (const Message& source : sources) {
      rules.push_back({nodes_.At(Path(field, rules.size(), ".when")), Text((source.*text)())});
    }
  }

  std::vector<uint32_t> ExerciseIndices(
      const google::protobuf::RepeatedPtrField<std::string>& ids) const {
    std::vector<uint32_t> indices;
    for (const std::string& id : ids) {
      if (const auto index = index_.Exercise(id); index.has_value()) indices.push_back(*index);
    }
    return indices;
  }

  // The stage with the lowest rank: where everything may begin.
  uint32_t FirstStage() const {
    int first = 0;
    for (int i = 1; i < source_.stages_size(); ++i) {
      if (source_.stages(i).rank() < source_.stages(first).rank()) first = i;
    }
    return static_cast<uint32_t>(first);
  }

  void Exercises() {
    absl::flat_hash_map<std::string, uint32_t> families;
    for (const v1::Exercise& exercise : source_.exercises()) {
      const std::string path = Path("exercises", out_.exercises.size());
      CompiledExercise compiled;
      // The key of an exercise without a family cannot be that of a family: it holds a NUL.
      const std::string family = exercise.family().empty()
                                     ? absl::StrCat(absl::string_view("\0", 1), exercise.id())
                                     : exercise.family();
      compiled.family =
          families.try_emplace(family, static_cast<uint32_t>(families.size())).first->second;
      compiled.earliest_stage = index_.Stage(exercise.earliest_stage()).value_or(FirstStage());
      compiled.earlier_when = nodes_.At(path + ".earlier_when");
      for (int i = 0; i < exercise.doses_size(); ++i) {
        if (exercise.doses(i).start()) compiled.start_dose = static_cast<uint32_t>(i);
      }
      for (int i = 0; i < exercise.variants_size(); ++i) {
        compiled.variant_when.push_back(nodes_.At(absl::StrCat(path, ".variants[", i, "].when")));
      }
      compiled.progressions = ExerciseIndices(exercise.progressions());
      compiled.regressions = ExerciseIndices(exercise.regressions());
      SelectedBy(exercise, compiled);
      out_.exercises.push_back(std::move(compiled));
    }
  }

  template <typename Rules>
  static std::vector<uint32_t> Selecting(const Rules& rules, const v1::Exercise& exercise) {
    std::vector<uint32_t> indices;
    for (int i = 0; i < rules.size(); ++i) {
      if (Selects(rules.Get(i).selector(), exercise)) indices.push_back(static_cast<uint32_t>(i));
    }
    return indices;
  }

  void SelectedBy(const v1::Exercise& exercise, CompiledExercise& compiled) const {
    compiled.indications = Selecting(source_.indications(), exercise);
    compiled.cautions = Selecting(source_.cautions(), exercise);
    compiled.prerequisites = Selecting(source_.prerequisites(), exercise);
    compiled.score_adjustments = Selecting(source_.score_adjustments(), exercise);
    for (const uint32_t i : Selecting(source_.contraindications(), exercise)) {
      bool excepted = false;
      for (const std::string& id :
           source_.contraindications(static_cast<int>(i)).except_exercise_ids()) {
        excepted = excepted || id == exercise.id();
      }
      if (!excepted) compiled.contraindications.push_back(i);
    }
    const v1::ProgrammeRules& programme = source_.programme();
    for (int i = 0; i < programme.quotas_size(); ++i) {
      if (IsOfKind(programme.quotas(i), exercise)) {
        compiled.quotas.push_back(static_cast<uint32_t>(i));
      }
    }
    for (int i = programme.sequence_size() - 1; i >= 0; --i) {
      if (Selects(programme.sequence(i), exercise)) {
        compiled.sequence_step = static_cast<uint32_t>(i);
      }
    }
    for (int i = 0; i < programme.pairings_size(); ++i) {
      const auto index = static_cast<uint32_t>(i);
      if (HasTag(exercise, programme.pairings(i).for_tag())) compiled.pairings_for.push_back(index);
      if (HasTag(exercise, programme.pairings(i).with_tag())) {
        compiled.pairings_with.push_back(index);
      }
    }
  }

  void Programme() {
    const v1::ProgrammeRules& programme = source_.programme();
    const auto nodes_of = [this](absl::string_view field, int count) {
      std::vector<NodeId> nodes;
      for (int i = 0; i < count; ++i) {
        nodes.push_back(nodes_.At(absl::StrCat("programme.", field, "[", i, "].when")));
      }
      return nodes;
    };
    out_.size_when = nodes_of("sizes", programme.sizes_size());
    out_.quota_when = nodes_of("quotas", programme.quotas_size());
    out_.pairing_when = nodes_of("pairings", programme.pairings_size());
    out_.in_neutral_set = Members(programme.neutral_set());
    for (const v1::ProgrammeLimit& limit : source_.dispositions().limits()) {
      out_.limit_allows.push_back(Members(limit.exercise_ids()));
    }
  }

  std::vector<bool> Members(const google::protobuf::RepeatedPtrField<std::string>& ids) const {
    std::vector<bool> members(static_cast<size_t>(source_.exercises_size()), false);
    for (const uint32_t index : ExerciseIndices(ids)) members[index] = true;
    return members;
  }

  const v1::Ruleset& source_;
  const Index& index_;
  const NodeBuilder& nodes_;
  CompiledRuleset& out_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const CompiledRuleset>> Assemble(
    const RulesetDocument& document, std::unique_ptr<const expr::Schema> schema, const Index& index,
    const Expressions& expressions, Probes* probes) {
  auto compiled = std::make_shared<CompiledRuleset>();
  compiled->source = document.ruleset();
  compiled->revision = document.revision();
  compiled->schema = std::move(schema);
  NodeBuilder nodes(document.ruleset(), *compiled->schema, expressions);
  if (!nodes.status().ok()) return nodes.status();
  Assembler(document.ruleset(), index, nodes, *compiled).Run();
  if (probes != nullptr) {
    absl::Status status = MakeProbes(document.ruleset(), expressions, nodes, *probes);
    if (!status.ok()) return status;
  }
  compiled->plan = std::move(nodes).Build();
  return compiled;
}

}  // namespace plumbline::ruleset

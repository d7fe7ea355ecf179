// Unanswered fields that could change the disposition, then the programme.
//
// Soundness: a rule's outcome can change only if one of its missing fields is answered, and what
// the matches alone demand (the floor) cannot be taken away. So a rule matters exactly while it is
// open and demands more than the floor; when no such rule is left, no answer changes the
// disposition.

#include <algorithm>
#include <tuple>
#include <utility>

#include "server/engine/steps.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::NodeId;
using ::plumbline::expr::Outcome;
using ::plumbline::expr::SlotIndex;
using ::plumbline::expr::SlotSet;
using ::plumbline::ruleset::kNoIndex;
using ::plumbline::ruleset::kNoNode;
using OnIndeterminate = v1::TriageOnIndeterminate;

class Finder {
 public:
  Finder(const Context& context, Evaluation& evaluation)
      : context_(context), evaluation_(evaluation) {}

  void Disposition() {
    for (uint32_t i = 0; i < context_.ruleset.red_flags.size(); ++i) RedFlag(i);
    for (uint32_t i = 0; i < context_.ruleset.safety_screens.size(); ++i) Screen(i);
    for (const Fired& fired : evaluation_.fired) HeldUpByUnknown(fired);
  }

  void Programme() {
    if (!evaluation_.releases_programme) return;
    const v1::Ruleset& source = context_.ruleset.source;
    for (int i = 0; i < source.contraindications_size(); ++i) {
      if (source.contraindications(i).on_indeterminate() !=
          v1::Contraindication::ON_INDETERMINATE_IGNORE) {
        ProgrammeRule(context_.ruleset.contraindications[static_cast<size_t>(i)].when,
                      source.contraindications(i).id());
      }
    }
    for (int i = 0; i < source.indications_size(); ++i) {
      ProgrammeRule(context_.ruleset.indications[static_cast<size_t>(i)].when,
                    source.indications(i).id());
    }
    for (int i = 0; i < source.prerequisites_size(); ++i) {
      ProgrammeRule(context_.ruleset.prerequisites[static_cast<size_t>(i)].when,
                    source.prerequisites(i).id());
    }
    for (int i = 0; i < source.score_adjustments_size(); ++i) {
      ProgrammeRule(context_.ruleset.score_adjustments[static_cast<size_t>(i)].when,
                    source.score_adjustments(i).id());
    }
    for (uint32_t i = 0; i < context_.ruleset.stages.size() && i <= evaluation_.stage; ++i) {
      ProgrammeRule(context_.ruleset.stages[i].when, source.stages(static_cast<int>(i)).id());
    }
    for (uint32_t i = 0; i < context_.ruleset.conditions.size(); ++i) {
      if (!evaluation_.conditions[i].open) continue;
      const std::string& id = source.conditions(static_cast<int>(i)).id();
      ProgrammeRule(context_.ruleset.conditions[i].suspected, id);
      ProgrammeRule(context_.ruleset.conditions[i].likely, id);
    }
    for (int i = 0; i < source.exercises_size(); ++i) {
      if (evaluation_.exercises[static_cast<size_t>(i)].stage_locked) {
        ProgrammeRule(context_.ruleset.exercises[static_cast<size_t>(i)].earlier_when,
                      source.exercises(i).id());
      }
    }
  }

  // Drops what is not to be asked, then orders by consequence.
  void Finish() {
    OpenQuestion* kept = evaluation_.questions.begin();
    for (OpenQuestion& question : evaluation_.questions) {
      question.question = context_.ruleset.question_of_slot[question.slot];
      if (!question.can_change_disposition && !MayBeAsked(question)) continue;
      if (&question != kept) std::swap(*kept, question);
      ++kept;
    }
    evaluation_.questions.Truncate(static_cast<size_t>(kept - evaluation_.questions.begin()));
    std::sort(evaluation_.questions.begin(), evaluation_.questions.end(),
              [](const OpenQuestion& a, const OpenQuestion& b) { return Precedes(a, b); });
  }

 private:
  // Could a rule with this effect change the final disposition, whatever else is answered?
  bool ExceedsFloor(v1::Level level, v1::Gate gate) const {
    return level > evaluation_.floor_level || gate > evaluation_.floor_gate;
  }

  void Touch(const SlotSet& missing, v1::Level level, v1::Gate gate, const std::string& id,
             bool ignored) {
    missing.ForEach([&](SlotIndex slot) {
      OpenQuestion& question = evaluation_.questions.ForSlot(slot);
      question.can_change_disposition = true;
      question.only_ignored &= ignored;
      if (level > evaluation_.level) question.raise_level = std::max(question.raise_level, level);
      if (gate > evaluation_.gate) question.raise_gate = std::max(question.raise_gate, gate);
      AddAffected(question, id);
    });
  }

  void RedFlag(uint32_t index) {
    const ruleset::CompiledTriageRule& compiled = context_.ruleset.red_flags[index];
    if (!context_.Open(compiled.when)) return;
    const v1::TriageRule& rule = context_.ruleset.source.red_flags(static_cast<int>(index));
    const v1::TriageOnIndeterminate& open = rule.on_indeterminate();
    const bool ignored = open.action() == OnIndeterminate::ACTION_IGNORE;
    if (ExceedsFloor(rule.level(), rule.gate())) {
      Touch(context_.explainer.Missing(compiled.when), rule.level(), rule.gate(), rule.id(),
            ignored);
    }
    if (open.action() != OnIndeterminate::ACTION_RAISE) return;
    if (!ExceedsFloor(open.level(), open.gate())) return;
    // Its own answers can end the raise; the guard's answers can begin it.
    Touch(context_.explainer.Missing(compiled.when), open.level(), open.gate(), rule.id(), false);
    if (compiled.raise_when != kNoNode && context_.Open(compiled.raise_when)) {
      Touch(context_.explainer.Missing(compiled.raise_when), open.level(), open.gate(), rule.id(),
            false);
    }
  }

  void Screen(uint32_t index) {
    const ruleset::CompiledScreen& compiled = context_.ruleset.safety_screens[index];
    const v1::SafetyScreen& screen =
        context_.ruleset.source.safety_screens(static_cast<int>(index));
    for (const ruleset::CompiledScreen::Item& item : compiled.items) {
      if (!context_.Open(item.answered)) continue;
      v1::Level level = screen.level();
      v1::Gate gate = screen.gate();
      for (size_t i = 0; i < compiled.escalations.size(); ++i) {
        if (compiled.escalations[i].group != item.group) continue;
        const v1::ScreenEscalation& source = screen.escalations(static_cast<int>(i));
        if (context_.OutcomeOf(compiled.escalations[i].when) == Outcome::kNoMatch) continue;
        level = std::max(level, source.level());
        gate = std::max(gate, source.gate());
        if (context_.Open(compiled.escalations[i].when) &&
            ExceedsFloor(source.level(), source.gate())) {
          Touch(context_.explainer.Missing(compiled.escalations[i].when), source.level(),
                source.gate(), screen.id(), false);
        }
      }
      if (ExceedsFloor(level, gate)) {
        Touch(context_.explainer.Missing(item.answered), v1::LEVEL_UNSPECIFIED,
              v1::GATE_UNSPECIFIED, screen.id(), false);
      }
    }
  }

  // Answers can take away what stands only because something is not known.
  void HeldUpByUnknown(const Fired& fired) {
    if (fired.by == v1::FIRED_BY_MATCH || !ExceedsFloor(fired.level, fired.gate)) return;
    fired.missing.ForEach(
        [&](SlotIndex slot) { evaluation_.questions.ForSlot(slot).could_lower = true; });
  }

  void ProgrammeRule(NodeId when, const std::string& id) {
    if (!context_.Open(when)) return;
    context_.explainer.Missing(when).ForEach([&](SlotIndex slot) {
      OpenQuestion& question = evaluation_.questions.ForSlot(slot);
      question.can_change_programme = true;
      question.only_ignored = false;
      AddAffected(question, id);
    });
  }

  static void AddAffected(OpenQuestion& question, const std::string& id) {
    for (const std::string* known : question.affects) {
      if (known == &id) return;
    }
    question.affects.push_back(&id);
  }

  bool MayBeAsked(const OpenQuestion& question) const {
    if (question.question == kNoIndex) return false;
    const NodeId ask_when = context_.ruleset.questions[question.question].ask_when;
    return ask_when == kNoNode || context_.OutcomeOf(ask_when) != Outcome::kNoMatch;
  }

  static bool Precedes(const OpenQuestion& a, const OpenQuestion& b) {
    const auto key = [](const OpenQuestion& q) {
      return std::tuple(!q.can_change_disposition, q.only_ignored, -static_cast<int>(q.raise_level),
                        -static_cast<int>(q.raise_gate), !q.could_lower,
                        q.can_change_disposition ? 0 : -static_cast<int>(q.affects.size()),
                        q.question, q.slot);
    };
    return key(a) < key(b);
  }

  const Context& context_;
  Evaluation& evaluation_;
};

}  // namespace

void FindOpenQuestions(const Context& context, Evaluation& evaluation) {
  evaluation.questions.Clear();
  Finder finder(context, evaluation);
  finder.Disposition();
  finder.Programme();
  finder.Finish();
}

}  // namespace plumbline::engine

// Red flags first: level = most urgent, gate = strictest; no rule lowers either.

#include <algorithm>

#include "server/engine/steps.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::Outcome;
using ::plumbline::ruleset::CompiledScreen;
using ::plumbline::ruleset::CompiledTriageRule;
using OnIndeterminate = v1::TriageOnIndeterminate;

bool HasEffect(v1::Level level, v1::Gate gate) {
  return level > v1::LEVEL_EXERCISE_OK || gate > v1::GATE_ALLOW;
}

void FireMatch(const v1::TriageRule& rule, uint32_t index, Evaluation& evaluation) {
  Fired fired;
  fired.index = index;
  fired.by = v1::FIRED_BY_MATCH;
  fired.level = rule.level();
  fired.gate = rule.gate();
  if (rule.has_due_days()) fired.due_days = rule.due_days();
  evaluation.floor_level = std::max(evaluation.floor_level, fired.level);
  evaluation.floor_gate = std::max(evaluation.floor_gate, fired.gate);
  evaluation.fired.push_back(fired);
}

void FireRaise(const Context& context, const v1::TriageRule& rule, uint32_t index,
               Evaluation& evaluation) {
  Fired fired;
  fired.index = index;
  fired.by = v1::FIRED_BY_RAISE;
  fired.level = rule.on_indeterminate().level();
  fired.gate = rule.on_indeterminate().gate();
  if (rule.on_indeterminate().has_due_days()) fired.due_days = rule.on_indeterminate().due_days();
  fired.missing = context.explainer.Missing(context.ruleset.red_flags[index].when);
  evaluation.fired.push_back(fired);
}

void TriageRedFlag(const Context& context, uint32_t index, Evaluation& evaluation) {
  const CompiledTriageRule& compiled = context.ruleset.red_flags[index];
  const Outcome outcome = context.OutcomeOf(compiled.when);
  if (outcome == Outcome::kNoMatch) return;
  const v1::TriageRule& rule = context.ruleset.source.red_flags(static_cast<int>(index));
  if (outcome == Outcome::kMatch) {
    FireMatch(rule, index, evaluation);
    return;
  }
  switch (rule.on_indeterminate().action()) {
    case OnIndeterminate::ACTION_IGNORE:
      return;
    case OnIndeterminate::ACTION_RAISE:
      if (context.Matches(compiled.raise_when)) {
        FireRaise(context, rule, index, evaluation);
        return;
      }
      break;
    default:
      break;
  }
  if (HasEffect(rule.level(), rule.gate())) evaluation.not_excluded.push_back(index);
}

// An escalation with an id of its own: fired beside its screen, with the open items of its group.
void FireEscalation(const Context& context, uint32_t index, size_t escalation,
                    Evaluation& evaluation) {
  const CompiledScreen& compiled = context.ruleset.safety_screens[index];
  const v1::ScreenEscalation& source =
      context.ruleset.source.safety_screens(static_cast<int>(index))
          .escalations(static_cast<int>(escalation));
  Fired fired;
  fired.is_screen = true;
  fired.index = index;
  fired.escalation = static_cast<uint32_t>(escalation);
  fired.by = v1::FIRED_BY_OPEN_SCREEN;
  fired.level = source.level();
  fired.gate = source.gate();
  for (const CompiledScreen::Item& item : compiled.items) {
    if (item.group == compiled.escalations[escalation].group && context.Open(item.answered)) {
      fired.missing |= context.explainer.Missing(item.answered);
    }
  }
  evaluation.fired.push_back(fired);
}

void TriageScreen(const Context& context, uint32_t index, Evaluation& evaluation) {
  const CompiledScreen& compiled = context.ruleset.safety_screens[index];
  const v1::SafetyScreen& screen = context.ruleset.source.safety_screens(static_cast<int>(index));
  Fired fired;
  fired.is_screen = true;
  fired.index = index;
  fired.by = v1::FIRED_BY_OPEN_SCREEN;
  fired.level = screen.level();
  fired.gate = screen.gate();
  bool open = false;
  uint64_t open_groups = 0;  // screens have few groups; the compiler holds them below 64
  for (const CompiledScreen::Item& item : compiled.items) {
    if (!context.Open(item.answered)) continue;
    open = true;
    open_groups |= uint64_t{1} << item.group;
    fired.missing |= context.explainer.Missing(item.answered);
  }
  if (!open) return;
  for (size_t i = 0; i < compiled.escalations.size(); ++i) {
    const CompiledScreen::Escalation& escalation = compiled.escalations[i];
    if (((open_groups >> escalation.group) & 1) == 0 || !context.Matches(escalation.when)) continue;
    const v1::ScreenEscalation& source = screen.escalations(static_cast<int>(i));
    if (!source.id().empty()) FireEscalation(context, index, i, evaluation);
    fired.escalations |= uint64_t{1} << i;
    fired.level = std::max(fired.level, source.level());
    fired.gate = std::max(fired.gate, source.gate());
  }
  evaluation.fired.push_back(fired);
}

const std::string& IdOf(const Context& context, const Fired& fired) {
  return FiredId(context.ruleset.source, fired);
}

// Those with an effect by urgency, gate, id; then the reports by id.
void SortFired(const Context& context, Evaluation& evaluation) {
  std::sort(evaluation.fired.begin(), evaluation.fired.end(),
            [&context](const Fired& a, const Fired& b) {
              if (a.level != b.level) return a.level > b.level;
              if (a.gate != b.gate) return a.gate > b.gate;
              return IdOf(context, a) < IdOf(context, b);
            });
  evaluation.effective_fired = 0;
  for (const Fired& fired : evaluation.fired) {
    if (HasEffect(fired.level, fired.gate)) ++evaluation.effective_fired;
  }
  // (EXERCISE_OK, ALLOW) is the least of both scales, so the reports are already last.
}

int32_t LevelDueDays(const Context& context, v1::Level level) {
  for (const v1::LevelText& text : context.ruleset.source.dispositions().levels()) {
    if (text.level() == level) return text.has_due_days() ? text.due_days() : -1;
  }
  return -1;
}

void SetDisposition(const Context& context, Evaluation& evaluation) {
  evaluation.level = v1::LEVEL_EXERCISE_OK;
  evaluation.gate = v1::GATE_ALLOW;
  for (const Fired& fired : evaluation.fired) {
    evaluation.level = std::max(evaluation.level, fired.level);
    evaluation.gate = std::max(evaluation.gate, fired.gate);
  }
  const int32_t level_due_days = LevelDueDays(context, evaluation.level);
  evaluation.due_days = level_due_days;
  for (const Fired& fired : evaluation.fired) {
    if (fired.level != evaluation.level || fired.due_days < 0) continue;
    if (evaluation.due_days < 0 || fired.due_days < evaluation.due_days) {
      evaluation.due_days = fired.due_days;
    }
  }
  for (const v1::GateText& text : context.ruleset.source.dispositions().gates()) {
    if (text.gate() == evaluation.gate) {
      evaluation.releases_programme = text.release() == v1::PROGRAMME_RELEASE_FULL;
    }
  }
  evaluation.limit = ruleset::kNoIndex;
  const auto& limits = context.ruleset.source.dispositions().limits();
  for (int i = 0; i < limits.size(); ++i) {
    if (limits.Get(i).level() == evaluation.level && limits.Get(i).gate() == evaluation.gate) {
      evaluation.limit = static_cast<uint32_t>(i);
    }
  }
}

}  // namespace

const std::string& FiredId(const v1::Ruleset& ruleset, const Fired& fired) {
  const int index = static_cast<int>(fired.index);
  if (!fired.is_screen) return ruleset.red_flags(index).id();
  const v1::SafetyScreen& screen = ruleset.safety_screens(index);
  if (fired.escalation == ruleset::kNoIndex) return screen.id();
  return screen.escalations(static_cast<int>(fired.escalation)).id();
}

void Triage(const Context& context, Evaluation& evaluation) {
  evaluation.fired.clear();
  evaluation.not_excluded.clear();
  evaluation.floor_level = v1::LEVEL_EXERCISE_OK;
  evaluation.floor_gate = v1::GATE_ALLOW;
  for (uint32_t i = 0; i < context.ruleset.red_flags.size(); ++i) {
    TriageRedFlag(context, i, evaluation);
  }
  for (uint32_t i = 0; i < context.ruleset.safety_screens.size(); ++i) {
    TriageScreen(context, i, evaluation);
  }
  SortFired(context, evaluation);
  SetDisposition(context, evaluation);
  std::sort(evaluation.not_excluded.begin(), evaluation.not_excluded.end(),
            [&context](uint32_t a, uint32_t b) {
              const v1::TriageRule& x = context.ruleset.source.red_flags(static_cast<int>(a));
              const v1::TriageRule& y = context.ruleset.source.red_flags(static_cast<int>(b));
              if (x.level() != y.level()) return x.level() > y.level();
              if (x.gate() != y.gate()) return x.gate() > y.gate();
              return x.id() < y.id();
            });
}

}  // namespace plumbline::engine

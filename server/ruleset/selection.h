// Which exercises a selector means.

#ifndef PLUMBLINE_SERVER_RULESET_SELECTION_H_
#define PLUMBLINE_SERVER_RULESET_SELECTION_H_

#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"

namespace plumbline::ruleset {

inline bool HasTag(const v1::Exercise& exercise, absl::string_view tag) {
  for (const std::string& own : exercise.tags()) {
    if (own == tag) return true;
  }
  return false;
}

// Named, or carrying one of the tags, or at least that heavy, or all are meant.
inline bool Selects(const v1::ExerciseSelector& selector, const v1::Exercise& exercise) {
  if (selector.all()) return true;
  if (selector.has_min_load() && exercise.load() >= selector.min_load()) return true;
  for (const std::string& id : selector.exercise_ids()) {
    if (id == exercise.id()) return true;
  }
  for (const std::string& tag : selector.tags()) {
    if (HasTag(exercise, tag)) return true;
  }
  return false;
}

// The exercise is of the kind that the quota is about: of one of its types, or carrying one of its
// tags.
inline bool IsOfKind(const v1::Quota& quota, const v1::Exercise& exercise) {
  for (const int type : quota.types()) {
    if (type == exercise.type()) return true;
  }
  for (const std::string& tag : quota.tags()) {
    if (HasTag(exercise, tag)) return true;
  }
  return false;
}

// Of one of the step's types, carrying one of its tags, or named.
inline bool Selects(const v1::SequenceStep& step, const v1::Exercise& exercise) {
  for (const int type : step.types()) {
    if (type == exercise.type()) return true;
  }
  for (const std::string& tag : step.tags()) {
    if (HasTag(exercise, tag)) return true;
  }
  for (const std::string& id : step.exercise_ids()) {
    if (id == exercise.id()) return true;
  }
  return false;
}

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_SELECTION_H_

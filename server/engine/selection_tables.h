// SelectionTables: what selection reads of a ruleset, laid out for reading it in one go: numbers
// instead of messages, one array instead of a list for each exercise.
//
// Immutable after construction, thread-safe.

#ifndef PLUMBLINE_SERVER_ENGINE_SELECTION_TABLES_H_
#define PLUMBLINE_SERVER_ENGINE_SELECTION_TABLES_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

struct SelectionTables {
  // A condition with what it weighs: points, or for contraindications 1 if an open one withholds.
  struct Weighed {
    expr::NodeId when = ruleset::kNoNode;
    int32_t weight = 0;
  };
  struct Exercise {
    bool never = false;    // never prescribed
    uint32_t id_rank = 0;  // place among all exercises by id
    // Ends in `rules_`; each part begins where the one before it ends.
    uint32_t begin = 0;
    uint32_t contraindications_end = 0;
    uint32_t indications_end = 0;
    uint32_t adjustments_end = 0;
  };

  explicit SelectionTables(const ruleset::CompiledRuleset& ruleset);

  absl::Span<const Weighed> Contraindications(const Exercise& e) const {
    return Part(e.begin, e.contraindications_end);
  }
  absl::Span<const Weighed> Indications(const Exercise& e) const {
    return Part(e.contraindications_end, e.indications_end);
  }
  // Indications, then adjustments.
  absl::Span<const Weighed> Scored(const Exercise& e) const {
    return Part(e.contraindications_end, e.adjustments_end);
  }

  std::vector<Exercise> exercises;
  std::vector<uint32_t> by_id_rank;  // exercise

 private:
  absl::Span<const Weighed> Part(uint32_t begin, uint32_t end) const {
    return {rules_.data() + begin, end - begin};
  }
  std::vector<Weighed> rules_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SELECTION_TABLES_H_

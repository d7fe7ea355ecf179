// Binder: reads an intake message into the slots of a frame and checks every value on the way.
//
// What is checked, and reported as a FieldViolation that names the field: enum numbers are known;
// numbers are finite and inside the plausible range of their question; texts are not too long; a
// list agrees with its status; ids inside lists exist in the ruleset. Descriptions say what is
// accepted and never repeat a value, because errors end up in logs.
//
// Immutable after construction, thread-safe.

#ifndef PLUMBLINE_SERVER_ENGINE_BINDER_H_
#define PLUMBLINE_SERVER_ENGINE_BINDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "google/protobuf/message.h"
#include "server/engine/engine.h"
#include "server/expr/frame.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

class Binder {
 public:
  // `ruleset` must outlive the binder.
  explicit Binder(const ruleset::CompiledRuleset& ruleset);

  // Resets `frame` and binds `intake`, whose strings must live as long as the frame is used.
  // Appends what is wrong to `violations`; the frame is not to be evaluated if anything was
  // appended.
  void Bind(const google::protobuf::Message& intake, std::vector<expr::ListCell>& scratch,
            expr::Frame& frame, std::vector<FieldViolation>& violations) const;

  // Index of an exercise or condition by its id; kNoIndex if there is none.
  uint32_t FindExercise(absl::string_view id) const;
  uint32_t FindCondition(absl::string_view id) const;

 private:
  enum class EnumClass : uint8_t { kUnrecognised, kAbsent, kUnknown, kValue, kYes, kNo };
  struct Leaf {
    expr::SlotIndex slot = 0;
    const google::protobuf::FieldDescriptor* field = nullptr;
    expr::SlotSource source = expr::SlotSource::kScalar;
    bool is_enum = false;
    bool has_range = false;
    double min = 0;
    double max = 0;
    int32_t max_length = -1;              // code points; -1: not limited
    std::vector<EnumClass> enum_classes;  // by enum number
    std::vector<std::string> range_text;  // one element when has_range
  };
  struct Group {
    const google::protobuf::FieldDescriptor* field = nullptr;  // null: the root itself
    std::vector<Leaf> leaves;
  };

  // The field is set; enums are bound by BindEnum.
  void BindLeaf(const Leaf& leaf, const google::protobuf::Message& message,
                const google::protobuf::Reflection& reflection,
                std::vector<expr::ListCell>& scratch, expr::Frame& frame,
                std::vector<FieldViolation>& violations) const;
  void BindEnum(const Leaf& leaf, int number, expr::Frame& frame,
                std::vector<FieldViolation>& violations) const;
  void BindNumber(const Leaf& leaf, double value, std::vector<FieldViolation>& violations) const;
  void BindList(const Leaf& leaf, const google::protobuf::Message& list,
                std::vector<expr::ListCell>& scratch, expr::Frame& frame,
                std::vector<FieldViolation>& violations) const;
  void BindRow(const Leaf& leaf, const google::protobuf::Message& row, int index,
               std::vector<expr::ListCell>& scratch, std::vector<FieldViolation>& violations) const;
  void CheckResponses(const Leaf& leaf, absl::Span<const expr::ListCell> cells, uint32_t columns,
                      std::vector<FieldViolation>& violations) const;
  void CheckConfirmed(const Leaf& leaf, absl::Span<const expr::ListCell> cells,
                      std::vector<FieldViolation>& violations) const;
  FieldViolation Invalid(const Leaf& leaf, absl::string_view suffix, std::string description) const;

  const ruleset::CompiledRuleset& ruleset_;
  std::vector<Group> groups_;
  absl::flat_hash_map<std::string, uint32_t> exercises_;
  absl::flat_hash_map<std::string, uint32_t> conditions_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_BINDER_H_

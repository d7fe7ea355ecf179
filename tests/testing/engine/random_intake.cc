#include "tests/testing/engine/random_intake.h"

#include <cmath>
#include <cstdlib>
#include <iostream>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "server/expr/schema.h"

namespace plumbline::testing {
namespace {

using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

class Filler {
 public:
  Filler(const ruleset::CompiledRuleset& ruleset, std::mt19937_64& random,
         const RandomIntakeOptions& options)
      : ruleset_(ruleset), random_(random), options_(options) {}

  void Fill(v1::Intake& intake, bool keep_answered) {
    for (size_t i = 0; i < ruleset_.schema->slots().size(); ++i) {
      const expr::Slot& slot = ruleset_.schema->slots()[i];
      const Reflection& reflection = *intake.GetReflection();
      Message* message =
          slot.group == nullptr ? &intake : reflection.MutableMessage(&intake, slot.group);
      if (keep_answered && Answered(*message, slot)) continue;
      if (!keep_answered && Chance(options_.absent)) continue;
      Answer(*message, slot, static_cast<expr::SlotIndex>(i));
    }
  }

 private:
  bool Chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }

  static bool Answered(const Message& message, const expr::Slot& slot) {
    const Reflection& reflection = *message.GetReflection();
    if (!reflection.HasField(message, slot.field)) return false;
    if (slot.source == expr::SlotSource::kListWithStatus) {
      const Message& list = reflection.GetMessage(message, slot.field);
      const FieldDescriptor* status = list.GetDescriptor()->FindFieldByName("status");
      const int number = list.GetReflection()->GetEnumValue(list, status);
      return number == v1::LIST_STATUS_NONE || number == v1::LIST_STATUS_LISTED;
    }
    if (slot.field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return true;
    return !expr::IsUnknownEnumValue(*reflection.GetEnum(message, slot.field));
  }

  const EnumValueDescriptor* PickValue(const EnumDescriptor& type) {
    while (true) {
      const EnumValueDescriptor* value =
          type.value(static_cast<int>(Between(0, type.value_count() - 1)));
      if (!expr::IsUnknownEnumValue(*value)) return value;
    }
  }

  const EnumValueDescriptor* UnknownValue(const EnumDescriptor& type) {
    for (int i = 0; i < type.value_count(); ++i) {
      if (expr::ShortEnumValueName(*type.value(i)) == "UNKNOWN") return type.value(i);
    }
    return nullptr;
  }

  void Answer(Message& message, const expr::Slot& slot, expr::SlotIndex index) {
    const Reflection& reflection = *message.GetReflection();
    double min = 0;
    double max = 100;
    const uint32_t question = ruleset_.question_of_slot[index];
    if (question != ruleset::kNoIndex) {
      const v1::Question& source = ruleset_.source.questions(static_cast<int>(question));
      if (source.has_min()) min = source.min();
      if (source.has_max()) max = source.max();
    }
    switch (slot.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        AnswerEnum(message, slot);
        return;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.SetInt32(&message, slot.field, static_cast<int32_t>(Number(min, max)));
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection.SetDouble(&message, slot.field,
                             min + (max - min) * 0.1 * static_cast<double>(Between(0, 10)));
        return;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.SetString(&message, slot.field, "free text");
        return;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        AnswerList(*reflection.MutableMessage(&message, slot.field));
        return;
      default:
        return;
    }
  }

  // Small numbers more often than large ones: thresholds of days and weeks lie there.
  int64_t Number(double min, double max) {
    const double width = Chance(0.7) ? std::min(max - min, 120.0) : max - min;
    return static_cast<int64_t>(min) + Between(0, static_cast<int64_t>(width));
  }

  void AnswerEnum(Message& message, const expr::Slot& slot) {
    const Reflection& reflection = *message.GetReflection();
    const EnumDescriptor& type = *slot.field->enum_type();
    const EnumValueDescriptor* unknown = UnknownValue(type);
    if (unknown != nullptr && Chance(options_.asked_unknown)) {
      reflection.SetEnum(&message, slot.field, unknown);
    } else if (slot.source == expr::SlotSource::kTri) {
      reflection.SetEnumValue(&message, slot.field,
                              Chance(options_.tri_yes) ? v1::TRI_YES : v1::TRI_NO);
    } else {
      reflection.SetEnum(&message, slot.field, PickValue(type));
    }
  }

  void AnswerList(Message& list) {
    const Reflection& reflection = *list.GetReflection();
    const FieldDescriptor* status = list.GetDescriptor()->FindFieldByName("status");
    const FieldDescriptor* values = list.GetDescriptor()->FindFieldByName("values");
    reflection.ClearField(&list, values);
    if (Chance(options_.asked_unknown)) {
      reflection.SetEnumValue(&list, status, v1::LIST_STATUS_DECLINED);
      return;
    }
    if (Chance(0.4) || !AddElement(list, *values)) {
      reflection.SetEnumValue(&list, status, v1::LIST_STATUS_NONE);
      return;
    }
    reflection.SetEnumValue(&list, status, v1::LIST_STATUS_LISTED);
  }

  bool AddElement(Message& list, const FieldDescriptor& values) {
    const Reflection& reflection = *list.GetReflection();
    switch (values.cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection.AddEnum(&list, &values, PickValue(*values.enum_type()));
        return true;
      case FieldDescriptor::CPPTYPE_STRING: {
        if (ruleset_.source.conditions_size() == 0) return false;
        const int64_t pick = Between(0, ruleset_.source.conditions_size() - 1);
        reflection.AddString(&list, &values,
                             ruleset_.source.conditions(static_cast<int>(pick)).id());
        return true;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        if (ruleset_.source.exercises_size() == 0) return false;
        auto& response = *static_cast<v1::ExerciseResponse*>(reflection.AddMessage(&list, &values));
        const int64_t pick = Between(0, ruleset_.source.exercises_size() - 1);
        response.set_exercise_id(ruleset_.source.exercises(static_cast<int>(pick)).id());
        response.set_response(static_cast<v1::ResponseKind>(Between(1, 3)));
        if (Chance(0.5)) response.set_aggravated_count(static_cast<int32_t>(Between(1, 3)));
        return true;
      }
      default:
        return false;
    }
  }

  const ruleset::CompiledRuleset& ruleset_;
  std::mt19937_64& random_;
  const RandomIntakeOptions& options_;
};

}  // namespace

v1::Intake RandomIntake(const ruleset::CompiledRuleset& ruleset, std::mt19937_64& random,
                        const RandomIntakeOptions& options) {
  v1::Intake intake;
  Filler(ruleset, random, options).Fill(intake, /*keep_answered=*/false);
  return intake;
}

void CompleteAtRandom(const ruleset::CompiledRuleset& ruleset, std::mt19937_64& random,
                      v1::Intake& intake) {
  RandomIntakeOptions options;
  options.absent = 0;
  options.asked_unknown = 0;
  Filler(ruleset, random, options).Fill(intake, /*keep_answered=*/true);
}

uint64_t TestSeed() {
  const char* text = std::getenv("PLUMBLINE_SEED");
  const uint64_t seed = text == nullptr ? 20261121 : std::strtoull(text, nullptr, 10);
  std::cout << "PLUMBLINE_SEED=" << seed << "\n";
  return seed;
}

}  // namespace plumbline::testing

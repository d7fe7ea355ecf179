#include "tests/clinical/shared_vignettes.h"

#include <yaml-cpp/yaml.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/expr/schema.h"

namespace plumbline::clinical {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::vector<std::string> YamlBlocks(const std::string& markdown) {
  std::vector<std::string> blocks;
  const std::string open = "```yaml\n";
  const std::string close = "\n```";
  for (size_t at = markdown.find(open); at != std::string::npos; at = markdown.find(open, at)) {
    at += open.size();
    const size_t end = markdown.find(close, at);
    blocks.push_back(markdown.substr(at, end - at));
  }
  return blocks;
}

const EnumValueDescriptor* FindValue(const EnumDescriptor& type, const std::string& name) {
  const std::string wanted = absl::AsciiStrToUpper(name);
  for (int i = 0; i < type.value_count(); ++i) {
    if (expr::ShortEnumValueName(*type.value(i)) == wanted) return type.value(i);
  }
  return nullptr;
}

class IntakeBuilder {
 public:
  explicit IntakeBuilder(SharedVignette& vignette) : vignette_(vignette) {}

  void Set(const std::string& name, const YAML::Node& value) {
    const expr::Schema& schema = TheSchema();
    const auto index = schema.Find(name);
    if (!index.has_value()) return Problem(absl::StrCat("no intake field ", name));
    const expr::Slot& slot = schema.slot(*index);
    Message& group = GroupOf(slot);
    switch (slot.source) {
      case expr::SlotSource::kTri:
      case expr::SlotSource::kEnum:
        return SetEnum(group, *slot.field, value.as<std::string>());
      case expr::SlotSource::kListWithStatus:
        return SetList(*group.GetReflection()->MutableMessage(&group, slot.field), value);
      case expr::SlotSource::kScalar:
        return SetScalar(group, *slot.field, value.as<std::string>());
    }
  }

  // Sections 6.1 to 6.6 without demographics, as the page describes it.
  void AnswerTheRest(bool in_the_negative) {
    static const std::set<std::string>* const kGroups = new std::set<std::string>{
        "person", "injury", "leg_nerve_cord", "cauda_equina", "general_illness", "organs"};
    static const std::set<std::string>* const kNone = new std::set<std::string>{
        "trauma", "cancer", "night_pain", "leg_pain", "leg_weakness", "leg_side"};
    static const std::set<std::string>* const kUnknown =
        new std::set<std::string>{"trajectory", "onset_mode"};
    if (!in_the_negative) return;
    for (const expr::Slot& slot : TheSchema().slots()) {
      if (slot.group == nullptr || kGroups->count(slot.group->name()) == 0) continue;
      Message& group = GroupOf(slot);
      if (group.GetReflection()->HasField(group, slot.field)) continue;
      if (slot.source == expr::SlotSource::kTri) {
        SetEnum(group, *slot.field, "NO");
      } else if (kNone->count(slot.name) > 0) {
        SetEnum(group, *slot.field, "NONE");
      } else if (kUnknown->count(slot.name) > 0) {
        SetEnum(group, *slot.field, "UNKNOWN");
      } else if (slot.name == "pregnancy") {
        SetEnum(group, *slot.field, "NA");
      }
    }
  }

 private:
  static const expr::Schema& TheSchema() {
    static const auto* const kSchema =
        new expr::Schema(*expr::Schema::Create(*v1::Intake::descriptor()));
    return *kSchema;
  }

  void Problem(std::string text) { vignette_.problems.push_back(std::move(text)); }

  Message& GroupOf(const expr::Slot& slot) {
    if (slot.group == nullptr) return vignette_.intake;
    return *vignette_.intake.GetReflection()->MutableMessage(&vignette_.intake, slot.group);
  }

  void SetEnum(Message& group, const FieldDescriptor& field, const std::string& name) {
    const EnumValueDescriptor* value = FindValue(*field.enum_type(), name);
    if (value == nullptr) return Problem(absl::StrCat(field.name(), " has no value ", name));
    group.GetReflection()->SetEnum(&group, &field, value);
  }

  void SetScalar(Message& group, const FieldDescriptor& field, const std::string& text) {
    const Reflection& reflection = *group.GetReflection();
    int32_t whole = 0;
    double number = 0;
    if (text == "unknown") return;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection.SetString(&group, &field, text);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32 &&
               absl::SimpleAtoi(text, &whole)) {
      reflection.SetInt32(&group, &field, whole);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE &&
               absl::SimpleAtod(text, &number)) {
      reflection.SetDouble(&group, &field, number);
    } else {
      Problem(absl::StrCat(field.name(), " cannot be ", text));
    }
  }

  void SetList(Message& list, const YAML::Node& values) {
    const Reflection& reflection = *list.GetReflection();
    const FieldDescriptor* status = list.GetDescriptor()->FindFieldByName("status");
    const FieldDescriptor* field = list.GetDescriptor()->FindFieldByName("values");
    reflection.SetEnumValue(&list, status, v1::LIST_STATUS_LISTED);
    for (const YAML::Node& value : values) {
      const auto name = value.as<std::string>();
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) {
        return Problem("a list of something else than choices");
      }
      const EnumValueDescriptor* choice = FindValue(*field->enum_type(), name);
      if (choice == nullptr) return Problem(absl::StrCat(field->full_name(), " has no ", name));
      reflection.AddEnum(&list, field, choice);
    }
  }

  SharedVignette& vignette_;
};

std::vector<std::string> Strings(const YAML::Node& node) {
  return node ? node.as<std::vector<std::string>>() : std::vector<std::string>();
}

void ReadExpectation(const YAML::Node& expect, SharedVignette& vignette) {
  for (const std::string& name : Strings(expect["accept"])) {
    v1::Level level = v1::LEVEL_UNSPECIFIED;
    if (!v1::Level_Parse("LEVEL_" + name, &level)) vignette.problems.push_back("level " + name);
    vignette.accept.insert(level);
  }
  for (const std::string& name : Strings(expect["gate"])) {
    v1::Gate gate = v1::GATE_UNSPECIFIED;
    if (!v1::Gate_Parse("GATE_" + name, &gate)) vignette.problems.push_back("gate " + name);
    vignette.gates.insert(gate);
  }
  vignette.fires = Strings(expect["fires"]);
  if (expect["pattern"]) vignette.pattern = expect["pattern"].as<std::string>();
  vignette.selectable = Strings(expect["do"]);
  vignette.avoided = Strings(expect["dont"]);
  const YAML::Node extra = expect["extra"];
  if (!extra) return;
  if (extra["open_questions_min"]) {
    vignette.open_questions_min = extra["open_questions_min"].as<int>();
  }
  if (extra["review_days_max"]) vignette.review_days_max = extra["review_days_max"].as<int>();
  if (extra["stratum"]) vignette.stratum = extra["stratum"].as<std::string>();
}

SharedVignette ReadBlock(const std::string& block) {
  SharedVignette vignette;
  try {
    const YAML::Node root = YAML::Load(block);
    vignette.id = root["id"].as<std::string>();
    vignette.title = root["title"].as<std::string>();
    IntakeBuilder builder(vignette);
    for (const auto& fact : root["facts"]) builder.Set(fact.first.as<std::string>(), fact.second);
    builder.AnswerTheRest(root["defaults"].as<std::string>() == "no");
    ReadExpectation(root["expect"], vignette);
  } catch (const YAML::Exception& error) {
    vignette.problems.push_back(error.what());
  }
  return vignette;
}

}  // namespace

std::vector<SharedVignette> ReadSharedVignettes(const std::string& markdown) {
  std::vector<SharedVignette> vignettes;
  for (const std::string& block : YamlBlocks(markdown)) vignettes.push_back(ReadBlock(block));
  return vignettes;
}

}  // namespace plumbline::clinical

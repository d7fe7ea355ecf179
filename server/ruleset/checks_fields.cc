// Checks that follow from the table of field roles.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/ruleset/checks.h"
#include "server/ruleset/rule_fields.h"
#include "server/ruleset/suggest.h"
#include "server/ruleset/text_template.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// One field of one message, with its role.
struct Element {
  const Message& message;
  const FieldDescriptor& field;
  const FieldRole& role;
  const std::string& path;  // of the message

  const Reflection& reflection() const { return *message.GetReflection(); }
  std::string field_path() const {
    return path.empty() ? field.name() : absl::StrCat(path, ".", field.name());
  }
};

bool IsGiven(const Element& element) {
  const Reflection& reflection = element.reflection();
  if (element.field.is_repeated()) return reflection.FieldSize(element.message, &element.field) > 0;
  if (element.field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return !reflection.GetString(element.message, &element.field).empty();
  }
  // Without presence: not the default value.
  return reflection.HasField(element.message, &element.field);
}

std::string CodeOfMissing(const Element& element) {
  const std::string& name = element.field.name();
  if (name == "level" || name == "gate") return "missing-" + name;
  if (name == "on_indeterminate" || name == "action") return "missing-on-indeterminate";
  if (name == "selector") return "missing-selector";
  switch (element.role.role) {
    case Role::kText:
    case Role::kTemplate:
      return "missing-text";
    case Role::kCondition:
    case Role::kExpression:
      return "missing-expression";
    case Role::kReference:
      return "missing-reference";
    case Role::kSources:
      return "missing-source";
    case Role::kPart:
      return "missing-part";
    default:
      return "missing-value";
  }
}

// "this TriageRule has no `title`", in the words of a ruleset's author.
std::string Owner(const Element& element) {
  const Descriptor& type = *element.message.GetDescriptor();
  const FieldDescriptor* id = type.FindFieldByName("id");
  if (id != nullptr) {
    const std::string value = element.reflection().GetString(element.message, id);
    if (!value.empty()) return absl::StrCat("`", value, "`");
  }
  return type.name() == "Ruleset" ? "the ruleset" : absl::StrCat("this ", type.name());
}

// An exercise that is never prescribed needs no stage to begin with.
bool IsExempt(const Element& element) {
  return element.field.name() == "earliest_stage" &&
         !static_cast<const v1::Exercise&>(element.message).not_prescribed_because().empty();
}

void CheckGiven(const Element& element, Report& report) {
  if (element.role.need != Need::kRequired || element.role.role == Role::kId) return;
  if (IsGiven(element) || IsExempt(element)) return;
  const std::string code = CodeOfMissing(element);
  std::string hint;
  if (code == "missing-on-indeterminate") {
    hint = "say what happens while answers are missing; there is no default";
  } else if (code == "missing-source") {
    hint = "cite at least one passage; a choice of the project has a passage too";
  }
  // A whole part may stand in a file that could not be read: then the document is incomplete.
  report.Missing(element.path, code,
                 absl::StrCat(Owner(element), " has no `", element.field.name(), "`"), hint);
}

template <typename Visit>
void VisitStrings(const Element& element, const Visit& visit) {
  const Reflection& reflection = element.reflection();
  if (!element.field.is_repeated()) {
    const std::string value = reflection.GetString(element.message, &element.field);
    if (!value.empty()) visit(value, element.field_path());
    return;
  }
  for (int i = 0; i < reflection.FieldSize(element.message, &element.field); ++i) {
    visit(reflection.GetRepeatedString(element.message, &element.field, i),
          absl::StrCat(element.field_path(), "[", i, "]"));
  }
}

void CheckReferences(const Element& element, const CheckContext& context) {
  const Kind kind = element.role.kind;
  // Groups belong to one screen: see CheckScreens.
  if (kind == Kind::kScreenGroup) return;
  VisitStrings(element, [&](const std::string& id, const std::string& path) {
    if (context.index.Knows(kind, id)) return;
    std::string code = "unknown-";
    for (const char c : KindName(kind)) code += c == ' ' ? '-' : c;
    context.report.Error(path, code, absl::StrCat("there is no ", KindName(kind), " `", id, "`"),
                         DidYouMean(id, context.index.Names(kind)));
  });
}

void CheckCitations(const Element& element, const CheckContext& context) {
  bool supported = false;
  bool any_known = false;
  VisitStrings(element, [&](const std::string& id, const std::string& path) {
    if (!context.index.Knows(Kind::kPassage, id)) {
      supported = true;  // one message is enough
      context.report.Error(path, "unknown-passage",
                           absl::StrCat("there is no source passage `", id, "`"),
                           DidYouMean(id, context.index.Names(Kind::kPassage)));
      return;
    }
    any_known = true;
    supported = supported || context.index.PassageStatus(id) != v1::SOURCE_STATUS_UNVERIFIED;
  });
  // A choice of the project has a passage of its own that says what the choice is.
  if (any_known && !supported) {
    context.report.Error(
        element.field_path(), "unverified-source",
        absl::StrCat(Owner(element), " rests on unverified passages alone"),
        "verify one or cite another; a project_choice cites the passage of the choice");
  }
}

void CheckHoles(const Element& element, const CheckContext& context) {
  VisitStrings(element, [&](const std::string& text, const std::string& path) {
    std::vector<TemplateMistake> mistakes;
    const TextTemplate parsed = ParseTemplate(text, context.schema, mistakes);
    if (element.role.role == Role::kTemplate) {
      for (TemplateMistake& mistake : mistakes) {
        context.report.InText(Severity::kError, path, mistake.offset, std::move(mistake.code),
                              std::move(mistake.message), std::move(mistake.hint));
      }
    } else if (!parsed.constant()) {
      context.report.InText(
          Severity::kError, path, text.find('{'), "hole-in-plain-text",
          absl::StrCat("`", element.field.name(), "` is printed as it is; its holes stay open"));
    }
  });
}

void CheckElement(const Element& element, const CheckContext& context) {
  CheckGiven(element, context.report);
  switch (element.role.role) {
    case Role::kReference:
      return CheckReferences(element, context);
    case Role::kSources:
      return CheckCitations(element, context);
    case Role::kText:
    case Role::kTemplate:
      return CheckHoles(element, context);
    default:
      return;
  }
}

}  // namespace

void CheckFields(const CheckContext& context) {
  WalkMessages(context.ruleset, [&context](const Message& message, const std::string& path) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldRole* role = FindFieldRole(*type.field(i));
      if (role != nullptr) CheckElement({message, *type.field(i), *role, path}, context);
    }
  });
}

bool IsRealDate(const v1::Date& date) {
  if (date.year() < 1 || date.year() > 9999 || date.month() < 1 || date.month() > 12) return false;
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = date.year() % 4 == 0 && (date.year() % 100 != 0 || date.year() % 400 == 0);
  const int days = kDays[date.month() - 1] + (date.month() == 2 && leap ? 1 : 0);
  return date.day() >= 1 && date.day() <= days;
}

std::string At(absl::string_view field, int index) { return absl::StrCat(field, "[", index, "]"); }

}  // namespace plumbline::ruleset

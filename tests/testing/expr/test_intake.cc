#include "tests/testing/expr/test_intake.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/testing/expr/test_intake.pb.h"

namespace plumbline::testing {
namespace {

using expr::Cell;
using expr::Kind;
using expr::ListCell;
using expr::SlotIndex;
using Tag = RefValue::Tag;

RefField KnownValue(Tag tag) {
  RefField field{true, true, {}};
  field.value.tag = tag;
  return field;
}

// The number of "Trauma.MAJOR".
int64_t EnumNumber(const std::string& constant) {
  const size_t dot = constant.find('.');
  const auto* type = TestSchema().FindEnum(constant.substr(0, dot));
  for (int i = 0; i < type->value_count(); ++i) {
    if (std::string(expr::ShortEnumValueName(*type->value(i))) == constant.substr(dot + 1)) {
      return type->value(i)->number();
    }
  }
  std::abort();
}

ListCell ToCell(const RefField& field) {
  ListCell cell{Cell{0}, field.known};
  if (!field.known) return cell;
  switch (field.value.tag) {
    case Tag::kBool:
      cell.cell.i = field.value.flag ? 1 : 0;
      break;
    case Tag::kDouble:
      cell.cell.d = field.value.real;
      break;
    case Tag::kText:
      cell.cell.s = {field.value.text.data(), static_cast<uint32_t>(field.value.text.size())};
      break;
    case Tag::kEnum:
      cell.cell.i = EnumNumber(field.value.text);
      break;
    default:
      cell.cell.i = field.value.number;
      break;
  }
  return cell;
}

void BindList(SlotIndex slot, const RefValue& list, expr::Frame& frame) {
  const auto* record = TestSchema().slot(slot).type.record_type;
  std::vector<ListCell> cells;
  for (const RefField& element : list.list) {
    if (record == nullptr) {
      cells.push_back(ToCell(element));
      continue;
    }
    for (int i = 0; i < record->field_count(); ++i) {
      const auto it = element.value.row.find(std::string(record->field(i)->name()));
      // A reference to the field itself: the cell points at its text.
      cells.push_back(it == element.value.row.end() ? ListCell{Cell{0}, false}
                                                    : ToCell(it->second));
    }
  }
  frame.SetList(slot, cells, record == nullptr ? 1 : static_cast<uint32_t>(record->field_count()));
}

}  // namespace

const expr::Schema& TestSchema() {
  static const expr::Schema* const kSchema = [] {
    auto schema = expr::Schema::Create(*TestIntake::descriptor());
    if (!schema.ok()) {
      std::fprintf(stderr, "%s\n", schema.status().ToString().c_str());
      std::abort();
    }
    return new expr::Schema(*std::move(schema));
  }();
  return *kSchema;
}

RefField KnownBool(bool value) {
  RefField field = KnownValue(Tag::kBool);
  field.value.flag = value;
  return field;
}
RefField KnownInt(int64_t value) {
  RefField field = KnownValue(Tag::kInt);
  field.value.number = value;
  return field;
}
RefField KnownDouble(double value) {
  RefField field = KnownValue(Tag::kDouble);
  field.value.real = value;
  return field;
}
RefField KnownText(std::string value) {
  RefField field = KnownValue(Tag::kText);
  field.value.text = std::move(value);
  return field;
}
RefField KnownEnum(std::string constant) {
  RefField field = KnownValue(Tag::kEnum);
  field.value.text = std::move(constant);
  return field;
}
RefField KnownList(std::vector<RefField> elements) {
  RefField field = KnownValue(Tag::kList);
  field.value.list = std::move(elements);
  return field;
}
RefField KnownRow(std::map<std::string, RefField> fields) {
  RefField field = KnownValue(Tag::kRow);
  field.value.row = std::move(fields);
  return field;
}
RefField AskedUnknown() { return {true, false, {}}; }

void Bind(const RefIntake& intake, expr::Frame& frame) {
  frame.Reset();
  if (intake.as_of) frame.SetAsOf(*intake.as_of);
  for (const auto& [name, field] : intake.fields) {
    const auto slot = TestSchema().Find(name);
    if (!slot.has_value()) std::abort();
    if (!field.present) continue;
    if (!field.known) {
      frame.SetAskedUnknown(*slot);
      continue;
    }
    switch (field.value.tag) {
      case Tag::kBool:
        frame.SetBool(*slot, field.value.flag);
        break;
      case Tag::kDouble:
        frame.SetDouble(*slot, field.value.real);
        break;
      case Tag::kText:
        frame.SetString(*slot, field.value.text);
        break;
      case Tag::kList:
        BindList(*slot, field.value, frame);
        break;
      default:
        frame.SetInt(*slot, ToCell(field).cell.i);
        break;
    }
  }
}

std::set<std::string> Names(const expr::SlotSet& slots) {
  std::set<std::string> names;
  slots.ForEach([&names](SlotIndex slot) { names.insert(TestSchema().slot(slot).name); });
  return names;
}

expr::CheckedExpr MustCheck(const std::string& text, const expr::Environment& environment) {
  const expr::CheckResult result = expr::Check(text, environment, {"", 1, 1});
  if (result.expr.valid()) return result.expr;
  std::fprintf(stderr, "refused: %s\n", text.c_str());
  for (const Issue& issue : result.issues)
    std::fprintf(stderr, "  %s\n", FormatIssue(issue).c_str());
  std::abort();
}

expr::NodeId MustAdd(const std::string& text, const expr::Environment& environment,
                     expr::PlanBuilder& builder) {
  const auto node = builder.Add(MustCheck(text, environment));
  if (node.ok()) return *node;
  std::fprintf(stderr, "not planned: %s: %s\n", text.c_str(), node.status().ToString().c_str());
  std::abort();
}

uint64_t Seed() {
  const char* seed = std::getenv("PLUMBLINE_SEED");
  return seed == nullptr ? 20'240'917 : std::strtoull(seed, nullptr, 10);
}

int Cases(const char* variable, int normal) {
  const char* cases = std::getenv(variable);
  return cases == nullptr ? normal : std::atoi(cases);
}

}  // namespace plumbline::testing

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/expr/typing.h"

namespace plumbline::expr {
namespace {

constexpr absl::string_view kRoot = "intake";

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::vector<std::string> ValueNames(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (IsUnknownEnumValue(*type.value(i))) continue;
    names.emplace_back(ShortEnumValueName(*type.value(i)));
  }
  return names;
}

}  // namespace

std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    // Ties go to the first in alphabetical order, whatever order the candidates come in.
    if (distance < best_distance ||
        (best != nullptr && distance == best_distance && candidate < *best)) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : absl::StrCat("did you mean `", *best, "`?");
}

int TypeChecker::FindVariable(absl::string_view name) const {
  for (size_t i = variables_.size(); i > 0; --i) {
    if (variables_[i - 1].name == name) return static_cast<int>(i - 1);
  }
  return -1;
}

CheckedPtr TypeChecker::VariableNode(const AstNode& ast, int variable) {
  const Variable& declared = variables_[static_cast<size_t>(variable)];
  NodePtr node = New(NodeKind::kVariable, ast, declared.type);
  node->name = declared.name;
  node->variable = variable;
  node->variables = VariableSet{1} << variable;
  node->runtime = declared.runtime;
  node->type = node->static_type.ToType();
  return node;
}

TypeChecker::NodePtr TypeChecker::SlotNode(const AstNode& ast, SlotIndex slot) {
  NodePtr node = New(NodeKind::kSlot, ast, StaticType::Of(environment_.schema()->slot(slot).type));
  node->slot = slot;
  node->name = environment_.schema()->slot(slot).name;
  node->runtime = true;
  return node;
}

CheckedPtr TypeChecker::CheckName(const AstNode& ast) {
  return ResolvePath(ast, {{ast.name, ast.position}});
}

CheckedPtr TypeChecker::CheckSelect(const AstNode& ast) {
  std::vector<Segment> path;
  const AstNode* root = &ast;
  for (; root->kind == AstKind::kSelect; root = root->children[0].get()) {
    path.push_back({root->name, root->position});
  }
  if (root->kind == AstKind::kName) {
    path.push_back({root->name, root->position});
    std::reverse(path.begin(), path.end());
    return ResolvePath(ast, path);
  }
  return SelectField(ast, Check(*ast.children[0]), {ast.name, ast.position}, NodeKind::kRowField);
}

// CEL: variables of macros first, then the longest prefix of the path that is declared.
CheckedPtr TypeChecker::ResolvePath(const AstNode& ast, const std::vector<Segment>& path) {
  CheckedPtr node;
  size_t used = 0;
  if (const int variable = FindVariable(path[0].name); variable >= 0) {
    node = VariableNode(ast, variable);
    used = 1;
  }
  for (size_t length = path.size(); node == nullptr && length > 0; --length) {
    NodePtr found = ResolvePrefix(ast, absl::MakeConstSpan(path).subspan(0, length));
    if (found == nullptr) continue;
    found->position = path[length - 1].position;
    used = length;
    node = found->static_type.wrong() ? CheckedPtr(found) : Finish(found);
  }
  if (node == nullptr) {
    ReportUnknownName(path);
    return Wrong(ast);
  }
  for (; used < path.size(); ++used) {
    node = SelectField(ast, std::move(node), path[used], NodeKind::kRowField);
  }
  return node;
}

TypeChecker::NodePtr TypeChecker::ResolvePrefix(const AstNode& ast,
                                                absl::Span<const Segment> prefix) {
  const std::string name =
      absl::StrJoin(prefix, ".", [](std::string* out, const Segment& s) { *out += s.name; });
  for (std::string container = environment_.container();;) {
    const std::string candidate = container.empty() ? name : absl::StrCat(container, ".", name);
    if (NodePtr node = ResolveDeclared(ast, candidate)) return node;
    if (container.empty()) break;
    const size_t dot = container.rfind('.');
    container = dot == std::string::npos ? "" : container.substr(0, dot);
  }
  if (name == "as_of") {
    NodePtr node = New(NodeKind::kAsOf, ast, StaticType::Of(Kind::kTimestamp));
    node->runtime = true;
    return node;
  }
  if (environment_.schema() == nullptr) return nullptr;
  if (prefix.size() == 2 && prefix[0].name == kRoot) {
    const auto slot = environment_.schema()->Find(prefix[1].name);
    return slot.has_value() ? SlotNode(ast, *slot) : nullptr;
  }
  if (prefix.size() == 1) {
    const auto slot = environment_.schema()->Find(name);
    return slot.has_value() ? SlotNode(ast, *slot) : nullptr;
  }
  return prefix.size() == 2 ? ResolveEnum(ast, prefix) : nullptr;
}

TypeChecker::NodePtr TypeChecker::ResolveDeclared(const AstNode& ast, const std::string& name) {
  if (const Value* value = environment_.FindConstant(name)) {
    NodePtr node = New(NodeKind::kConstant, ast, StaticType::Of(*value));
    node->name = name;
    node->constant = *value;
    return node;
  }
  const Type* term = environment_.FindTerm(name);
  if (term == nullptr) return nullptr;
  NodePtr node = New(NodeKind::kTerm, ast, StaticType::Of(*term));
  node->name = name;
  node->runtime = true;
  if (term->kind == Kind::kList || term->kind == Kind::kRecord) {
    issues_.Error(ast.start, "unsupported", "a term cannot be a list");
    node->static_type = StaticType::Wrong();
  }
  return node;
}

TypeChecker::NodePtr TypeChecker::ResolveEnum(const AstNode& ast,
                                              absl::Span<const Segment> prefix) {
  const google::protobuf::EnumDescriptor* type = environment_.schema()->FindEnum(prefix[0].name);
  if (type == nullptr) return nullptr;
  NodePtr wrong = New(NodeKind::kEnumConstant, ast, StaticType::Wrong());
  for (int i = 0; i < type->value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor& value = *type->value(i);
    if (ShortEnumValueName(value) != prefix[1].name) continue;
    if (IsUnknownEnumValue(value)) {
      issues_.Error(prefix[1].position, "unknown-value",
                    "unknown is not a value: the comparison would be unknown too",
                    "write has(intake.field) to ask whether the question was answered");
      return wrong;
    }
    const Value constant = Value::Enum(type, value.number());
    NodePtr node = New(NodeKind::kEnumConstant, ast, StaticType::Of(constant));
    node->name = absl::StrCat(prefix[0].name, ".", prefix[1].name);
    node->constant = constant;
    return node;
  }
  const std::vector<std::string> names = ValueNames(*type);
  std::string hint = DidYouMean(prefix[1].name, names);
  if (hint.empty()) hint = absl::StrCat("its values: ", absl::StrJoin(names, ", "));
  issues_.Error(prefix[1].position, "unknown-enum-value",
                absl::StrCat(prefix[0].name, " has no value `", prefix[1].name, "`"), hint);
  return wrong;
}

CheckedPtr TypeChecker::SelectField(const AstNode& ast, CheckedPtr operand, const Segment& field,
                                    NodeKind kind) {
  const StaticType& type = operand->static_type;
  if (type.wrong()) return Wrong(ast);
  if (!type.Is(Kind::kRecord)) {
    issues_.Error(field.position, "no-such-field",
                  absl::StrCat(type.ToString(), " has no field `", field.name, "`"));
    return Wrong(ast);
  }
  const google::protobuf::Descriptor& record = *type.type.record_type;
  const google::protobuf::FieldDescriptor* found = record.FindFieldByName(field.name);
  if (found == nullptr) {
    std::vector<std::string> names;
    for (int i = 0; i < record.field_count(); ++i) names.emplace_back(record.field(i)->name());
    issues_.Error(field.position, "no-such-field",
                  absl::StrCat(std::string(record.name()), " has no field `", field.name, "`"),
                  DidYouMean(field.name, names));
    return Wrong(ast);
  }
  NodePtr node = New(kind, ast, StaticType::Of(ScalarFieldType(*found)), {std::move(operand)});
  node->position = field.position;
  node->field = found;
  node->name = field.name;
  if (kind == NodeKind::kHasRowField) {
    if (found->type() == google::protobuf::FieldDescriptor::TYPE_ENUM) {
      issues_.Error(field.position, "has-argument",
                    "has() cannot tell `asked, not known` from `not asked` inside a row");
      return Wrong(ast);
    }
    node->static_type = StaticType::Of(Kind::kBool);
  }
  return Finish(std::move(node));
}

void TypeChecker::ReportUnknownName(const std::vector<Segment>& path) {
  const Schema* schema = environment_.schema();
  const bool rooted = path[0].name == kRoot && path.size() > 1;
  const Segment& name = path[rooted ? 1 : 0];
  std::vector<std::string> candidates = environment_.Names();
  if (schema != nullptr) {
    // `person.age_years` and `intake.person.age_years`: fields are named without their group.
    for (size_t i = rooted ? 2 : 1; i < path.size(); ++i) {
      if (!schema->Find(path[i].name).has_value()) continue;
      issues_.Error(name.position, "unknown-field", absl::StrCat("there is no `", name.name, "`"),
                    absl::StrCat("fields are named without their group: write ", path[i].name));
      return;
    }
    if (schema->FindEnum(name.name) != nullptr) {
      issues_.Error(name.position, "unknown-field",
                    absl::StrCat("`", name.name, "` is a type, not a value"),
                    absl::StrCat("write ", name.name, ".",
                                 absl::StrJoin(ValueNames(*schema->FindEnum(name.name)), " or .")));
      return;
    }
  }
  if (!rooted) {
    for (const Variable& variable : variables_) candidates.push_back(variable.name);
  }
  const std::string full =
      absl::StrJoin(path, ".", [](std::string* out, const Segment& s) { *out += s.name; });
  std::string hint = DidYouMean(rooted ? name.name : full, candidates);
  if (hint.empty() && path.size() > 1) hint = DidYouMean(name.name, candidates);
  if (hint.empty() && name.name == kRoot) hint = "write intake.field";
  if (hint.empty() && path.size() == 2 && (path[1].name == "YES" || path[1].name == "NO")) {
    hint = "yes/no answers are conditions: write field or !field";
  }
  issues_.Error(name.position, "unknown-field",
                absl::StrCat("there is no field or term `", rooted ? name.name : full, "`"), hint);
}

CheckedPtr TypeChecker::CheckHas(const AstNode& ast) {
  if (!CheckCount(ast, 1, "has(intake.field)")) return Wrong(ast);
  const AstNode& argument = *ast.children[0];
  if (argument.kind == AstKind::kError) return Wrong(ast);
  const bool select =
      argument.kind == AstKind::kSelect && argument.children[0]->kind == AstKind::kName;
  if (select) {
    const AstNode& root = *argument.children[0];
    if (const int variable = FindVariable(root.name); variable >= 0) {
      return SelectField(ast, VariableNode(root, variable), {argument.name, argument.position},
                         NodeKind::kHasRowField);
    }
    if (root.name == kRoot && environment_.schema() != nullptr) {
      const auto slot = environment_.schema()->Find(argument.name);
      if (!slot.has_value()) {
        ReportUnknownName({{root.name, root.position}, {argument.name, argument.position}});
        return Wrong(ast);
      }
      NodePtr node = SlotNode(ast, *slot);
      node->kind = NodeKind::kHas;
      node->static_type = StaticType::Of(Kind::kBool);
      return Finish(std::move(node));
    }
  }
  const std::string name = select || argument.kind == AstKind::kName ? argument.name : "field";
  issues_.Error(argument.start, "has-argument", "has() takes a field of the intake or of a row",
                absl::StrCat("write has(intake.", name, ")"));
  return Wrong(ast);
}

}  // namespace plumbline::expr

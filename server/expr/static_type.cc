#include "server/expr/static_type.h"

#include <utility>

namespace plumbline::expr {

StaticType StaticType::Of(Kind kind) {
  Type type;
  type.kind = kind;
  return Of(type);
}

StaticType StaticType::Of(const Type& type) {
  if (type.kind == Kind::kError) return Wrong();
  StaticType result;
  result.form = Form::kKnown;
  result.type = type;
  if (type.kind == Kind::kList) {
    Type element;
    element.kind = type.element;
    element.enum_type = type.enum_type;
    element.record_type = type.record_type;
    return ListOf(type.element == Kind::kError ? Special(Form::kFree) : Of(element));
  }
  return result;
}

StaticType StaticType::Of(const Value& value) {
  if (value.kind == Kind::kError) return Wrong();
  if (value.kind == Kind::kList) {
    StaticType element = Special(Form::kFree);
    for (const Value& item : value.list) element = Join(element, Of(item));
    return ListOf(std::move(element));
  }
  Type type;
  type.kind = value.kind;
  type.enum_type = value.enum_type;
  return Of(type);
}

StaticType StaticType::ListOf(StaticType element) {
  StaticType result;
  result.form = Form::kKnown;
  result.type.kind = Kind::kList;
  if (element.known() && !element.Is(Kind::kList)) {
    result.type.element = element.type.kind;
    result.type.enum_type = element.type.enum_type;
    result.type.record_type = element.type.record_type;
  }
  result.element = std::make_shared<const StaticType>(std::move(element));
  return result;
}

StaticType StaticType::Special(Form form) {
  StaticType result;
  result.form = form;
  return result;
}

Type StaticType::ToType() const { return known() ? type : Type{}; }

std::string StaticType::ToString() const {
  switch (form) {
    case Form::kWrong:
      return "?";
    case Form::kDynamic:
      return "mixed";
    case Form::kFree:
      return "nothing";
    case Form::kKnown:
      break;
  }
  if (type.kind != Kind::kList) return type.ToString();
  return element->form == Form::kFree ? "list" : "list(" + element->ToString() + ")";
}

std::optional<StaticType> Unify(const StaticType& a, const StaticType& b) {
  if (a.wrong() || b.wrong()) return StaticType::Wrong();
  if (a.form == StaticType::Form::kFree) return b;
  if (b.form == StaticType::Form::kFree) return a;
  if (a.form == StaticType::Form::kDynamic) return a;
  if (b.form == StaticType::Form::kDynamic) return b;
  if (a.Is(Kind::kList) && b.Is(Kind::kList)) {
    std::optional<StaticType> element = Unify(*a.element, *b.element);
    if (!element.has_value()) return std::nullopt;
    return StaticType::ListOf(*std::move(element));
  }
  if (a.type == b.type) return a;
  return std::nullopt;
}

StaticType Join(const StaticType& a, const StaticType& b) {
  return Unify(a, b).value_or(StaticType::Special(StaticType::Form::kDynamic));
}

}  // namespace plumbline::expr

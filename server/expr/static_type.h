// StaticType: the checker's view of a type. Wider than Type: lists may nest, and elements of mixed
// literals are dynamic, as in CEL's checker; both occur in constants only.
//
// Immutable value, cheap to copy.

#ifndef PLUMBLINE_SERVER_EXPR_STATIC_TYPE_H_
#define PLUMBLINE_SERVER_EXPR_STATIC_TYPE_H_

#include <memory>
#include <optional>
#include <string>

#include "server/expr/type.h"
#include "server/expr/value.h"

namespace plumbline::expr {

struct StaticType {
  enum class Form : uint8_t {
    kKnown,
    kWrong,    // already reported: goes with everything
    kDynamic,  // element of a mixed list: known when the constant is evaluated
    kFree,     // element of the empty list: becomes whatever it meets
  };

  Form form = Form::kWrong;
  Type type;  // kKnown; for lists only `kind` counts
  std::shared_ptr<const StaticType> element;

  static StaticType Wrong() { return {}; }
  static StaticType Of(Kind kind);
  static StaticType Of(const Type& type);
  static StaticType Of(const Value& value);
  static StaticType ListOf(StaticType element);
  static StaticType Special(Form form);

  bool wrong() const { return form == Form::kWrong; }
  bool known() const { return form == Form::kKnown; }
  // Dynamic or free: anything goes statically.
  bool open() const { return form == Form::kDynamic || form == Form::kFree; }
  bool Is(Kind kind) const { return known() && type.kind == kind; }
  bool IsNumber() const { return Is(Kind::kInt) || Is(Kind::kDouble); }

  Type ToType() const;
  std::string ToString() const;
};

// The most general type that both fit; nullopt if they have nothing in common.
std::optional<StaticType> Unify(const StaticType& a, const StaticType& b);
// CEL's rule for list elements: unify, or else dynamic.
StaticType Join(const StaticType& a, const StaticType& b);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_STATIC_TYPE_H_

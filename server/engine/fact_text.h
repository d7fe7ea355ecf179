// FactText: the value of an intake field, as a canonical text, as a person would say it, and as an
// encoded Fact message.
//
// The texts of bools and enums are constant and made once; numbers and lists are made when needed.
// Immutable after construction, thread-safe.

#ifndef PLUMBLINE_SERVER_ENGINE_FACT_TEXT_H_
#define PLUMBLINE_SERVER_ENGINE_FACT_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/pieces.h"
#include "server/engine/wire_writer.h"
#include "server/expr/frame.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

class FactText {
 public:
  // `ruleset` and `pieces`, to which the constant texts are added, must outlive the object.
  FactText(const ruleset::CompiledRuleset& ruleset, PieceTable& pieces);

  // Appends how a person would say the slot's value ("44 years", "below the knee", "yes");
  // "not known" when it is unknown.
  void AppendDisplay(expr::SlotIndex slot, const expr::Frame& frame, std::string& out) const;

  // Appends the text with its holes filled in.
  void AppendText(const ruleset::TextTemplate& text, const expr::Frame& frame,
                  std::string& out) const;

  // The fact of a known slot as a field of a Rationale, if the slot is a bool or an enum; else
  // null.
  const Piece* ConstantFact(expr::SlotIndex index, const expr::Frame& frame) const;
  // Writes the fact of a known slot as a field of a Rationale.
  void WriteFact(expr::SlotIndex index, const expr::Frame& frame, WireWriter& writer) const;

 private:
  struct EnumText {
    std::string value;
    std::string display;
    Piece fact;  // encoded field
  };
  struct SlotText {
    Piece head;  // encoded field and label
    std::string unit_text;
    std::vector<EnumText> enum_texts;  // by enum number; for lists of enums too
    EnumText bool_texts[2];
  };

  void AppendListElement(const SlotText& text, const expr::Slot& slot, const expr::Cell& cell,
                         bool display, std::string& out) const;
  void AppendValue(expr::SlotIndex index, const expr::Frame& frame, bool display,
                   std::string& out) const;

  const ruleset::CompiledRuleset& ruleset_;
  std::vector<SlotText> slots_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_FACT_TEXT_H_

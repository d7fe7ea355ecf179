#include "server/engine/fact_text.h"

#include <charconv>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "plumbline/v1/decision.pb.h"
#include "server/engine/wire_writer.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::Cell;
using ::plumbline::expr::Frame;
using ::plumbline::expr::Kind;
using ::plumbline::expr::ListCell;
using ::plumbline::expr::Slot;
using ::plumbline::expr::SlotIndex;
using ::plumbline::expr::State;

constexpr absl::string_view kYes = "yes";
constexpr absl::string_view kNo = "no";
constexpr absl::string_view kNone = "none";
constexpr absl::string_view kNotKnown = "not known";

// Shortest text that reads back as the same number; never depends on the locale.
template <typename Number>
void AppendNumber(Number value, std::string& out) {
  char buffer[32];
  const auto result = std::to_chars(std::begin(buffer), std::end(buffer), value);
  out.append(buffer, result.ptr);
}

}  // namespace

FactText::FactText(const ruleset::CompiledRuleset& ruleset, PieceTable& pieces)
    : ruleset_(ruleset) {
  slots_.resize(ruleset.schema->slots().size());
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = ruleset.schema->slots()[i];
    SlotText& text = slots_[i];
    const uint32_t index = ruleset.question_of_slot[i];
    const v1::Question* question =
        index == ruleset::kNoIndex ? nullptr : &ruleset.source.questions(static_cast<int>(index));
    std::string head;
    WireWriter head_writer(&head);
    head_writer.String(v1::Fact::kFieldFieldNumber, slot.name);
    head_writer.String(v1::Fact::kLabelFieldNumber,
                       question == nullptr ? slot.name : question->label());
    text.head = pieces.Add(head);
    if (question != nullptr) text.unit_text = question->unit_text();

    const auto encode = [&](EnumText& entry) {
      std::string fact;
      WireWriter writer(&fact);
      const WireWriter::Mark mark = writer.Begin(v1::Rationale::kFactsFieldNumber);
      writer.Raw(text.head);
      writer.String(v1::Fact::kValueFieldNumber, entry.value);
      writer.String(v1::Fact::kDisplayFieldNumber, entry.display);
      writer.End(mark);
      entry.fact = pieces.Add(fact);
    };
    for (int b = 0; b < 2 && slot.type.kind == Kind::kBool; ++b) {
      text.bool_texts[b].value = b == 1 ? "true" : "false";
      text.bool_texts[b].display = std::string(b == 1 ? kYes : kNo);
      encode(text.bool_texts[b]);
    }
    if (slot.type.enum_type == nullptr) continue;
    for (int v = 0; v < slot.type.enum_type->value_count(); ++v) {
      const auto* value = slot.type.enum_type->value(v);
      if (value->number() < 0 || value->number() > 255) continue;
      if (static_cast<size_t>(value->number()) >= text.enum_texts.size()) {
        text.enum_texts.resize(static_cast<size_t>(value->number()) + 1);
      }
      EnumText& entry = text.enum_texts[static_cast<size_t>(value->number())];
      entry.value = std::string(expr::ShortEnumValueName(*value));
      entry.display = entry.value;
      if (question != nullptr) {
        for (const v1::AnswerOption& option : question->options()) {
          if (option.value() == entry.value) entry.display = option.label();
        }
      }
      if (slot.type.kind == Kind::kEnum) encode(entry);
    }
  }
}

void FactText::AppendListElement(const SlotText& text, const Slot& slot, const Cell& cell,
                                 bool display, std::string& out) const {
  switch (slot.type.element) {
    case Kind::kEnum: {
      const EnumText& entry = text.enum_texts[static_cast<size_t>(cell.i)];
      out += display ? entry.display : entry.value;
      return;
    }
    case Kind::kDouble:
      AppendNumber(cell.d, out);
      return;
    case Kind::kString:
    case Kind::kRecord:  // rows are named by their first column
      out.append(cell.s.data, cell.s.size);
      return;
    default:
      AppendNumber(cell.i, out);
      return;
  }
}

void FactText::AppendValue(SlotIndex index, const Frame& frame, bool display,
                           std::string& out) const {
  const Slot& slot = ruleset_.schema->slot(index);
  const SlotText& text = slots_[index];
  const Cell cell = frame.slot_cell(index);
  switch (slot.type.kind) {
    case Kind::kBool: {
      const EnumText& entry = text.bool_texts[frame.slot_state(index) == State::kTrue ? 1 : 0];
      out += display ? entry.display : entry.value;
      return;
    }
    case Kind::kEnum: {
      const EnumText& entry = text.enum_texts[static_cast<size_t>(cell.i)];
      out += display ? entry.display : entry.value;
      return;
    }
    case Kind::kString:
      out.append(cell.s.data, cell.s.size);
      return;
    case Kind::kList: {
      const absl::Span<const ListCell> cells = frame.slot_list(index);
      if (display && cells.empty()) {
        out.append(kNone.data(), kNone.size());
        return;
      }
      const size_t columns = slot.type.element == Kind::kRecord && slot.type.record_type != nullptr
                                 ? static_cast<size_t>(slot.type.record_type->field_count())
                                 : 1;
      if (!display) out += "[";
      for (size_t row = 0; row * columns < cells.size(); ++row) {
        if (row > 0) out += ", ";
        AppendListElement(text, slot, cells[row * columns].cell, display, out);
      }
      if (!display) out += "]";
      return;
    }
    case Kind::kDouble:
      AppendNumber(cell.d, out);
      break;
    default:
      AppendNumber(cell.i, out);
      break;
  }
  if (display && !text.unit_text.empty()) {
    out += " ";
    out += text.unit_text;
  }
}

void FactText::AppendDisplay(SlotIndex slot, const Frame& frame, std::string& out) const {
  if (frame.known(slot)) {
    AppendValue(slot, frame, /*display=*/true, out);
  } else {
    out.append(kNotKnown.data(), kNotKnown.size());
  }
}

void FactText::AppendText(const ruleset::TextTemplate& text, const Frame& frame,
                          std::string& out) const {
  out += text.literals.front();
  for (size_t i = 0; i < text.slots.size(); ++i) {
    AppendDisplay(text.slots[i], frame, out);
    out += text.literals[i + 1];
  }
}

const Piece* FactText::ConstantFact(SlotIndex index, const Frame& frame) const {
  const SlotText& text = slots_[index];
  switch (ruleset_.schema->slot(index).type.kind) {
    case Kind::kBool:
      return &text.bool_texts[frame.slot_state(index) == State::kTrue ? 1 : 0].fact;
    case Kind::kEnum:
      return &text.enum_texts[static_cast<size_t>(frame.slot_cell(index).i)].fact;
    default:
      return nullptr;
  }
}

void FactText::WriteFact(SlotIndex index, const Frame& frame, WireWriter& writer) const {
  if (const Piece* fact = ConstantFact(index, frame); fact != nullptr) {
    writer.Raw(*fact);
    return;
  }
  const WireWriter::Mark mark = writer.Begin(v1::Rationale::kFactsFieldNumber);
  writer.Raw(slots_[index].head);
  std::string value;
  AppendValue(index, frame, /*display=*/false, value);
  writer.String(v1::Fact::kValueFieldNumber, value);
  value.clear();
  AppendValue(index, frame, /*display=*/true, value);
  writer.String(v1::Fact::kDisplayFieldNumber, value);
  writer.End(mark);
}

}  // namespace plumbline::engine

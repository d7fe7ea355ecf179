// How each field of the authoring form is compared between two revisions, and how much a difference
// in it matters: one table, from which the comparison, the classes and the version bumps follow.
//
// The table is complete: a test compares it with the descriptors, so that a new field of
// ruleset.proto cannot be forgotten. docs/reference/versioning.md gives the reasons.

#ifndef PLUMBLINE_SERVER_DIFF_FIELDS_H_
#define PLUMBLINE_SERVER_DIFF_FIELDS_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "plumbline/v1/ruleset_diff.pb.h"

namespace plumbline::diff {

enum class Match {
  kKey,         // names the element or the entry that it is in
  kIgnored,     // says nothing about the rules (where files are)
  kValue,       // singular scalar, compared as it is; a reference by what it refers to
  kExpression,  // compared as a checked tree: layout, order of operands do not count
  kWhole,       // message, compared and shown as one value
  kPart,        // singular message, compared field by field
  kOpaque,      // message outside the table, compared field by field as written
  kSet,         // repeated: order does not count
  kSequence,    // repeated: order counts
  kElements,    // repeated message whose entries are elements of their own (ElementRow)
  kElement,     // singular message that is an element of its own (ElementRow)
};

// How much a difference matters, least first.
enum class Weight {
  kNothing,      // the version itself
  kRecord,       // titles, citations, tests, who wrote it: PATCH
  kWords,        // names and reasons that people read, and how well they are founded: MINOR
  kInstruction,  // words that tell somebody what to do about what they get: clinical, MINOR
  kScope,        // for whom and when the rules are meant to be used: clinical, MINOR
  kOutcome,      // who gets what; words that are themselves the limit, the warning, the movement or
                 // the question: clinical, MAJOR
};

v1::ChangeClass ClassOf(Weight weight);
v1::VersionBump BumpOf(Weight weight);

struct DiffField {
  absl::string_view message;  // "TriageRule"
  absl::string_view field;
  Match match;
  Weight weight = Weight::kRecord;
  // Weight of its coming or going (of entries: of one more or fewer), if that is more than a change
  // of the words in it.
  Weight presence = Weight::kNothing;
};

// Which entries of a list of elements have an order that counts.
enum class Order {
  kNone,
  kAll,
  // Conditions: those before a residual one displace it, those after it do not.
  kAroundResidual,
};

// Elements: what a change is reported of.
struct ElementRow {
  absl::string_view message;  // that holds them
  absl::string_view field;
  absl::string_view kind;  // "red flag"
  // Fields that tell entries apart, separated by spaces; empty for a singular element, whose id is
  // the name of its field.
  absl::string_view keys;
  Weight added = Weight::kOutcome;
  Weight removed = Weight::kOutcome;
  Weight renamed = Weight::kWords;
  Order order = Order::kNone;
};

absl::Span<const DiffField> DiffFields();
absl::Span<const ElementRow> ElementRows();

// Null if the table has none: for fields below a kOpaque one.
const DiffField* FindDiffField(const google::protobuf::FieldDescriptor& field);
// Null if the field holds no elements.
const ElementRow* FindElementRow(const google::protobuf::FieldDescriptor& field);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_FIELDS_H_

// The reading form of a ruleset: one document for clinicians who review it, made from the files
// that the engine runs. This is its content, free of layout; render_html.h and render_md.h write it
// down.
//
// Plain data, owned by value.

#ifndef PLUMBLINE_SERVER_REVIEW_RENDER_MODEL_H_
#define PLUMBLINE_SERVER_REVIEW_RENDER_MODEL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/ruleset/document.h"

namespace plumbline::review {

// A run of words that look alike.
struct Span {
  enum class Kind {
    kText,
    kStrong,
    kSoft,   // beside the point: small and grey
    kCode,   // exact text
    kLink,   // to the anchor `target`
    kWeb,    // to the address `target`
    kBadge,  // a short mark; `style` says which
    kBreak,  // a new line; no text
  };
  Kind kind = Kind::kText;
  std::string text;
  std::string target = {};
  std::string style = {};
  // More about it, for who asks.
  std::string title = {};
};
using Line = std::vector<Span>;

// A condition in plain words, as a tree of statements.
struct Criterion {
  // "all of", "any of", "at least 2 of"; empty: one statement.
  std::string lead;
  Line words;  // of one statement
  std::vector<Criterion> parts;
};

struct Block {
  enum class Kind {
    kParagraph,
    kHeading,
    kBullets,    // items
    kSteps,      // items, numbered
    kTable,      // head, rows
    kFacts,      // rows of two cells: what it is called, what it is
    kCriterion,  // criterion, and `line`: the exact expression
    kCard,       // line: its title; children
    kNote,       // children; set apart
    kMore,       // line: what is folded away; children
  };
  // A row of a table, with an anchor if others link to it.
  struct Row {
    std::string anchor;
    std::vector<std::vector<Block>> cells;
  };

  Kind kind = Kind::kParagraph;
  Line line = {};
  std::string anchor = {};
  // Name of a way to show it ("wide", "warning"); renderers may ignore it.
  std::string style = {};
  std::vector<std::vector<Block>> items = {};
  std::vector<std::string> head = {};
  std::vector<Row> rows = {};
  std::vector<Block> children = {};
  Criterion criterion = {};
};

struct Section {
  std::string anchor;
  std::string title;
  std::vector<Block> blocks;
  // Listed below it in the contents: its tables and cards by group.
  struct Entry {
    std::string anchor;
    std::string title;
  };
  std::vector<Entry> entries;
};

struct ReviewPage {
  std::string title;
  std::string subtitle;
  std::vector<Block> cover;
  std::vector<Section> sections;
  // Names that something links to although the ruleset does not define them; empty if all is well.
  std::vector<std::string> dangling;
};

// The document of a ruleset without errors (ruleset::Compile found none). InvalidArgument if an
// expression is wrong; other errors show in the document.
absl::StatusOr<ReviewPage> BuildReviewPage(const ruleset::RulesetDocument& document);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_RENDER_MODEL_H_

#include "server/ruleset/document.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "server/ruleset/source_text.h"
#include "server/ruleset/textproto_schema.h"
#include "server/ruleset/textproto_tree.h"

namespace plumbline::ruleset {
namespace {

constexpr size_t kMaxFileBytes = size_t{4} << 20;
constexpr int kRecursionLimit = 100;

// What protobuf's parser says: the last word on whether a file is valid.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (line_ >= 0) return;
    line_ = line;
    column_ = column;
    message_ = message;
  }
  int line() const { return line_; }
  int column() const { return column_; }
  const std::string& message() const { return message_; }

 private:
  int line_ = -1;
  int column_ = 0;
  std::string message_;
};

// The text without the given ranges: they become blanks, so that all else keeps its place.
std::string BlankedOut(absl::string_view text, const std::vector<TextprotoField>& fields) {
  std::string blanked(text);
  for (const TextprotoField& field : fields) {
    for (size_t i = field.range.begin; i < field.range.end && i < blanked.size(); ++i) {
      if (blanked[i] != '\n') blanked[i] = ' ';
    }
  }
  return blanked;
}

void CollectIds(absl::string_view text, const TextprotoField& field,
                std::vector<std::string>& ids) {
  for (const TextprotoValue& value : field.values) {
    if (field.name == "id" && value.kind == TextprotoValue::Kind::kString) {
      ids.push_back(TextOf(text, value));
    }
    for (const TextprotoField& inner : value.fields) CollectIds(text, inner, ids);
  }
}

// Where a person finds the file, seen from where the folder was typed.
std::string DisplayPath(const SourceFile& source, absl::string_view prefix) {
  const absl::string_view slash = prefix.empty() || absl::EndsWith(prefix, "/") ? "" : "/";
  if (source.ledger.empty()) return absl::StrCat(prefix, slash, source.path);
  // The path begins with the last part of the ledger's name.
  const absl::string_view above =
      absl::string_view(source.ledger).substr(0, source.ledger.rfind('/') + 1);
  return std::filesystem::path(absl::StrCat(prefix, slash, above, source.path))
      .lexically_normal()
      .generic_string();
}

struct PathStep {
  std::string name;
  size_t index = 0;
};

// "red_flags[3].when" -> {red_flags, 3}, {when, 0}.
std::vector<PathStep> SplitPath(absl::string_view path) {
  std::vector<PathStep> steps;
  for (const absl::string_view part : absl::StrSplit(path, '.', absl::SkipEmpty())) {
    const size_t bracket = part.find('[');
    PathStep step{std::string(part.substr(0, bracket)), 0};
    if (bracket != absl::string_view::npos) {
      uint64_t index = 0;
      if (absl::SimpleAtoi(part.substr(bracket + 1, part.size() - bracket - 2), &index)) {
        step.index = index;
      }
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace

struct RulesetDocument::Rep {
  struct File {
    SourceText text;
    TextprotoTree tree;
  };
  // Where an element stands; `value` may be null (nothing was written).
  struct Place {
    const File* file = nullptr;
    const TextprotoField* field = nullptr;
    const TextprotoValue* value = nullptr;
    bool exact = false;  // the element itself, not one around it
  };

  void ParseFile(const SourceFile& source, absl::string_view display_prefix,
                 std::vector<Issue>& issues);
  void Merge(const v1::Ruleset& part, File& file, std::vector<Issue>& issues);
  Place Find(absl::string_view path) const;
  static SourceLocation LocationOf(const Place& place);

  std::vector<SourceFile> sources;
  std::vector<std::unique_ptr<File>> files;
  std::string revision;
  v1::Ruleset merged;
  // Elements of the merged message's own fields, in its order.
  absl::flat_hash_map<std::string, std::vector<Place>> elements;
  bool incomplete = false;
  std::vector<std::string> lost_ids;
};

void RulesetDocument::Rep::ParseFile(const SourceFile& source, absl::string_view display_prefix,
                                     std::vector<Issue>& issues) {
  const std::string display_path = DisplayPath(source, display_prefix);
  files.push_back(std::make_unique<File>(File{SourceText(display_path, source.bytes), {}}));
  File& file = *files.back();
  const auto report = [&](SourceLocation place, std::string code, std::string message,
                          std::string hint = "") {
    incomplete = true;
    issues.push_back(
        {Severity::kError, std::move(place), std::move(code), std::move(message), std::move(hint)});
  };
  if (source.bytes.size() > kMaxFileBytes) {
    return report({display_path}, "file-too-large", "the file is larger than 4 MiB");
  }
  if (const auto bad = FindNonText(source.bytes); bad.has_value()) {
    return report(file.text.At(*bad), "not-text", "the file is not UTF-8 text");
  }

  static const auto* const kPartNames = [] {
    auto* names = new absl::flat_hash_set<std::string>();
    const auto* type = v1::Ruleset::descriptor();
    for (int i = 0; i < type->field_count(); ++i) names->insert(type->field(i)->name());
    return names;
  }();
  file.tree = ScanTextproto(source.bytes, *kPartNames);
  for (TextprotoError& error : file.tree.errors) {
    report(file.text.At(error.offset), "syntax", std::move(error.message), std::move(error.hint));
  }
  std::vector<TextprotoField> removed = std::move(file.tree.broken);
  for (SchemaMistake& mistake :
       CheckAgainstSchema(source.bytes, *v1::Ruleset::descriptor(), file.tree, removed)) {
    report(file.text.At(mistake.offset), std::move(mistake.code), std::move(mistake.message),
           std::move(mistake.hint));
  }
  if (!source.ledger.empty()) {
    for (const TextprotoField& field : file.tree.fields) {
      if (field.name == "sources") continue;
      report(file.text.At(field.range.begin), "not-a-source",
             absl::StrCat("a ledger holds `sources` only; `", field.name,
                          "` belongs into the folder of the ruleset"));
      removed.push_back(field);
    }
    std::erase_if(file.tree.fields,
                  [](const TextprotoField& field) { return field.name != "sources"; });
  }
  for (const TextprotoField& field : removed) CollectIds(source.bytes, field, lost_ids);

  v1::Ruleset part;
  FirstError first_error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&first_error);
  parser.SetRecursionLimit(kRecursionLimit);
  if (parser.ParseFromString(BlankedOut(source.bytes, removed), &part)) {
    Merge(part, file, issues);
  } else if (file.tree.errors.empty()) {
    // Its columns count from 0, and a tab goes to the next multiple of eight; good enough here.
    report({display_path, first_error.line() + 1, first_error.column() + 1}, "syntax",
           first_error.message());
  }
}

void RulesetDocument::Rep::Merge(const v1::Ruleset& part, File& file, std::vector<Issue>& issues) {
  v1::Ruleset accepted = part;
  for (const TextprotoField& field : file.tree.fields) {
    const auto* descriptor = v1::Ruleset::descriptor()->FindFieldByName(field.name);
    std::vector<Place>& places = elements[field.name];
    if (!descriptor->is_repeated() && !places.empty()) {
      const SourceLocation first = LocationOf(places.front());
      issues.push_back(
          {Severity::kError, file.text.At(field.range.begin), "duplicate-part",
           absl::StrCat("`", field.name, "` was given before, in ", first.file, ":", first.line),
           "it may stand in one file only"});
      accepted.GetReflection()->ClearField(&accepted, descriptor);
      continue;
    }
    for (const TextprotoValue& value : field.values) {
      places.push_back({&file, &field, &value, /*exact=*/true});
    }
  }
  merged.MergeFrom(accepted);
}

RulesetDocument::Rep::Place RulesetDocument::Rep::Find(absl::string_view path) const {
  const std::vector<PathStep> steps = SplitPath(path);
  if (steps.empty()) return {};
  const auto root = elements.find(steps.front().name);
  if (root == elements.end() || steps.front().index >= root->second.size()) return {};
  Place place = root->second[steps.front().index];
  for (size_t i = 1; i < steps.size(); ++i) {
    size_t skip = steps[i].index;
    const Place outer = place;
    place.exact = false;
    for (const TextprotoField& field : outer.value->fields) {
      if (field.name != steps[i].name) continue;
      if (skip < field.values.size()) {
        place.field = &field;
        place.value = &field.values[skip];
        place.exact = true;
        break;
      }
      skip -= field.values.size();
    }
    if (!place.exact) return place;
  }
  return place;
}

SourceLocation RulesetDocument::Rep::LocationOf(const Place& place) {
  if (place.file == nullptr) return {};
  const bool block = place.value->kind == TextprotoValue::Kind::kMessage && !place.field->is_list;
  return place.file->text.At(block ? place.field->range.begin : place.value->range.begin);
}

RulesetDocument::RulesetDocument() : rep_(std::make_unique<Rep>()) {}
RulesetDocument::RulesetDocument(RulesetDocument&&) noexcept = default;
RulesetDocument& RulesetDocument::operator=(RulesetDocument&&) noexcept = default;
RulesetDocument::~RulesetDocument() = default;

RulesetDocument RulesetDocument::Parse(std::vector<SourceFile> files, std::vector<Issue>& issues,
                                       absl::string_view display_prefix) {
  RulesetDocument document;
  Rep& rep = *document.rep_;
  rep.sources = std::move(files);
  std::stable_sort(rep.sources.begin(), rep.sources.end(),
                   [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  rep.revision = ComputeRevision(rep.sources);
  for (const SourceFile& source : rep.sources) rep.ParseFile(source, display_prefix, issues);
  return document;
}

RulesetDocument RulesetDocument::OfMessage(v1::Ruleset ruleset, std::string revision) {
  RulesetDocument document;
  document.rep_->merged = std::move(ruleset);
  document.rep_->revision = std::move(revision);
  return document;
}

const v1::Ruleset& RulesetDocument::ruleset() const { return rep_->merged; }
const std::string& RulesetDocument::revision() const { return rep_->revision; }
const std::vector<SourceFile>& RulesetDocument::files() const { return rep_->sources; }

SourceLocation RulesetDocument::Locate(absl::string_view path) const {
  const Rep::Place place = rep_->Find(path);
  // A ruleset that lacks a whole part: its first file stands for all.
  if (place.file == nullptr && !rep_->files.empty()) {
    return {rep_->files.front()->text.At(0).file};
  }
  return Rep::LocationOf(place);
}

SourceLocation RulesetDocument::LocateText(absl::string_view path, size_t offset) const {
  const Rep::Place place = rep_->Find(path);
  if (place.file == nullptr || !place.exact || place.value->kind != TextprotoValue::Kind::kString) {
    return Locate(path);
  }
  return place.file->text.At(SourceOffsetInText(place.file->text.bytes(), *place.value, offset));
}

bool RulesetDocument::IsIncomplete(absl::string_view path) const {
  if (path.empty()) return rep_->incomplete;
  const Rep::Place place = rep_->Find(path);
  return place.exact && place.value->incomplete;
}

const std::vector<std::string>& RulesetDocument::lost_ids() const { return rep_->lost_ids; }

}  // namespace plumbline::ruleset

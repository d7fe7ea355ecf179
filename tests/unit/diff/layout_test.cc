// The rules of this repository, written in other ways: nothing of it is a change.

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "server/diff/fields.h"
#include "server/ruleset/compiler.h"
#include "tests/unit/diff/made_ruleset.h"

namespace plumbline::diff {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ruleset::SourceFile;

std::vector<SourceFile> RealFiles() {
  auto files = ruleset::ReadRulesetFolder(std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) +
                                          "/rules/low_back_pain");
  EXPECT_TRUE(files.ok());
  return *std::move(files);
}

std::shared_ptr<const ruleset::CompiledRuleset> Compiled(std::vector<SourceFile> files) {
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(std::move(files), issues);
  ruleset::CompileOptions options;
  options.lint = false;
  ruleset::CompileResult result =
      ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues), options);
  EXPECT_NE(result.ruleset, nullptr) << testing::Formatted(result.issues).substr(0, 2000);
  return result.ruleset;
}

std::string Text(const v1::Ruleset& ruleset, bool one_line) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(one_line);
  std::string text;
  printer.PrintToString(ruleset, &text);
  return text;
}

class LayoutTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { real_ = Compiled(RealFiles()); }
  static void TearDownTestSuite() { real_.reset(); }

  static void ExpectNoChange(std::vector<SourceFile> files) {
    const auto other = Compiled(std::move(files));
    ASSERT_NE(other, nullptr);
    ASSERT_NE(other->revision, real_->revision) << "not written in another way";
    const v1::RulesetDiff diff = DiffRulesets(*real_, *other);
    EXPECT_EQ(diff.changes_size(), 0) << diff.changes(0).DebugString();
    EXPECT_EQ(diff.required_bump(), v1::VERSION_BUMP_NONE);
    EXPECT_TRUE(diff.version_sufficient());
  }

  // Without the ledgers: what they hold is in the file.
  static v1::Ruleset Merged() {
    v1::Ruleset merged = real_->source;
    merged.mutable_manifest()->clear_ledgers();
    return merged;
  }

  static std::shared_ptr<const ruleset::CompiledRuleset> real_;
};
std::shared_ptr<const ruleset::CompiledRuleset> LayoutTest::real_;

TEST_F(LayoutTest, TheSameFilesAreNoChange) {
  const v1::RulesetDiff diff = DiffRulesets(*real_, *Compiled(RealFiles()));
  EXPECT_EQ(diff.changes_size(), 0);
  EXPECT_EQ(diff.declared_bump(), v1::VERSION_BUMP_NONE);
  EXPECT_TRUE(diff.version_sufficient());
}

TEST_F(LayoutTest, CommentsAndBlankLinesAreNoChange) {
  std::vector<SourceFile> files = RealFiles();
  for (SourceFile& file : files) file.bytes = "# Another word.\n\n" + file.bytes + "\n# End.\n";
  ExpectNoChange(std::move(files));
}

TEST_F(LayoutTest, OneFileInAnotherLayoutIsNoChange) {
  ExpectNoChange({{"all.textproto", Text(Merged(), /*one_line=*/false)}});
  ExpectNoChange({{"all.textproto", Text(Merged(), /*one_line=*/true)}});
}

TEST_F(LayoutTest, AFileForEachElementIsNoChange) {
  const v1::Ruleset merged = Merged();
  const auto& reflection = *merged.GetReflection();
  std::vector<SourceFile> files;
  std::mt19937 random(4711);
  for (int i = 0; i < merged.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *merged.GetDescriptor()->field(i);
    if (!field.is_repeated() || reflection.FieldSize(merged, &field) > 400) {
      v1::Ruleset part;
      if (field.is_repeated()) {
        for (int k = 0; k < reflection.FieldSize(merged, &field); ++k) {
          part.GetReflection()
              ->AddMessage(&part, &field)
              ->CopyFrom(reflection.GetRepeatedMessage(merged, &field, k));
        }
      } else {
        part.GetReflection()
            ->MutableMessage(&part, &field)
            ->CopyFrom(reflection.GetMessage(merged, &field));
      }
      files.push_back({absl::StrCat(field.name(), ".textproto"), Text(part, false)});
      continue;
    }
    // Stages keep their order, and a pattern must stand behind those that it reads.
    const bool ordered = FindElementRow(field)->order != Order::kNone;
    for (int k = 0; k < reflection.FieldSize(merged, &field); ++k) {
      v1::Ruleset part;
      part.GetReflection()
          ->AddMessage(&part, &field)
          ->CopyFrom(reflection.GetRepeatedMessage(merged, &field, k));
      const auto place = ordered ? 100'000u + static_cast<unsigned>(k) : random();
      files.push_back(
          {absl::StrCat(field.name(), "/", place, "-", k, ".textproto"), Text(part, false)});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  ASSERT_GT(files.size(), 400u);
  ASSERT_LE(files.size(), 1'000u) << "what a folder may hold";
  ExpectNoChange(std::move(files));
}

// Shuffles every list whose order does not count, at every depth.
void Shuffle(Message& message, std::mt19937& random) {
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const DiffField* row = FindDiffField(field);
    if (row == nullptr || row->match == Match::kOpaque) continue;
    if (!field.is_repeated()) {
      if (field.message_type() != nullptr && reflection.HasField(message, &field)) {
        Shuffle(*reflection.MutableMessage(&message, &field), random);
      }
      continue;
    }
    const int size = reflection.FieldSize(message, &field);
    for (int k = 0; field.message_type() != nullptr && k < size; ++k) {
      Shuffle(*reflection.MutableRepeatedMessage(&message, &field, k), random);
    }
    const ElementRow* element = FindElementRow(field);
    if (row->match == Match::kSequence || (element != nullptr && element->order != Order::kNone)) {
      continue;
    }
    for (int k = size - 1; k > 0; --k) {
      const auto other = static_cast<int>(random() % static_cast<unsigned>(k + 1));
      reflection.SwapElements(&message, &field, k, other);
    }
  }
}

TEST_F(LayoutTest, AnotherOrderWhereItDoesNotCountIsNoChange) {
  for (const unsigned seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    v1::Ruleset shuffled = Merged();
    Shuffle(shuffled, random);
    ExpectNoChange({{"all.textproto", Text(shuffled, false)}});
  }
}

TEST_F(LayoutTest, RedundantParenthesesAreNoChange) {
  v1::Ruleset other = Merged();
  for (v1::TriageRule& rule : *other.mutable_red_flags()) {
    rule.set_when(absl::StrCat("( (", rule.when(), " ) )"));
  }
  for (v1::Term& term : *other.mutable_terms()) {
    term.set_expression(absl::StrCat("  (\n", term.expression(), ")"));
  }
  ExpectNoChange({{"all.textproto", Text(other, false)}});
}

TEST_F(LayoutTest, OneThresholdIsOneChange) {
  v1::Ruleset other = Merged();
  ASSERT_EQ(other.terms_size(), real_->source.terms_size());
  v1::FollowUpRule& rule = *other.mutable_follow_up_rules(0);
  rule.set_after_days(rule.after_days() + 1);
  const auto compiled = Compiled({{"all.textproto", Text(other, false)}});
  const v1::RulesetDiff diff = DiffRulesets(*real_, *compiled);
  ASSERT_EQ(diff.changes_size(), 1);
  EXPECT_EQ(diff.changes(0).element_id(), rule.id());
  EXPECT_FALSE(diff.version_sufficient());
}

}  // namespace
}  // namespace plumbline::diff

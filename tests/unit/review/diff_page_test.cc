#include "server/review/diff_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/review/diff_html.h"
#include "server/review/diff_md.h"

namespace plumbline::review {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

v1::ElementChange& Add(const std::string& kind, const std::string& id, v1::ChangeClass of,
                       v1::VersionBump bump, v1::RulesetDiff& diff) {
  v1::ElementChange& change = *diff.add_changes();
  change.set_kind(v1::CHANGE_KIND_CHANGED);
  change.set_element_kind(kind);
  change.set_element_id(id);
  change.set_change_class(of);
  change.set_bump(bump);
  change.set_summary(kind + " " + id + ": when `a` becomes `b`");
  return change;
}

v1::RulesetDiff Base(const char* from = "1.0.0", const char* to = "2.0.0") {
  v1::RulesetDiff diff;
  diff.set_old_version(from);
  diff.set_new_version(to);
  diff.set_old_revision(std::string(64, 'a'));
  diff.set_new_revision(std::string(64, 'b'));
  diff.set_required_bump(v1::VERSION_BUMP_MAJOR);
  diff.set_declared_bump(v1::VERSION_BUMP_MAJOR);
  diff.set_version_sufficient(true);
  return diff;
}

std::vector<std::string> Titles(const DiffPage& page) {
  std::vector<std::string> titles;
  for (const DiffSection& section : page.sections) titles.push_back(section.title);
  return titles;
}

TEST(DiffPageTest, SectionsByWhatAReaderHasToDecide) {
  v1::RulesetDiff diff = Base();
  const auto editorial = v1::CHANGE_CLASS_EDITORIAL;
  Add("vignette", "V-1", editorial, v1::VERSION_BUMP_PATCH, diff);
  Add("source", "S", editorial, v1::VERSION_BUMP_PATCH, diff);
  Add("advice", "AD-1", editorial, v1::VERSION_BUMP_MINOR, diff);
  Add("manifest", "manifest", v1::CHANGE_CLASS_CLINICAL, v1::VERSION_BUMP_MINOR, diff);
  Add("red flag", "RF-1", v1::CHANGE_CLASS_CLINICAL, v1::VERSION_BUMP_MAJOR, diff);
  const DiffPage page = BuildDiffPage(diff);
  EXPECT_THAT(Titles(page), ElementsAre("Clinical changes", "Words", "Records", "Tests"));
  // What demands the most first.
  EXPECT_EQ(page.sections[0].groups[0].title, "Red flags");
  EXPECT_EQ(page.sections[0].groups[1].title, "Manifest");
  EXPECT_EQ(page.sections[0].size, 2);
  EXPECT_EQ(page.old_name, "1.0.0, revision aaaaaaaaaaaa");
}

TEST(DiffPageTest, ValuesThatTheSentenceHoldsAreNotRepeated) {
  v1::RulesetDiff diff = Base();
  v1::ElementChange& change =
      Add("red flag", "RF-1", v1::CHANGE_CLASS_CLINICAL, v1::VERSION_BUMP_MAJOR, diff);
  v1::FieldChange& held = *change.add_fields();
  held.set_path("when");
  held.set_old_value("a");
  held.set_new_value("b");
  v1::FieldChange& other = *change.add_fields();
  other.set_path("because");
  other.set_old_value("long");
  const DiffPage page = BuildDiffPage(diff);
  const DiffEntry& entry = page.sections[0].groups[0].entries[0];
  ASSERT_THAT(entry.values, SizeIs(1));
  EXPECT_EQ(entry.values[0].path, "because");
}

TEST(DiffPageTest, ManyTestsAreCounted) {
  v1::RulesetDiff diff = Base();
  for (int i = 0; i < 50; ++i) {
    Add("outcome table", absl::StrCat("T-", i), v1::CHANGE_CLASS_EDITORIAL, v1::VERSION_BUMP_PATCH,
        diff)
        .set_kind(i < 49 ? v1::CHANGE_KIND_ADDED : v1::CHANGE_KIND_REMOVED);
  }
  Add("vignette", "V-1", v1::CHANGE_CLASS_EDITORIAL, v1::VERSION_BUMP_PATCH, diff);
  const DiffPage page = BuildDiffPage(diff);
  ASSERT_THAT(page.sections, SizeIs(1));
  EXPECT_EQ(page.sections[0].size, 51);
  EXPECT_THAT(page.sections[0].counts,
              ElementsAre("49 outcome tables added, 1 outcome table removed"));
  EXPECT_EQ(page.sections[0].groups[0].title, "Vignettes");
}

TEST(DiffPageTest, TheVerdictSaysWhatIsRequiredAndWhatWillDo) {
  EXPECT_EQ(BuildDiffPage(Base()).verdict, "No semantic change.");
  v1::RulesetDiff diff = Base("0.2.0", "0.2.1");
  Add("red flag", "RF-1", v1::CHANGE_CLASS_CLINICAL, v1::VERSION_BUMP_MAJOR, diff);
  diff.set_required_bump(v1::VERSION_BUMP_MINOR);
  diff.set_declared_bump(v1::VERSION_BUMP_PATCH);
  diff.set_version_sufficient(false);
  diff.set_bump_because("the red flag");
  EXPECT_EQ(BuildDiffPage(diff).verdict,
            "The changes require MINOR (MAJOR from 1.0.0 on); 0.2.0 to 0.2.1 is PATCH: too small. "
            "The lowest version that will do is 0.3.0.");
  EXPECT_EQ(VersionRefusal(diff),
            "version 0.2.1 is too small: MINOR (MAJOR from 1.0.0 on) is required, 0.3.0 or later, "
            "because of this change: the red flag");
  EXPECT_EQ(VersionRefusal(Base()), "");
}

TEST(DiffPageTest, SentencesSplitAtBackQuotes) {
  const std::vector<SentencePart> parts = SplitSentence("when `a` becomes `b`");
  ASSERT_THAT(parts, SizeIs(4));
  EXPECT_EQ(parts[0].text, "when ");
  EXPECT_FALSE(parts[0].code);
  EXPECT_EQ(parts[3].text, "b");
  EXPECT_TRUE(parts[3].code);
}

TEST(DiffPageTest, WordsAreComparedOneByOne) {
  std::string same;
  std::string old_only;
  std::string new_only;
  for (const ValuePart& part : CompareWords("keep it warm today", "keep it cool today")) {
    (part.kind == ValuePart::Kind::kSame  ? same
     : part.kind == ValuePart::Kind::kOld ? old_only
                                          : new_only) += part.text;
  }
  EXPECT_EQ(same, "keep it  today");
  EXPECT_EQ(old_only, "warm");
  EXPECT_EQ(new_only, "cool");
  EXPECT_THAT(CompareWords("", ""), IsEmpty());
  // A list that goes on.
  const std::vector<ValuePart> list = CompareWords("A/1, B/2", "A/1, B/2, C/3");
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_EQ(list[0].text, "A/1, B/2");
  EXPECT_EQ(list[1].text, ", C/3");
}

TEST(DiffPageTest, NothingInARuleBecomesMarkup) {
  v1::RulesetDiff diff = Base();
  v1::ElementChange& change =
      Add("advice", "AD-1", v1::CHANGE_CLASS_EDITORIAL, v1::VERSION_BUMP_MINOR, diff);
  change.set_summary("advice AD-1 \"<img src=x> *bold* [a](b)\": text `x\n# y` becomes `z`");
  v1::FieldChange& field = *change.add_fields();
  field.set_path("text");
  field.set_old_value("one\n```\n<script>alert(1)</script>");
  const DiffPage page = BuildDiffPage(diff);
  const std::string markdown = DiffMarkdown(page);
  EXPECT_THAT(markdown, Not(HasSubstr("<img")));
  EXPECT_THAT(markdown, Not(HasSubstr("*bold*\"")));
  EXPECT_THAT(markdown, HasSubstr("\\*bold\\*"));
  EXPECT_THAT(markdown, Not(HasSubstr("\n# y")));
  EXPECT_THAT(markdown, HasSubstr("  - text: one ``` <script>"));
  const RenderedHtml html = DiffHtml(page);
  EXPECT_THAT(html.problems, IsEmpty());
  EXPECT_THAT(html.html, Not(HasSubstr("<img")));
  EXPECT_THAT(html.html, Not(HasSubstr("<script>alert")));
}

}  // namespace
}  // namespace plumbline::review

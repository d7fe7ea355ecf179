// The writer of pages: nothing unescaped, no ambiguous anchor, no link to nowhere.

#include "server/review/html_writer.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/sha256.h"

namespace plumbline::review {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(EscapeHtmlTest, SpecialCharactersBecomeReferences) {
  EXPECT_EQ(EscapeHtml("<b a=\"x\" c='y'> & </b>"),
            "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt; &amp; &lt;/b&gt;");
}

TEST(EscapeHtmlTest, PlainTextAndUnicodeStayAsTheyAre) {
  EXPECT_EQ(EscapeHtml("5–10 °C, naïve\n\t≥ 70"), "5–10 °C, naïve\n\t≥ 70");
}

TEST(EscapeHtmlTest, ControlCharactersAndMalformedUtf8AreReplaced) {
  EXPECT_EQ(EscapeHtml(absl::string_view("a\0b", 3)),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(EscapeHtml("a\x1b[0m"), "a\xef\xbf\xbd[0m");
  EXPECT_EQ(EscapeHtml("a\xff<"), "a\xef\xbf\xbd&lt;");
  EXPECT_EQ(EscapeHtml("\xc2\x85"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(EscapeHtml("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(AnchorTest, IdsOfRulesStayReadable) {
  EXPECT_EQ(AnchorOf("rule", "RF-CES-1"), "rule-RF-CES-1");
  EXPECT_EQ(AnchorOf("passage", "NG59/exclude-serious"), "passage-NG59/exclude-serious");
}

TEST(AnchorTest, OtherCharactersAreEncodedWithoutCollisions) {
  EXPECT_EQ(AnchorOf("test", "a b"), "test-a~20b");
  EXPECT_EQ(AnchorOf("test", "a~20b"), "test-a~7e20b");
  EXPECT_EQ(AnchorOf("test", "\"><script>"), "test-~22~3e~3cscript~3e");
}

TEST(DoiUrlTest, OddCharactersArePercentEncoded) {
  EXPECT_EQ(DoiUrl("10.1136/bmj.g7346"), "https://doi.org/10.1136/bmj.g7346");
  EXPECT_EQ(DoiUrl("10.1/a<b>\"#"), "https://doi.org/10.1/a%3Cb%3E%22%23");
}

TEST(HtmlWriterTest, TextAndAttributesAreEscaped) {
  HtmlWriter writer("<title> & co", "", "");
  writer.Element("p", {{"title", "\"><script>alert(1)</script>"}},
                 "</p><script>alert('x')</script>");
  const std::string page = writer.Finish();
  EXPECT_THAT(page, HasSubstr("<title>&lt;title&gt; &amp; co</title>"));
  EXPECT_THAT(page, HasSubstr("<p title=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\">"
                              "&lt;/p&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</p>"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(writer.problems(), IsEmpty());
}

TEST(HtmlWriterTest, SecondUseOfAnIdIsRefused) {
  HtmlWriter writer("t", "", "");
  writer.Element("p", {{"id", "a"}}, "one");
  writer.Element("p", {{"id", "a"}}, "two");
  const std::string page = writer.Finish();
  EXPECT_THAT(page, HasSubstr("<p id=\"a\">one</p><p>two</p>"));
  EXPECT_THAT(writer.problems(), ElementsAre(HasSubstr("used before")));
}

TEST(HtmlWriterTest, IdsThatAreNoAnchorsAreRefused) {
  for (const char* id : {"", "a b", "a\"b", "a<b", "ä"}) {
    HtmlWriter writer("t", "", "");
    writer.Element("p", {{"id", id}}, "text");
    EXPECT_THAT(writer.Finish(), HasSubstr("<p>text</p>")) << id;
    EXPECT_THAT(writer.problems(), ElementsAre(HasSubstr("not an anchor")));
  }
}

TEST(HtmlWriterTest, LinksOtherThanAnchorsAndWebAddressesAreRefused) {
  for (const char* href : {"javascript:alert(1)", "data:text/html,x", "//evil", " https://x"}) {
    HtmlWriter writer("t", "", "");
    writer.Element("a", {{"href", href}}, "text");
    EXPECT_THAT(writer.Finish(), HasSubstr("<a>text</a>")) << href;
    EXPECT_THAT(writer.problems(), ElementsAre(HasSubstr("web address")));
  }
}

TEST(HtmlWriterTest, AttributesThatRunCodeAreRefused) {
  HtmlWriter writer("t", "", "");
  writer.Element("p", {{"onclick", "x()"}, {"style", "color:red"}, {"class", "k"}}, "text");
  EXPECT_THAT(writer.Finish(), HasSubstr("<p class=\"k\">text</p>"));
  EXPECT_EQ(writer.problems().size(), 2u);
}

TEST(HtmlWriterTest, LinkToAMissingAnchorIsReportedAtTheEnd) {
  HtmlWriter writer("t", "", "");
  writer.Element("a", {{"href", "#later"}}, "forward");
  writer.Element("a", {{"href", "#never"}}, "lost");
  writer.Element("p", {{"id", "later"}}, "here");
  writer.Finish();
  EXPECT_THAT(writer.problems(), ElementsAre("#never: no such anchor"));
}

TEST(HtmlWriterTest, PolicyAllowsExactlyTheStyleAndScriptOfThePage) {
  const auto source = [](absl::string_view content) {
    const Sha256Digest digest = Sha256Of(content);
    return "'sha256-" + absl::Base64Escape(std::string(digest.begin(), digest.end())) + "'";
  };
  HtmlWriter writer("t", "p{margin:0}", "var a=1;");
  const std::string page = writer.Finish();
  EXPECT_THAT(page, HasSubstr("<style>p{margin:0}</style>"));
  EXPECT_THAT(page, HasSubstr("<script>var a=1;</script></body>"));
  EXPECT_THAT(page, HasSubstr(EscapeHtml("default-src 'none'; style-src " + source("p{margin:0}") +
                                         "; script-src " + source("var a=1;") +
                                         "; base-uri 'none'; form-action 'none'")));
}

TEST(HtmlWriterTest, WithoutScriptThePolicyAllowsNone) {
  HtmlWriter writer("t", "p{}", "");
  EXPECT_THAT(writer.Finish(), HasSubstr(EscapeHtml("script-src 'none'")));
}

TEST(HtmlWriterTest, FinishClosesWhatIsOpen) {
  HtmlWriter writer("t", "", "");
  writer.Open("main");
  writer.Open("p");
  writer.Void("br");
  EXPECT_THAT(writer.Finish(), HasSubstr("<main><p><br/></p>\n</main>\n</body>\n</html>\n"));
}

}  // namespace
}  // namespace plumbline::review

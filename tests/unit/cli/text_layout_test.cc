#include "server/cli/text_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumbline::cli {
namespace {

using ::testing::ElementsAre;

TEST(DisplayWidthTest, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("38 \xC2\xB0"
                         "C"),
            5);                                    // degree sign
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1);         // combining acute accent
  EXPECT_EQ(DisplayWidth("\xE6\xBC\xA2"), 2);      // a CJK character
  EXPECT_EQ(DisplayWidth("\xF0\x9F\x98\x80"), 2);  // an emoji
  EXPECT_EQ(DisplayWidth(""), 0);
}

TEST(PrintableTest, NothingReachesTheTerminalButText) {
  EXPECT_EQ(Printable("a\x1b[31mb"), "a?[31mb");
  EXPECT_EQ(Printable("a\xC2\x9B"
                      "31m"),
            "a?31m");  // C1 control sequence introducer
  EXPECT_EQ(Printable("\xE2\x80\xAE"
                      "abc"),
            "?abc");  // right-to-left override
  EXPECT_EQ(Printable("x\ny\tz\rw"), "x y z w");
  EXPECT_EQ(Printable("\xFFok\xC3"), "?ok?");
  EXPECT_EQ(Printable("38 \xC2\xB0"
                      "C"),
            "38 \xC2\xB0"
            "C");
}

TEST(WrapTextTest, BreaksAtSpacesOnly) {
  EXPECT_THAT(WrapText("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(WrapText("one  two", 20), ElementsAre("one two"));
  EXPECT_THAT(WrapText("extraordinarily long", 5), ElementsAre("extraordinarily", "long"));
  EXPECT_THAT(WrapText("", 10), ElementsAre(""));
  EXPECT_THAT(WrapText("   ", 10), ElementsAre(""));
}

TEST(TextPageTest, ItemsHangBelowTheirText) {
  TextPage page(40, false);
  page.Item(2, "* ", "a line that is quite a bit longer than forty columns");
  EXPECT_EQ(page.text(),
            "  * a line that is quite a bit longer\n"
            "    than forty columns\n");
}

TEST(TextPageTest, TableAlignsColumnsAndWrapsTheLast) {
  TextPage page(40, false);
  page.Table(
      1, {"#", "Name", "Why"},
      {{"1", "Bridge \xC2\xB0", "because of a reason that does not fit"}, {"10", "Walk", ""}});
  EXPECT_EQ(page.text(),
            " #   Name      Why\n"
            " 1   Bridge \xC2\xB0  because of a reason that\n"
            "               does not fit\n"
            " 10  Walk\n");
}

TEST(TextPageTest, ColourOnlyWhenAskedFor) {
  TextPage plain(80, false);
  plain.Line(0, "x", Style::kRed);
  EXPECT_EQ(plain.text(), "x\n");
  TextPage coloured(80, true);
  coloured.Line(0, "x", Style::kRed);
  EXPECT_EQ(coloured.text(), "\033[1;31mx\033[0m\n");
}

}  // namespace
}  // namespace plumbline::cli

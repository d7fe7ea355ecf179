#include "server/registry/manifest.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kA(64, 'a');
const std::string kB(64, 'b');
const std::string kC(64, 'c');

std::string FullText() {
  return absl::StrCat("plumbline-manifest/v1\ndeployment clinic.example/test\nserial 7\n",
                      "time 2026-11-21T08:00:00Z\nalias stable ", kA, "\nalias canary ", kB,
                      " 500\nalias shadow ", kC, "\npin ", kB, "\npin ", kC, "\n");
}

std::string Refusal(const std::string& text) {
  const auto manifest = ParseManifest(text, "manifest");
  return manifest.ok() ? "taken" : std::string(manifest.status().message());
}

std::string RefusalOf(const std::string& from, const std::string& to) {
  const std::string text = absl::StrReplaceAll(FullText(), {{from, to}});
  EXPECT_NE(text, FullText());
  return Refusal(text);
}

TEST(ManifestTest, TextComesBackAsItWas) {
  const auto manifest = ParseManifest(FullText(), "manifest");
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->deployment, "clinic.example/test");
  EXPECT_EQ(manifest->serial, 7u);
  EXPECT_EQ(manifest->stable, kA);
  EXPECT_EQ(manifest->canary, kB);
  EXPECT_EQ(manifest->canary_basis_points, 500u);
  EXPECT_EQ(manifest->shadow, kC);
  EXPECT_THAT(manifest->pinned, ElementsAre(kB, kC));
  EXPECT_THAT(RevisionsOf(*manifest), ElementsAre(kA, kB, kC));
  const auto text = FormatManifest(*manifest);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, FullText());
}

TEST(ManifestTest, MistakesNameTheLine) {
  EXPECT_THAT(Refusal(""), HasSubstr("manifest: line 1: `plumbline-manifest/v1` expected"));
  EXPECT_THAT(RefusalOf("manifest/v1", "manifest/v2"), HasSubstr("line 1: "));
  EXPECT_THAT(RefusalOf("deployment clinic.example/test\n", ""), HasSubstr("line 2: `deployment"));
  EXPECT_THAT(RefusalOf("serial 7", "serial 07"), HasSubstr("line 3: `serial` is not a number"));
  EXPECT_THAT(RefusalOf("serial 7", "serial -7"), HasSubstr("line 3: `serial` is not a number"));
  EXPECT_THAT(RefusalOf("serial 7", "serial 9223372036854775808"),
              HasSubstr("line 3: `serial` is not a number"));
  EXPECT_EQ(RefusalOf("serial 7", "serial 9223372036854775807"), "taken");
  EXPECT_THAT(RefusalOf("08:00:00Z", "08:00:00+01:00"), HasSubstr("line 4: `time` is not a time"));
  EXPECT_THAT(RefusalOf("11-21", "02-30"), HasSubstr("line 4: `time` is not a time"));
  EXPECT_THAT(RefusalOf(absl::StrCat("alias stable ", kA, "\n"), ""),
              HasSubstr("a manifest names a stable revision"));
  EXPECT_THAT(RefusalOf(kA, kA.substr(1)), HasSubstr("line 5: `alias stable` is not a revision"));
  EXPECT_THAT(RefusalOf(kA, std::string(64, 'A')), HasSubstr("is not a revision"));
  EXPECT_THAT(RefusalOf(" 500\n", "\n"), HasSubstr("line 6: the share of the canary"));
  EXPECT_THAT(RefusalOf(" 500\n", " 0\n"), HasSubstr("line 6: the share of the canary"));
  EXPECT_THAT(RefusalOf(" 500\n", " 10001\n"), HasSubstr("not a number from 1 to 10000"));
  EXPECT_EQ(RefusalOf(" 500\n", " 10000\n"), "taken");
  EXPECT_THAT(RefusalOf(kB, kA), HasSubstr("line 6: this is the stable revision already"));
  EXPECT_THAT(RefusalOf(absl::StrCat("alias shadow ", kC), absl::StrCat("alias shadow ", kA)),
              HasSubstr("line 7: this is the stable revision already"));
  EXPECT_THAT(
      RefusalOf(absl::StrCat("pin ", kB, "\npin ", kC), absl::StrCat("pin ", kC, "\npin ", kB)),
      HasSubstr("line 9: `pin` lines are sorted"));
  EXPECT_THAT(RefusalOf("alias shadow", "alias next"), HasSubstr("unknown alias"));
  EXPECT_THAT(
      RefusalOf(absl::StrCat("alias canary ", kB, " 500"), absl::StrCat("alias stable ", kB)),
      HasSubstr("line 6: `alias stable` is given twice"));
  EXPECT_THAT(RefusalOf(absl::StrCat("alias shadow ", kC), absl::StrCat("alias canary ", kC, " 1")),
              HasSubstr("line 7: `alias canary` is given twice"));
  EXPECT_THAT(Refusal(FullText() + "more\n"), HasSubstr("line 10: the end expected"));
  EXPECT_THAT(Refusal(FullText().substr(0, FullText().size() - 1)), HasSubstr("no line feed"));
}

TEST(ManifestTest, WhatCannotBeReadCannotBeWritten) {
  auto manifest = ParseManifest(FullText(), "manifest");
  ASSERT_TRUE(manifest.ok());
  manifest->deployment = "two\nlines";
  EXPECT_FALSE(FormatManifest(*manifest).ok());
  manifest->deployment = "x";
  EXPECT_TRUE(FormatManifest(*manifest).ok());
  manifest->canary_basis_points = 10'001;
  EXPECT_FALSE(FormatManifest(*manifest).ok());
}

TEST(ManifestTest, SharesArePercentOrBasisPoints) {
  const auto share = [](const std::string& text) { return ParseShare(text).value_or(0); };
  EXPECT_EQ(share("5%"), 500u);
  EXPECT_EQ(share("0.25 %"), 25u);
  EXPECT_EQ(share("0.5%"), 50u);
  EXPECT_EQ(share("100%"), 10'000u);
  EXPECT_EQ(share("1bp"), 1u);
  for (const char* wrong : {"", "5", "%", "0%", "100.01%", "101%", "0.001%", "-5%", "5.%", ".5%",
                            "1.5bp", "99999%", "5 percent", "1e2%"}) {
    EXPECT_FALSE(ParseShare(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace plumbline::registry

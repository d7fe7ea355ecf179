#include "server/ruleset/lint_readability.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/ruleset/readability.h"

namespace plumbline::ruleset {

void LintReadability(const CheckContext& context) {
  const v1::Manifest& manifest = context.ruleset.manifest();
  const ReadingGlossary glossary(manifest);
  std::string all;
  for (const PatientText& text : PatientTexts(context.ruleset)) {
    for (const std::string& part : text.texts) absl::StrAppend(&all, part, "\n");
    const TextMeasure measure = MeasureTexts(text.texts, glossary);
    const double age = ReadingAge(measure);
    if (age <= kHighestReadingAge) continue;
    context.report.Warning(
        text.path, "reading-age",
        absl::StrFormat("`%s` of `%s` asks for a reading age of %.1f (%d words, %.1f a sentence, "
                        "%.2f syllables a word)",
                        text.field, text.owner, age, measure.words,
                        static_cast<double>(measure.words) / measure.sentences,
                        static_cast<double>(measure.syllables) / measure.words),
        absl::StrFormat("at most %.0f: shorter sentences, shorter words", kHighestReadingAge));
  }
  absl::AsciiStrToLower(&all);
  for (int i = 0; i < manifest.reading_glossary_size(); ++i) {
    const std::string& term = manifest.reading_glossary(i).term();
    if (term.empty() || absl::StrContains(all, absl::AsciiStrToLower(term))) continue;
    context.report.Warning(absl::StrCat("manifest.reading_glossary[", i, "]"),
                           "unused-reading-term",
                           absl::StrCat("no text for patients holds `", term, "`"));
  }
}

}  // namespace plumbline::ruleset

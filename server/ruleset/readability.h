// Readability: how old a reader has to be for the texts that patients see.
//
// The measure is the Flesch-Kincaid grade, 0.39 words/sentences + 11.8 syllables/words - 15.59, and
// the reading age is the grade plus 5. docs/reference/readability.md says how words, sentences and
// syllables are counted, and what is done about short texts.

#ifndef PLUMBLINE_SERVER_RULESET_READABILITY_H_
#define PLUMBLINE_SERVER_RULESET_READABILITY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "plumbline/v1/ruleset.pb.h"

namespace plumbline::ruleset {

// What a text for patients may ask for at most.
inline constexpr double kHighestReadingAge = 12;

// Of one English word in any case; at least 1. What is not a letter or an apostrophe is skipped;
// figures are one syllable.
int CountSyllables(absl::string_view word);

// The words of a ruleset that count as easy. Immutable; thread-safe.
class ReadingGlossary {
 public:
  explicit ReadingGlossary(const v1::Manifest& manifest);
  // Number of words of the longest term that begins at `words[at]`; 0 if none does. Words are in
  // lower case; a plural with "s" is found too.
  size_t Match(absl::Span<const std::string> words, size_t at) const;

 private:
  std::vector<std::vector<std::string>> terms_;
};

struct TextMeasure {
  int words = 0;
  int sentences = 0;
  int syllables = 0;
};

// Each text ends a sentence. {holes} are one word of one syllable.
TextMeasure MeasureTexts(absl::Span<const std::string> texts, const ReadingGlossary& glossary);

// Below 30 words the text is judged within 30 words of plain text.
double ReadingAge(const TextMeasure& measure);

// All texts of one field of one rule, exercise or other element that a patient may read: they are
// judged together.
struct PatientText {
  std::string owner;  // id, or field and part if it has none
  std::string field;  // "because", "steps", "doses.text"
  std::string path;   // of the first text
  std::vector<std::string> texts;
};

// In the order of the ruleset.
std::vector<PatientText> PatientTexts(const v1::Ruleset& ruleset);

// True if patients read this field ("TriageRule", "because").
bool IsPatientText(absl::string_view message, absl::string_view field);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_READABILITY_H_

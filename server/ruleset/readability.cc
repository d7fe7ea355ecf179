#include "server/ruleset/readability.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// "Message.field" of everything that a patient may read. What is not here is for clinicians and
// authors.
constexpr absl::string_view kPatientFields[] = {
    "Question.wording",
    "Question.help",
    "AnswerOption.label",
    "ConsistencyRule.message",
    "LevelText.title",
    "LevelText.time_frame",
    "LevelText.patient_text",
    "GateText.title",
    "GateText.patient_text",
    "ProgrammeLimit.because",
    "TriageOnIndeterminate.because",
    "TriageRule.because",
    "SafetyScreen.because",
    "ScreenEscalation.because",
    "ReferralTarget.patient_text",
    "ClinicalCondition.patient_title",
    "ClinicalCondition.patient_text",
    "ClinicalCondition.prognosis",
    "Finding.because",
    "Stage.patient_text",
    "Stage.because",
    "Stratum.text",
    "Exercise.purpose",
    "Exercise.steps",
    "Exercise.cues",
    "Exercise.common_mistakes",
    "Exercise.stop_rules",
    "Exercise.not_prescribed_because",
    "DoseStep.text",
    "Variant.name",
    "Variant.steps",
    "Indication.because",
    "Contraindication.because",
    "Caution.text",
    "Prerequisite.until",
    "ScoreAdjustment.because",
    "ProgrammeRules.neutral_because",
    "SequenceStep.because",
    "SizeLimit.because",
    "Quota.because",
    "Pairing.because",
    "ResponsePolicy.easy_because",
    "ResponsePolicy.tolerated_because",
    "ResponsePolicy.reduce_because",
    "ResponsePolicy.skip_because",
    "Advice.text",
    "FollowUpRule.text",
    "SafetyNetText.title",
    "SafetyNetText.text",
    "SafetyNetText.items",
    "Notice.text",
};

// Parts whose texts are judged with those of what they belong to: all doses of an exercise, all
// labels of a question.
constexpr absl::string_view kInnerParts[] = {"AnswerOption", "DoseStep", "Variant",
                                             "TriageOnIndeterminate"};

// ---- Syllables

bool IsVowel(char c) { return absl::string_view("aeiouy").find(c) != absl::string_view::npos; }

// Words that the rules below get wrong, or would without being listed, by their syllables.
struct KnownWords {
  int syllables;
  absl::string_view words;
};
constexpr KnownWords kKnownWords[] = {
    {1,
     "ache aches bruise cared caused does dyes eye eyes fire goes hour hours knees move "
     "nerves our piece real shoes tired toes used"},
    {2,
     "able acne ancient ankle anxious awesome being believe business café cauda client "
     "colleague colour conscience conscious couple create cushion cushions diet doctor "
     "doing evening every extreme fashion fluent fluid fluids forearm forearms going "
     "handsome headache heroes higher homework hundred issue junior kidney kidneys legion "
     "leisure lifestyle likely lion lonesome lower million muscle muscles naked nuisance "
     "onion partial patient patients pelvic people pigeon poem quiet react really region "
     "relief relieve relieves rescue routine ruin sacred safety science senior sideway "
     "sideways social soldier someone something sometimes somewhere special surgeon "
     "surgeons table therefore tissue tissues toilet trial trials union urine vaccine "
     "vacuum value valued via vision whereas wholesome wicked wretched"},
    {3,
     "abdomen actual anyone aorta area areas arthritis behaviour biopsy coincide colitis "
     "continue continued continues efficient element elements equina essential everyday "
     "everyone everything examine examined familiar genuine gradual haemorrhage hospital "
     "idea ideas influence initial manual medicine medicines nausea obvious oedema opinion "
     "period periods pneumonia previous quietly radius reaction recipe serious several "
     "sexual simile specialist specialists sufficient suicide triangle unable usual "
     "various vertebra vertebrae video violence violent wellbeing"},
    {4,
     "actually anaemia aneurysm cooperate diagnosis dialysis diarrhoea evaluate gradually "
     "gymnasium leukaemia myeloma psoriasis reality sciatica situation usually uveitis"},
    {5, "chemotherapy"},
    {6,
     "osteoarthritis osteoporosis physiotherapist physiotherapists physiotherapy "
     "radiotherapy spondyloarthritis"},
};

// 0 if the word is not listed.
int KnownSyllables(const std::string& word) {
  static const auto* const kSyllables = [] {
    auto* syllables = new absl::flat_hash_map<std::string, int>();
    for (const KnownWords& known : kKnownWords) {
      for (const absl::string_view known_word : absl::StrSplit(known.words, ' ')) {
        syllables->emplace(known_word, known.syllables);
      }
    }
    return syllables;
  }();
  const auto found = kSyllables->find(word);
  return found == kSyllables->end() ? 0 : found->second;
}

bool EndsInSibilant(absl::string_view stem) {
  for (const absl::string_view end : {"s", "x", "z", "ch", "sh", "c", "g"}) {
    if (absl::EndsWith(stem, end)) return true;
  }
  return false;
}

// True if the final "e", "es" or "ed" of the word is not spoken.
bool HasSilentEnding(absl::string_view word) {
  if (absl::EndsWith(word, "ed") && word.size() > 3) {
    const char before = word[word.size() - 3];
    return before != 't' && before != 'd' && !IsVowel(before);
  }
  if (absl::EndsWith(word, "es") && word.size() > 3) {
    const absl::string_view stem = word.substr(0, word.size() - 2);
    if (IsVowel(stem.back())) return false;
    // "muscles": the l is a syllable of its own.
    if (stem.back() == 'l' && stem.size() > 1 && !IsVowel(stem[stem.size() - 2])) return false;
    return !EndsInSibilant(stem);
  }
  if (word.back() != 'e' || word.size() < 3 || IsVowel(word[word.size() - 2])) return false;
  return word[word.size() - 2] != 'l' || IsVowel(word[word.size() - 3]);
}

// "safely", "movement", "careful": the e before the ending is not spoken.
bool HasSilentMiddle(absl::string_view word) {
  for (const absl::string_view ending : {"ly", "ment", "ments", "ful", "fully", "ness", "less"}) {
    if (!absl::EndsWith(word, ending) || word.size() < ending.size() + 4) continue;
    const absl::string_view stem = word.substr(0, word.size() - ending.size());
    if (stem.back() != 'e') continue;
    return !IsVowel(stem[stem.size() - 2]) && IsVowel(stem[stem.size() - 3]);
  }
  return false;
}

// Two vowels that are spoken apart, at `at`.
bool IsSplit(absl::string_view word, size_t at) {
  const absl::string_view pair = word.substr(at, 2);
  if (pair == "ia" || pair == "io" || pair == "iu") {
    // "action", "spinal specialist", "musician": one syllable with the consonant before.
    const char before = at == 0 ? ' ' : word[at - 1];
    return before != 't' && before != 's' && before != 'c' && before != 'g' && before != 'x';
  }
  // "carrying", "seeing".
  if ((pair == "yi" || pair == "ei" || pair == "oi" || pair == "ui") &&
      word.substr(at + 1) == "ing") {
    return true;
  }
  if (pair == "ii" || pair == "eo" || pair == "ao" || pair == "uo") {
    return !absl::StartsWith(word.substr(at), "eou");
  }
  return pair == "ie" && word.substr(at) == "iety";
}

// ---- Words

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '\'' || c == '-' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

// A point or comma within a number.
bool IsWithinNumber(absl::string_view text, size_t at) {
  const auto is_digit = [text](size_t i) {
    return i < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[i]));
  };
  return (text[at] == '.' || text[at] == ',') && at > 0 && is_digit(at - 1) && is_digit(at + 1);
}

constexpr absl::string_view kHole = "{}";

// Words in lower case (a hole is kHole), and the number of sentences that end in the text.
struct Tokens {
  std::vector<std::string> words;
  int sentences = 0;
};

bool EndsSentence(absl::string_view text, size_t at) {
  if (absl::string_view(".!?:;").find(text[at]) == absl::string_view::npos) return false;
  return at + 1 == text.size() || !IsWordByte(text[at + 1]);
}

Tokens Tokenize(absl::string_view text) {
  Tokens tokens;
  bool open = false;  // words since the last end of a sentence
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '{' && text.substr(i, 2) != "{{") {
      const size_t close = std::min(text.find('}', i), text.size() - 1);
      tokens.words.emplace_back(kHole);
      open = true;
      i = close + 1;
    } else if (IsWordByte(text[i]) && text[i] != '-' && text[i] != '\'') {
      const size_t begin = i;
      while (i < text.size() && (IsWordByte(text[i]) || IsWithinNumber(text, i))) ++i;
      tokens.words.push_back(absl::AsciiStrToLower(text.substr(begin, i - begin)));
      open = true;
    } else {
      if (open && EndsSentence(text, i)) {
        ++tokens.sentences;
        open = false;
      }
      ++i;
    }
  }
  if (open) ++tokens.sentences;
  return tokens;
}

// ---- Texts of a ruleset

std::string OwnerName(const Message& message, const std::string& path) {
  for (const char* name : {"id", "field", "level", "gate"}) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->is_repeated()) continue;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      std::string id = message.GetReflection()->GetString(message, field);
      if (!id.empty()) return id;
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      return message.GetReflection()->GetEnum(message, field)->name();
    }
  }
  return path;
}

// "questions[3].options[0]" -> "questions[3]".
std::string Above(const std::string& path) { return path.substr(0, path.rfind('.')); }

std::string WithoutIndex(absl::string_view part) {
  return std::string(part.substr(0, part.find('[')));
}

class TextCollector {
 public:
  std::vector<PatientText> Run(const v1::Ruleset& ruleset) && {
    WalkMessages(ruleset, [this](const Message& message, const std::string& path) {
      if (!IsForPatients(message, path)) return;
      owners_[path] = OwnerName(message, path);
      const auto* type = message.GetDescriptor();
      for (int i = 0; i < type->field_count(); ++i) {
        if (IsPatientText(type->name(), type->field(i)->name())) {
          Add(message, *type->field(i), path);
        }
      }
    });
    return std::move(texts_);
  }

 private:
  // Questions that only an examination answers are not put to patients.
  bool IsForPatients(const Message& message, const std::string& path) {
    const auto* type = message.GetDescriptor();
    if (type == v1::Question::descriptor() &&
        static_cast<const v1::Question&>(message).clinician_only()) {
      hidden_.insert(path);
      return false;
    }
    // Why a rule that is left open is of low value: for authors.
    if (type == v1::TriageOnIndeterminate::descriptor() &&
        static_cast<const v1::TriageOnIndeterminate&>(message).action() !=
            v1::TriageOnIndeterminate::ACTION_RAISE) {
      return false;
    }
    return !hidden_.contains(Above(path));
  }

  void Add(const Message& message, const FieldDescriptor& field, const std::string& path) {
    const bool inner =
        std::find(std::begin(kInnerParts), std::end(kInnerParts),
                  absl::string_view(message.GetDescriptor()->name())) != std::end(kInnerParts);
    const std::string owner_path = inner ? Above(path) : path;
    const std::string name =
        inner ? absl::StrCat(WithoutIndex(path.substr(path.rfind('.') + 1)), ".", field.name())
              : field.name();
    const auto& reflection = *message.GetReflection();
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string text = field.is_repeated()
                                   ? reflection.GetRepeatedString(message, &field, i)
                                   : reflection.GetString(message, &field);
      if (text.empty()) continue;
      const auto [at, added] = index_.emplace(absl::StrCat(owner_path, ".", name), texts_.size());
      if (added) {
        const std::string place = absl::StrCat(path, ".", field.name());
        texts_.push_back({owners_[owner_path],
                          name,
                          field.is_repeated() ? absl::StrCat(place, "[", i, "]") : place,
                          {}});
      }
      texts_[at->second].texts.push_back(text);
    }
  }

  std::vector<PatientText> texts_;
  std::map<std::string, size_t> index_;
  std::map<std::string, std::string> owners_;
  absl::flat_hash_set<std::string> hidden_;
};

}  // namespace

int CountSyllables(absl::string_view word) {
  std::string letters;
  for (const char c : word) {
    if (absl::ascii_isalpha(static_cast<unsigned char>(c)) || (c & 0x80) != 0) {
      letters += absl::ascii_tolower(static_cast<unsigned char>(c));
    } else if (c == '-') {
      // The parts of a compound are spoken one after the other.
      const size_t at = word.find('-');
      return CountSyllables(word.substr(0, at)) + CountSyllables(word.substr(at + 1));
    }
  }
  // "they'd", "patient's": spoken with the word.
  if (const size_t at = word.find('\''); at != absl::string_view::npos && at > 0) {
    return CountSyllables(word.substr(0, at));
  }
  if (letters.empty()) return 1;
  if (const int known = KnownSyllables(letters); known > 0) return known;

  int count = 0;
  for (size_t i = 0; i < letters.size(); ++i) {
    if (!IsVowel(letters[i]) || (i == 0 && letters[i] == 'y')) continue;
    if (i == 0 || !IsVowel(letters[i - 1]) || (i == 1 && letters[0] == 'y')) ++count;
    if (i + 1 < letters.size() && IsVowel(letters[i + 1]) && IsSplit(letters, i)) ++count;
  }
  if (HasSilentEnding(letters)) --count;
  if (HasSilentMiddle(letters)) --count;
  // "spasm", "rhythm".
  if (absl::EndsWith(letters, "sm") || absl::EndsWith(letters, "thm")) ++count;
  return std::max(count, 1);
}

ReadingGlossary::ReadingGlossary(const v1::Manifest& manifest) {
  for (const v1::ReadingTerm& term : manifest.reading_glossary()) {
    std::vector<std::string> words = Tokenize(term.term()).words;
    if (!words.empty()) terms_.push_back(std::move(words));
  }
}

size_t ReadingGlossary::Match(absl::Span<const std::string> words, size_t at) const {
  size_t longest = 0;
  for (const std::vector<std::string>& term : terms_) {
    if (term.size() <= longest || term.size() > words.size() - at) continue;
    bool same = true;
    for (size_t i = 0; i < term.size() && same; ++i) {
      const std::string& word = words[at + i];
      same = word == term[i] || (i + 1 == term.size() && word == term[i] + "s");
    }
    if (same) longest = term.size();
  }
  return longest;
}

TextMeasure MeasureTexts(absl::Span<const std::string> texts, const ReadingGlossary& glossary) {
  TextMeasure measure;
  for (const std::string& text : texts) {
    const Tokens tokens = Tokenize(text);
    measure.sentences += tokens.sentences;
    measure.words += static_cast<int>(tokens.words.size());
    for (size_t i = 0; i < tokens.words.size(); ++i) {
      if (const size_t easy = glossary.Match(tokens.words, i); easy > 0) {
        // A word that everybody knows reads like one of at most two syllables.
        for (size_t k = i; k < i + easy; ++k) {
          measure.syllables += std::min(CountSyllables(tokens.words[k]), 2);
        }
        i += easy - 1;
      } else {
        measure.syllables += CountSyllables(tokens.words[i]);
      }
    }
  }
  return measure;
}

double ReadingAge(const TextMeasure& measure) {
  constexpr double kFewWords = 30;
  constexpr double kPlainSentence = 12;
  constexpr double kPlainSyllables = 1.4;
  double words = measure.words;
  double sentences = std::max(measure.sentences, 1);
  double syllables = measure.syllables;
  if (words < kFewWords) {
    sentences += (kFewWords - words) / kPlainSentence;
    syllables += (kFewWords - words) * kPlainSyllables;
    words = kFewWords;
  }
  return 0.39 * words / sentences + 11.8 * syllables / words - 15.59 + 5;
}

std::vector<PatientText> PatientTexts(const v1::Ruleset& ruleset) {
  return TextCollector().Run(ruleset);
}

bool IsPatientText(absl::string_view message, absl::string_view field) {
  static const auto* const kFields = new absl::flat_hash_set<absl::string_view>(
      std::begin(kPatientFields), std::end(kPatientFields));
  return kFields->contains(absl::StrCat(message, ".", field));
}

}  // namespace plumbline::ruleset

// Checks of the manifest, the sources and the questions.

#include <cmath>
#include <set>
#include <string>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/ruleset/checks.h"
#include "server/ruleset/document.h"
#include "server/ruleset/suggest.h"

namespace plumbline::ruleset {
namespace {

using expr::Slot;
using google::protobuf::EnumDescriptor;
using google::protobuf::Message;

bool IsSemanticVersion(absl::string_view version) {
  const std::vector<absl::string_view> parts = absl::StrSplit(version, '.');
  if (parts.size() != 3) return false;
  for (const absl::string_view part : parts) {
    if (part.empty() || part.size() > 9 || (part.size() > 1 && part[0] == '0')) return false;
    for (const char c : part) {
      if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
    }
  }
  return true;
}

void CheckDates(const CheckContext& context) {
  WalkMessages(context.ruleset, [&context](const Message& message, const std::string& path) {
    if (message.GetDescriptor() != v1::Date::descriptor()) return;
    if (IsRealDate(static_cast<const v1::Date&>(message))) return;
    context.report.Error(path, "malformed-date", "there is no such day",
                         "year 1-9999, month 1-12, day 1-31");
  });
}

bool IsNumber(const expr::Type& type) {
  return type.kind == expr::Kind::kInt || type.kind == expr::Kind::kDouble;
}

// The values that a question's options label; null if it takes no options.
const EnumDescriptor* OptionsOf(const Slot& slot) {
  return slot.source == expr::SlotSource::kTri ? nullptr : slot.type.enum_type;
}

void CheckNumberQuestion(const v1::Question& question, const std::string& path, Report& report) {
  if (question.unit().empty()) {
    report.Missing(path, "missing-unit",
                   absl::StrCat("the number `", question.field(), "` has no unit"),
                   "UCUM, for example \"d\", \"cm\", \"{score}\"");
  }
  if (!question.has_min() || !question.has_max()) {
    report.Missing(path, "missing-range",
                   absl::StrCat("the number `", question.field(), "` has no plausible range"),
                   "give `min` and `max`");
  } else if (question.min() > question.max()) {
    report.Error(path + ".min", "inverted-range", "`min` is greater than `max`");
  }
}

void CheckOptions(const v1::Question& question, const std::string& path, const EnumDescriptor& type,
                  Report& report) {
  std::set<std::string> expected;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (value.number() != 0) expected.emplace(expr::ShortEnumValueName(value));
  }
  std::set<std::string> given;
  for (int i = 0; i < question.options_size(); ++i) {
    const std::string& value = question.options(i).value();
    const std::string value_path = absl::StrCat(path, ".options[", i, "].value");
    if (value.empty()) continue;
    if (expected.count(value) == 0) {
      report.Error(value_path, "unknown-option",
                   absl::StrCat(type.name(), " has no value `", value, "`"),
                   DidYouMean(value, {expected.begin(), expected.end()}));
    } else if (!given.insert(value).second) {
      report.Error(value_path, "duplicate-option",
                   absl::StrCat("`", value, "` has a label already"));
    }
  }
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    const std::string name(expr::ShortEnumValueName(value));
    // "Not known" has the same label everywhere, unless the question gives its own.
    if (value.number() == 0 || expr::IsUnknownEnumValue(value) || given.count(name) > 0) continue;
    report.Missing(path, "missing-option",
                   absl::StrCat("`", question.field(), "` has no label for ", name));
  }
}

void CheckQuestion(const v1::Question& question, const std::string& path, const Slot& slot,
                   Report& report) {
  const bool number = IsNumber(slot.type);
  if (number) {
    CheckNumberQuestion(question, path, report);
  } else if (question.has_min() || question.has_max() || !question.unit().empty()) {
    const char* field = question.has_min() ? ".min" : question.has_max() ? ".max" : ".unit";
    report.Error(path + field, "unexpected-range",
                 absl::StrCat("`", slot.name, "` is not a number: it has no unit and range"));
  }
  if (slot.type.kind == expr::Kind::kString) {
    if (question.max_length() < 1) {
      report.Missing(path, "missing-max-length",
                     absl::StrCat("the text `", slot.name, "` has no `max_length`"));
    }
  } else if (question.has_max_length()) {
    report.Error(path + ".max_length", "unexpected-range",
                 absl::StrCat("`", slot.name, "` is not a text: it has no `max_length`"));
  }
  if (const EnumDescriptor* options = OptionsOf(slot); options != nullptr) {
    CheckOptions(question, path, *options, report);
  } else if (question.options_size() > 0 && slot.source != expr::SlotSource::kTri) {
    report.Error(path + ".options[0]", "unexpected-options",
                 absl::StrCat("`", slot.name, "` does not choose among values"));
  }
}

}  // namespace

void CheckManifest(const CheckContext& context) {
  CheckDates(context);
  const v1::Manifest& manifest = context.ruleset.manifest();
  if (!manifest.version().empty() && !IsSemanticVersion(manifest.version())) {
    context.report.Error("manifest.version", "malformed-version",
                         absl::StrCat("`", manifest.version(), "` is not a semantic version"),
                         "MAJOR.MINOR.PATCH, for example \"1.4.0\"");
  }
  const auto key = [](const v1::Date& date) {
    return std::make_tuple(date.year(), date.month(), date.day());
  };
  if (manifest.has_effective_from() && manifest.has_effective_until() &&
      key(manifest.effective_from()) > key(manifest.effective_until())) {
    context.report.Error("manifest.effective_until", "inverted-range",
                         "the ruleset ends before it begins");
  }
  for (int i = 0; i < manifest.ledgers_size(); ++i) {
    const std::string& ledger = manifest.ledgers(i);
    if (const std::string mistake = LedgerMistake(ledger); !mistake.empty()) {
      context.report.Error(absl::StrCat("manifest.ledgers[", i, "]"), "malformed-ledger",
                           absl::StrCat("`", ledger, "`: ", mistake));
    }
  }
}

void CheckSources(const CheckContext& context) {
  for (int i = 0; i < context.ruleset.sources_size(); ++i) {
    const v1::Source& source = context.ruleset.sources(i);
    const std::string path = At("sources", i);
    if (!source.doi().empty() && !source.url().empty()) {
      context.report.Error(path + ".url", "doi-and-url",
                           absl::StrCat("`", source.id(), "` has a doi and a url"),
                           "the doi is enough");
    }
    if (!source.doi().empty() && !absl::StartsWith(source.doi(), "10.")) {
      context.report.Error(path + ".doi", "malformed-doi",
                           absl::StrCat("`", source.doi(), "` is not a doi"),
                           "it begins with \"10.\", without resolver");
    }
    if (!source.url().empty() && !absl::StartsWith(source.url(), "https://") &&
        !absl::StartsWith(source.url(), "http://")) {
      context.report.Error(path + ".url", "malformed-url",
                           absl::StrCat("`", source.url(), "` is not a web address"));
    }
  }
}

void CheckQuestions(const CheckContext& context) {
  std::set<std::string> asked;
  for (int i = 0; i < context.ruleset.questions_size(); ++i) {
    const v1::Question& question = context.ruleset.questions(i);
    const std::string path = At("questions", i);
    const auto slot = context.schema.Find(question.field());
    if (!slot.has_value()) continue;  // reported as a reference
    if (!asked.insert(question.field()).second) {
      context.report.Error(path + ".field", "duplicate-question",
                           absl::StrCat("`", question.field(), "` has a question already"));
      continue;
    }
    CheckQuestion(question, path, context.schema.slot(*slot), context.report);
  }
}

}  // namespace plumbline::ruleset

// Evaluates intakes written as text against a small ruleset.

#ifndef PLUMBLINE_TESTS_UNIT_ENGINE_EVALUATE_H_
#define PLUMBLINE_TESTS_UNIT_ENGINE_EVALUATE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "plumbline/v1/decision.pb.h"
#include "plumbline/v1/intake.pb.h"
#include "server/engine/engine.h"
#include "tests/testing/engine/safe_answers.h"
#include "tests/testing/engine/small_ruleset.h"

namespace plumbline::engine {

// Parts of an intake text; a later part overrides an earlier one, field by field.
inline constexpr char kOverride[] = "#override#";

inline v1::Intake ParseIntake(std::string text) {
  v1::Intake intake;
  while (true) {
    const size_t end = text.find(kOverride);
    v1::Intake part;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text.substr(0, end), &part)) << text;
    intake.MergeFrom(part);
    if (end == std::string::npos) return intake;
    text = text.substr(end + sizeof(kOverride) - 1);
  }
}

// kSafeAnswers; what is appended overrides them.
inline std::string SafeAnswers() { return absl::StrCat(testing::kSafeAnswers, kOverride); }

class EngineTest : public ::testing::Test {
 protected:
  // Uses another ruleset text from now on.
  void UseRuleset(const std::string& text) {
    auto compiled = testing::CompileText(text);
    ASSERT_NE(compiled, nullptr);
    engine_ = std::make_unique<Engine>(std::move(compiled));
  }

  v1::Decision Evaluate(const std::string& text, View view = View::kFull) {
    if (engine_ == nullptr) UseRuleset(testing::SmallRulesetText());
    violations_ = engine_->Evaluate(ParseIntake(text), absl::CivilDay(2026, 11, 21), view,
                                    workspace_, bytes_);
    v1::Decision decision;
    if (violations_.empty()) {
      EXPECT_TRUE(decision.ParseFromString(bytes_));
    }
    return decision;
  }

  std::unique_ptr<Engine> engine_;
  Workspace workspace_;
  std::string bytes_;
  std::vector<FieldViolation> violations_;
};

template <typename Repeated>
std::vector<std::string> Ids(const Repeated& items) {
  std::vector<std::string> ids;
  for (const auto& item : items) ids.push_back(item.exercise_id());
  return ids;
}

inline std::vector<std::string> FiredIds(const v1::Decision& decision) {
  std::vector<std::string> ids;
  for (const v1::FiredRule& rule : decision.fired_rules())
    ids.push_back(rule.rationale().rule_id());
  return ids;
}

}  // namespace plumbline::engine

#endif  // PLUMBLINE_TESTS_UNIT_ENGINE_EVALUATE_H_

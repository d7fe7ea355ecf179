// Sections on evidence: questions, hazards, sources, what is not encoded, tests.

#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/expr/schema.h"
#include "server/review/render_builder.h"
#include "server/review/safety_case.h"

namespace plumbline::review {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// As many rules as are shown beside a passage before the rest is folded away.
constexpr size_t kRulesShown = 8;

Block Id(const std::string& id) { return Paragraph(Line{Code(id)}, "id"); }

std::string NumberText(double value) {
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), result.ptr);
}

std::string ShortName(const google::protobuf::EnumValueDescriptor& value) {
  return std::string(expr::ShortEnumValueName(value));
}

}  // namespace

Section ReviewBuilder::Questions() const {
  Section section{"questions", "Questions", {}, {}};
  std::vector<std::string> groups;
  std::map<std::string, std::vector<int>> members;
  for (int i = 0; i < ruleset_.questions_size(); ++i) {
    const std::string& group = ruleset_.questions(i).group();
    if (members[group].empty()) groups.push_back(group);
    members[group].push_back(i);
  }
  for (const std::string& group : groups) {
    const std::string anchor = AnchorOf("questions", group);
    section.entries.push_back({anchor, group});
    section.blocks.push_back(Heading(group, anchor));
    Block table = Table({"Question", "Wording", "Answer", "Codes"}, "questions");
    for (const int i : members[group]) {
      const v1::Question& question = ruleset_.questions(i);
      Cell name = {Paragraph(Line{Strong(question.label())}), Id(question.field())};
      if (question.clinician_only()) {
        name.push_back(Paragraph(Line{Badge("clinician only", "status")}));
      }
      Cell wording = {Paragraph(question.wording())};
      if (!question.clinician_wording().empty()) {
        wording.push_back(Labelled("Clinician:", {Plain(question.clinician_wording())}));
      }
      if (!question.help().empty()) {
        wording.push_back(Paragraph(Line{Soft(question.help())}));
      }
      if (!question.ask_when().empty()) {
        wording.push_back(Labelled(
            "Asked unless known not to be:",
            ConditionLine(absl::StrCat("questions[", i, "].ask_when"), question.ask_when())));
      }
      Cell answer;
      if (question.has_min() || question.has_max()) {
        answer.push_back(
            Paragraph(absl::StrCat(NumberText(question.min()), " to ", NumberText(question.max()),
                                   " ", question.unit_text())));
        answer.push_back(Paragraph(Line{Soft(absl::StrCat("unit ", question.unit()))}));
      } else if (question.has_max_length()) {
        answer.push_back(
            Paragraph(absl::StrCat("text, at most ", question.max_length(), " characters")));
      } else if (question.options().empty()) {
        answer.push_back(Paragraph("yes or no"));
      }
      Block options;
      options.kind = Block::Kind::kBullets;
      for (const v1::AnswerOption& option : question.options()) {
        options.items.push_back(
            {Paragraph(Line{Plain(option.label()), Plain(" "), Soft(option.value())})});
      }
      if (!options.items.empty()) answer.push_back(std::move(options));
      Cell codes;
      for (const v1::Coding& coding : question.codings()) {
        codes.push_back(Paragraph(
            Line{Plain(absl::StrCat(coding.system(), " ")), Code(coding.code()),
                 Plain(absl::StrCat(" ", coding.display(), " ")), StatusMark(coding.status())}));
      }
      table.rows.push_back(
          {QuestionAnchor(question.field()),
           {std::move(name), std::move(wording), std::move(answer), std::move(codes)}});
    }
    section.blocks.push_back(std::move(table));
  }
  return section;
}

Section ReviewBuilder::Hazards() const {
  Section section{"hazards", "Hazards", {}, {}};
  if (ruleset_.hazards().empty()) return section;
  section.blocks.push_back(
      Paragraph("Ways in which the product could contribute to harm, and what is done about them, "
                "worst first. "
                "The report of the command “rules safety-case” shows the proof of each control."));
  const auto risk = [](v1::HazardSeverity severity, v1::HazardLikelihood likelihood) {
    return absl::StrCat(EnumWords(*v1::HazardSeverity_descriptor(), severity), " × ",
                        EnumWords(*v1::HazardLikelihood_descriptor(), likelihood));
  };
  Block table =
      Table({"Hazard", "Causes and effect", "Controls", "Severity × likelihood"}, "hazards");
  for (const v1::Hazard* hazard : HazardsByRisk(ruleset_)) {
    Cell name = {
        Id(hazard->id()), Paragraph(Line{Strong(hazard->title())}), Paragraph(hazard->hazard()),
        Paragraph(
            Line{Badge(EnumWords(*v1::HazardStatus_descriptor(), hazard->status()), "status")})};
    Cell causes = {Bullets(hazard->causes()), Labelled("Effect:", {Plain(hazard->effect())})};
    Block controls;
    controls.kind = Block::Kind::kBullets;
    for (const v1::HazardControl& control : hazard->controls()) {
      Cell item = {
          Paragraph(Line{Plain(control.text()), Plain(" "),
                         Soft(EnumWords(*v1::HazardControlKind_descriptor(), control.kind()))})};
      Line proof = RuleLinks(control.rule_ids());
      Join(proof, TestLinks({control.test_ids().begin(), control.test_ids().end()}, 0,
                            static_cast<size_t>(control.test_ids_size())));
      for (const std::string& path : control.evidence()) Join(proof, {Code(path)});
      if (!proof.empty()) item.push_back(Paragraph(std::move(proof)));
      controls.items.push_back(std::move(item));
    }
    Cell risks = {
        Labelled("Before:", {Plain(risk(hazard->severity_before(), hazard->likelihood_before()))}),
        Labelled("After:", {Plain(risk(hazard->severity_after(), hazard->likelihood_after()))})};
    if (!hazard->residual_acceptability().empty()) {
      risks.push_back(Paragraph(hazard->residual_acceptability()));
    }
    risks.push_back(Paragraph(Line{Soft(hazard->owner())}));
    if (!hazard->sources().empty()) risks.push_back(Sources(hazard->sources()));
    table.rows.push_back(
        {AnchorOf("hazard", hazard->id()),
         {std::move(name), std::move(causes), {std::move(controls)}, std::move(risks)}});
  }
  section.blocks.push_back(std::move(table));
  return section;
}

Block ReviewBuilder::SourceCard(const v1::Source& source) const {
  Block card;
  card.kind = Block::Kind::kCard;
  card.anchor = AnchorOf("source", source.id());
  card.line = {Plain(source.title()), Plain(" "), Code(source.id()), Plain(" "),
               StatusMark(source.status())};
  Line citation = {Plain(source.citation())};
  const std::string address = source.doi().empty() ? source.url() : DoiUrl(source.doi());
  if (!address.empty()) {
    citation.push_back(Plain(" "));
    citation.push_back({Span::Kind::kWeb,
                        source.doi().empty() ? address : absl::StrCat("doi:", source.doi()),
                        address});
  }
  card.children.push_back(Paragraph(std::move(citation)));
  Block table = Table({"Passage", "What it says", "Cited by"}, "passages");
  for (const v1::Passage& passage : source.passages()) {
    const auto status = passages_.at(passage.id()).status;
    Cell name = {Id(passage.id()), Paragraph(Line{StatusMark(status)})};
    Cell says = {Paragraph(passage.summary())};
    if (!passage.locator().empty()) says.push_back(Paragraph(Line{Soft(passage.locator())}));
    Cell cited;
    const TracedFact* fact = trace_.FindFact(passage.id());
    if (fact != nullptr && !fact->rules.empty()) {
      const size_t count = fact->rules.size();
      const size_t shown = count <= kRulesShown + 2 ? count : kRulesShown;
      const auto middle = fact->rules.begin() + static_cast<std::ptrdiff_t>(shown);
      cited.push_back(Paragraph(RuleLinks(std::vector<std::string>(fact->rules.begin(), middle))));
      if (shown < count) {
        Block more;
        more.kind = Block::Kind::kMore;
        more.line = {Plain(absl::StrCat("and ", count - shown, " more"))};
        more.children = {Paragraph(RuleLinks(std::vector<std::string>(middle, fact->rules.end())))};
        cited.push_back(std::move(more));
      }
    }
    if (!passage.not_encoded_because().empty()) {
      cited.push_back(Labelled("Not encoded:", {Plain(passage.not_encoded_because())}));
    } else if (cited.empty()) {
      cited.push_back(Paragraph(Line{Badge("not cited", "unverified")}));
    }
    table.rows.push_back(
        {AnchorOf("passage", passage.id()), {std::move(name), std::move(says), std::move(cited)}});
  }
  if (!table.rows.empty()) card.children.push_back(std::move(table));
  return card;
}

Section ReviewBuilder::SourceList() const {
  Section section{"sources", "Sources", {}, {}};
  for (const v1::Source& source : ruleset_.sources()) {
    section.entries.push_back(
        {AnchorOf("source", source.id()), absl::StrCat(source.id(), ": ", source.title())});
    section.blocks.push_back(SourceCard(source));
  }
  return section;
}

Section ReviewBuilder::NotEncoded() const {
  Section section{"not-encoded", "What is not encoded, and why", {}, {}};
  Block table = Table({"Passage", "What it says", "Why no rule says so"}, "not-encoded");
  for (const v1::Source& source : ruleset_.sources()) {
    for (const v1::Passage& passage : source.passages()) {
      if (passage.not_encoded_because().empty()) continue;
      table.rows.push_back(
          {"",
           {{Paragraph(Line{Link(passage.id(), AnchorOf("passage", passage.id()), "source"),
                            Plain(" "), StatusMark(passages_.at(passage.id()).status)})},
            {Paragraph(passage.summary())},
            {Paragraph(passage.not_encoded_because())}}});
    }
  }
  if (!table.rows.empty()) section.blocks.push_back(std::move(table));
  return section;
}

Line ReviewBuilder::Answer(const Message& message, const FieldDescriptor& field) const {
  const auto& reflection = *message.GetReflection();
  const std::string name(field.name());
  const v1::Question* question = words_.FindQuestion(name);
  const std::string unit =
      question == nullptr || question->unit_text().empty() ? "" : " " + question->unit_text();
  Line line = {Link(words_.Label(name), QuestionAnchor(name), "field"), Plain(": ")};
  const auto enum_text = [&](const google::protobuf::EnumValueDescriptor& value) {
    return words_.OptionLabel(name, ShortName(value));
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      line.push_back(Plain(enum_text(*reflection.GetEnum(message, &field))));
      return line;
    case FieldDescriptor::CPPTYPE_INT32:
      line.push_back(Plain(absl::StrCat(reflection.GetInt32(message, &field), unit)));
      return line;
    case FieldDescriptor::CPPTYPE_INT64:
      line.push_back(Plain(absl::StrCat(reflection.GetInt64(message, &field), unit)));
      return line;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      line.push_back(Plain(NumberText(reflection.GetDouble(message, &field)) + unit));
      return line;
    case FieldDescriptor::CPPTYPE_BOOL:
      line.push_back(Plain(reflection.GetBool(message, &field) ? "yes" : "no"));
      return line;
    case FieldDescriptor::CPPTYPE_STRING:
      line.push_back(Plain(reflection.GetString(message, &field)));
      return line;
    default:
      // A list with its status.
      line.push_back(Code(reflection.GetMessage(message, &field).ShortDebugString()));
      return line;
  }
}

Cell ReviewBuilder::Given(const v1::Vignette& vignette) const {
  Line line;
  const Message& intake = vignette.given();
  std::vector<const FieldDescriptor*> groups;
  intake.GetReflection()->ListFields(intake, &groups);
  for (const FieldDescriptor* group : groups) {
    const Message& part = intake.GetReflection()->GetMessage(intake, group);
    const bool list = part.GetDescriptor()->FindFieldByName("status") != nullptr &&
                      part.GetDescriptor()->FindFieldByName("values") != nullptr;
    if (list) {
      Join(line, Answer(intake, *group), "; ");
      continue;
    }
    std::vector<const FieldDescriptor*> fields;
    part.GetReflection()->ListFields(part, &fields);
    for (const FieldDescriptor* field : fields) Join(line, Answer(part, *field), "; ");
  }
  Cell cell = {Paragraph(line.empty() ? Line{Plain("nothing")} : std::move(line))};
  if (!vignette.otherwise_negative().empty()) {
    std::string rest = "All else “no” in: ";
    for (int i = 0; i < vignette.otherwise_negative_size(); ++i) {
      std::string name = vignette.otherwise_negative(i);
      for (char& c : name) c = c == '_' ? ' ' : c;
      absl::StrAppend(&rest, i == 0 ? "" : ", ", name);
    }
    cell.push_back(Paragraph(Line{Soft(std::move(rest))}));
  }
  return cell;
}

Cell ReviewBuilder::Expected(const v1::Expectation& expect) const {
  Cell cell;
  Line badges;
  if (expect.level() != v1::LEVEL_UNSPECIFIED) Append(badges, LevelBadge(expect.level()));
  for (const int gate : expect.gates()) {
    Join(badges, GateBadge(static_cast<v1::Gate>(gate)), " ");
  }
  if (!badges.empty()) cell.push_back(Paragraph(std::move(badges), "badges"));
  if (!expect.accept_levels().empty()) {
    Line also;
    for (const int level : expect.accept_levels()) {
      Join(also, LevelBadge(static_cast<v1::Level>(level)), " ");
    }
    cell.push_back(Labelled("Passes too:", std::move(also)));
  }
  const auto rules = [&](const char* label, const Strings& ids) {
    if (!ids.empty()) cell.push_back(Labelled(label, RuleLinks(ids)));
  };
  const auto words = [&](const char* label, std::string text) {
    if (!text.empty()) cell.push_back(Labelled(label, {Plain(std::move(text))}));
  };
  rules("Fires:", expect.fires());
  Line fired;
  for (const v1::ExpectedFiring& firing : expect.fired_at()) {
    Join(fired, RuleLink(firing.rule_id()), "; ");
    fired.push_back(Plain(" at "));
    if (firing.level() != v1::LEVEL_UNSPECIFIED) Append(fired, LevelBadge(firing.level()));
    fired.push_back(Plain(" "));
    if (firing.gate() != v1::GATE_UNSPECIFIED) Append(fired, GateBadge(firing.gate()));
    if (firing.has_due_days()) {
      fired.push_back(Plain(absl::StrCat(" ", firing.due_days(), " days")));
    }
  }
  if (!fired.empty()) cell.push_back(Labelled("Fires at:", std::move(fired)));
  rules("Does not fire:", expect.not_fires());
  rules("Open:", expect.indeterminate());
  if (expect.no_red_flag()) cell.push_back(Paragraph("No red flag."));
  if (!expect.leading_condition().empty()) {
    cell.push_back(Labelled("Leading pattern:", RuleLink(expect.leading_condition())));
  }
  rules("Suspected:", expect.suspected());
  rules("Not suspected:", expect.not_suspected());
  if (!expect.stage().empty()) cell.push_back(Labelled("Stage:", RuleLink(expect.stage())));
  rules("Groups:", expect.strata());
  if (expect.empty_programme()) cell.push_back(Paragraph("No programme."));
  rules("In the programme:", expect.in_programme());
  rules("Not in the programme:", expect.not_in_programme());
  rules("Can be chosen:", expect.selectable());
  Line excluded;
  for (const v1::ExpectedExclusion& exclusion : expect.excluded()) {
    Join(excluded, RuleLink(exclusion.exercise_id()));
    if (!exclusion.rule_id().empty()) {
      excluded.push_back(Plain(" by "));
      Append(excluded, RuleLink(exclusion.rule_id()));
    }
  }
  if (!excluded.empty()) cell.push_back(Labelled("Excluded:", std::move(excluded)));
  rules("Later:", expect.later());
  Line doses;
  for (const v1::ExpectedDose& dose : expect.prescribes()) {
    Join(doses, RuleLink(dose.exercise_id()), "; ");
    doses.push_back(Plain(" "));
    doses.push_back(Code(dose.dose().ShortDebugString()));
  }
  if (!doses.empty()) cell.push_back(Labelled("Dose:", std::move(doses)));
  rules("Done in this order:", expect.done_in_order());
  Line referrals;
  for (const std::string& id : expect.referrals()) {
    Join(referrals, {Link(id, AnchorOf("referral", id))});
  }
  if (!referrals.empty()) cell.push_back(Labelled("Referral:", std::move(referrals)));
  const auto fields = [&](const char* label, const Strings& names) {
    Line line;
    for (const std::string& name : names) {
      Join(line, {Link(words_.Label(name), QuestionAnchor(name), "field")});
    }
    if (!line.empty()) cell.push_back(Labelled(label, std::move(line)));
  };
  fields("Asks:", expect.asks());
  fields("Does not ask:", expect.asks_not());
  if (expect.has_open_questions_min()) {
    words("Open questions:", absl::StrCat("at least ", expect.open_questions_min()));
  }
  if (expect.has_open_questions_max()) {
    words("Open questions:", absl::StrCat("at most ", expect.open_questions_max()));
  }
  if (expect.has_review_days_max()) {
    words("Review:", absl::StrCat("within ", expect.review_days_max(), " days"));
  }
  rules("Advice:", expect.advice());
  rules("Not this advice:", expect.not_advice());
  rules("Remarks:", expect.notices());
  return cell;
}

Section ReviewBuilder::TestIndex() const {
  Section section{"tests", "Tests", {}, {}};
  Block table = Table({"Test", "Patient", "Expected", "About"}, "tests");
  for (const v1::Vignette& vignette : ruleset_.vignettes()) {
    Cell name = {Id(vignette.id()), Paragraph(Line{Strong(vignette.title())})};
    if (!vignette.origin().empty()) name.push_back(Paragraph(Line{Soft(vignette.origin())}));
    const TracedTest* test = trace_.FindTest(vignette.id());
    Cell about = {Paragraph(vignette.covers().empty() && test != nullptr
                                ? RuleLinks(test->rules)
                                : RuleLinks(vignette.covers()))};
    table.rows.push_back(
        {AnchorOf("test", vignette.id()),
         {std::move(name), Given(vignette), Expected(vignette.expect()), std::move(about)}});
  }
  if (!table.rows.empty()) {
    section.entries.push_back({"worked-patients", "Worked patients"});
    section.blocks.push_back(Heading("Worked patients", "worked-patients"));
    section.blocks.push_back(Paragraph(
        "Each is a patient with the answer that the authors expect; all of them are run against "
        "the "
        "rules. Only what stands under “Expected” is compared. What is not given is unknown."));
    section.blocks.push_back(std::move(table));
  }
  Block others = Table({"Table", "Kind", "About"}, "tables");
  std::set<std::string> listed;  // a condition may have several tables, one for each patient
  for (const TracedTest& test : trace_.tests) {
    if (test.kind == "vignette" || !listed.insert(test.id).second) continue;
    others.rows.push_back(
        {AnchorOf("test", test.id),
         {{Paragraph(test.id)}, {Paragraph(test.kind)}, {Paragraph(RuleLinks(test.rules))}}});
  }
  if (!others.rows.empty()) {
    section.entries.push_back({"test-tables", "Tables of outcomes and doses"});
    section.blocks.push_back(Heading("Tables of outcomes and doses", "test-tables"));
    section.blocks.push_back(Paragraph(
        "Made from the rules and kept beside them, so that no threshold and no dose changes "
        "unseen."));
    section.blocks.push_back(std::move(others));
  }
  return section;
}

}  // namespace plumbline::review

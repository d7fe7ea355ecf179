// DecisionEncoder::Run: one encoding in progress. Private to the encoder; its methods are spread
// over encoder.cc and encode_*.cc by part of the decision.

#ifndef PLUMBLINE_SERVER_ENGINE_ENCODER_RUN_H_
#define PLUMBLINE_SERVER_ENGINE_ENCODER_RUN_H_

#include <string>
#include <vector>

#include "plumbline/v1/decision.pb.h"
#include "server/engine/encoder.h"

namespace plumbline::engine {

// One encoding; the writer's position moves strictly forward.
class DecisionEncoder::Run {
 public:
  Run(const DecisionEncoder& encoder, const Context& context, const Evaluation& evaluation,
      absl::CivilDay as_of, View view, EncoderScratch& scratch, std::string& out,
      std::vector<PlacedPiece>* placed)
      : f_(encoder.fragments_),
        facts_(encoder.fact_text_),
        ruleset_(encoder.ruleset_),
        source_(encoder.ruleset_.source),
        context_(context),
        e_(evaluation),
        as_of_(as_of),
        full_(view == View::kFull),
        scratch_(scratch),
        w_(&out, placed) {
    scratch_.cited.assign(f_.citations.size(), false);
    scratch_.facts.Start(ruleset_.schema->slots().size(), placed != nullptr);
    scratch_.rationales.Start(size_t{2} * f_.rationale_count, placed != nullptr);
  }

  // Returns the decision's size.
  size_t WriteDecision();

 private:
  // Marks passages for the list of citations.
  void Cite(const std::vector<uint32_t>& passages);
  void WriteFields(int field, const expr::SlotSet& slots);
  void WriteFacts(const Deciders& deciding, WireWriter& writer);
  void WriteRationaleBody(const RationaleFragment& fragment, expr::NodeId when, WireWriter& writer);
  // `when` names the node whose facts are shown; kNoNode: no facts.
  void WriteRationale(int field, const RationaleFragment& fragment, expr::NodeId when);

  // encode_triage.cc
  const std::string& IdOf(const Fired& fired) const;
  void WriteDisposition();
  void WriteFired(int field, const Fired& fired);
  void WriteScreenRationale(const Fired& fired);
  void WriteNotExcluded(uint32_t index);
  // Most urgent first (the fired rules are in that order), each target once.
  void WriteReferrals();
  uint32_t TargetOf(const Fired& fired) const;
  void WriteReferral(uint32_t target, size_t first);
  void WriteAssessment(uint32_t index);
  void WriteStage();
  // The first stratum of the tool that holds; kNoIndex when one before it is open, or none holds.
  uint32_t StratumOf(size_t tool) const;
  // Strata stand after the list of citations, so what they cite is marked before it is written.
  void CiteStrata();
  void WriteStrata();

  // encode_exercises.cc
  // When the gate holds exercise back, nothing about exercises leaves the engine.
  void WriteExercises();
  void WritePrescription(int field, uint32_t index);
  // Where the exercise stands in a session, and why.
  void WriteSessionOrder(uint32_t index);
  void WriteReasons(uint32_t index);
  void WriteCautions(uint32_t index);
  void WriteVariant(uint32_t index, uint32_t variant);
  void WriteLocked(uint32_t index);
  void WriteExcluded(uint32_t index);
  void WriteContraindications(uint32_t index);
  void WriteWithheld(uint32_t index);

  // encode_remarks.cc
  void WriteAdvice();
  // With exercise held back, the next look is the professional's own; otherwise the rules say when.
  void WriteFollowUp();
  void WriteFollowUpItems();
  void WriteSafetyNet();
  void WriteQuestion(const OpenQuestion& question);
  bool Triggered(size_t index) const;
  void WriteNotices();
  void WriteCitations();

  const Fragments& f_;
  const FactText& facts_;
  const ruleset::CompiledRuleset& ruleset_;
  const v1::Ruleset& source_;
  const Context& context_;
  const Evaluation& e_;
  const absl::CivilDay as_of_;
  const bool full_;
  EncoderScratch& scratch_;
  WireWriter w_;
};

// Writes a Date message.
void WriteDate(WireWriter& writer, int field, absl::CivilDay day);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ENCODER_RUN_H_

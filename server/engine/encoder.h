// DecisionEncoder: puts an Evaluation into words and bytes.
//
// Immutable after construction, thread-safe; what changes from run to run is in the Scratch, which
// belongs to a workspace.

#ifndef PLUMBLINE_SERVER_ENGINE_ENCODER_H_
#define PLUMBLINE_SERVER_ENGINE_ENCODER_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "server/engine/engine.h"
#include "server/engine/evaluation.h"
#include "server/engine/fact_text.h"
#include "server/engine/fragments.h"
#include "server/engine/steps.h"
#include "server/engine/wire_writer.h"

namespace plumbline::engine {

// Texts that one decision repeats, each encoded once a run.
class EncodedOnce {
 public:
  void Start(size_t entries) {
    bytes_.clear();
    places_.resize(entries);
    ++run_;
  }
  bool Has(size_t entry) const { return places_[entry].run == run_; }
  absl::string_view Get(size_t entry) const {
    return absl::string_view(bytes_).substr(places_[entry].begin, places_[entry].size);
  }
  // Calls `write(std::string&)`, which appends the entry's bytes.
  template <typename Write>
  absl::string_view Put(size_t entry, Write write) {
    const size_t begin = bytes_.size();
    write(bytes_);
    places_[entry] = {run_, static_cast<uint32_t>(begin),
                      static_cast<uint32_t>(bytes_.size() - begin)};
    return Get(entry);
  }

 private:
  struct Place {
    uint64_t run = 0;
    uint32_t begin = 0;
    uint32_t size = 0;
  };
  std::string bytes_;
  std::vector<Place> places_;
  uint64_t run_ = 0;
};

// Memory of the encoder that is kept from run to run.
struct EncoderScratch {
  std::string text;
  std::string fact;
  EncodedOnce facts;        // by slot, then by landmark: whole fields of a Rationale
  EncodedOnce rationales;   // by number of the fragment, without and with facts
  std::vector<bool> cited;  // by citation
};

class DecisionEncoder {
 public:
  // `ruleset` must outlive the encoder.
  explicit DecisionEncoder(const ruleset::CompiledRuleset& ruleset);

  // Replaces `out` with the wire bytes of the Decision.
  void Encode(const Context& context, const Evaluation& evaluation, absl::CivilDay as_of, View view,
              EncoderScratch& scratch, std::string& out) const;

 private:
  class Run;

  const ruleset::CompiledRuleset& ruleset_;
  Fragments fragments_;
  FactText fact_text_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ENCODER_H_

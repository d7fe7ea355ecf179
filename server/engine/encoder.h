// DecisionEncoder: puts an Evaluation into words and bytes.
//
// Immutable after construction, thread-safe; what changes from run to run is in the Scratch, which
// belongs to a workspace.

#ifndef PLUMBLINE_SERVER_ENGINE_ENCODER_H_
#define PLUMBLINE_SERVER_ENGINE_ENCODER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "server/base/pieces.h"
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
  // `in_pieces`: keep them in pieces.
  void Start(size_t entries, bool in_pieces) {
    loose_.clear();
    placed_.clear();
    places_.resize(entries);
    in_pieces_ = in_pieces;
    ++run_;
  }
  bool Has(size_t entry) const { return places_[entry].run == run_; }
  // Good until the next Put.
  EncodedPieces Get(size_t entry) const {
    const Place& place = places_[entry];
    return {absl::string_view(loose_).substr(place.begin, place.loose_size),
            absl::MakeConstSpan(placed_).subspan(place.first_piece, place.pieces), place.begin,
            place.size};
  }
  // Calls `write(WireWriter&)`, which writes the entry.
  template <typename Write>
  EncodedPieces Put(size_t entry, Write write) {
    const size_t begin = loose_.size();
    const size_t first_piece = placed_.size();
    WireWriter writer(&loose_, in_pieces_ ? &placed_ : nullptr);
    write(writer);
    places_[entry] = {
        run_,
        static_cast<uint32_t>(begin),
        static_cast<uint32_t>(loose_.size() - begin),
        static_cast<uint32_t>(writer.size()),
        static_cast<uint32_t>(first_piece),
        static_cast<uint32_t>(placed_.size() - first_piece),
    };
    return Get(entry);
  }

 private:
  struct Place {
    uint64_t run = 0;
    uint32_t begin = 0;
    uint32_t loose_size = 0;
    uint32_t size = 0;
    uint32_t first_piece = 0;
    uint32_t pieces = 0;
  };
  std::string loose_;
  std::vector<PlacedPiece> placed_;
  std::vector<Place> places_;
  bool in_pieces_ = false;
  uint64_t run_ = 0;
};

// Memory of the encoder that is kept from run to run.
struct EncoderScratch {
  std::string text;
  EncodedOnce facts;        // by slot: whole fields of a Rationale
  EncodedOnce rationales;   // by number of the fragment, without and with facts
  std::vector<bool> cited;  // by citation
};

class DecisionEncoder {
 public:
  // `ruleset` must outlive the encoder.
  explicit DecisionEncoder(const ruleset::CompiledRuleset& ruleset);

  // Constant texts of the decisions.
  const std::shared_ptr<const PieceTable>& pieces() const { return pieces_; }

  // Replaces `out` with the wire bytes of the Decision.
  void Encode(const Context& context, const Evaluation& evaluation, absl::CivilDay as_of, View view,
              EncoderScratch& scratch, std::string& out) const;
  // The same bytes, in pieces().
  void EncodeInPieces(const Context& context, const Evaluation& evaluation, absl::CivilDay as_of,
                      View view, EncoderScratch& scratch, PiecedMessage& out) const;

 private:
  class Run;

  DecisionEncoder(const ruleset::CompiledRuleset& ruleset,
                  const std::shared_ptr<PieceTable>& pieces);

  const ruleset::CompiledRuleset& ruleset_;
  const std::shared_ptr<const PieceTable> pieces_;
  Fragments fragments_;
  FactText fact_text_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ENCODER_H_

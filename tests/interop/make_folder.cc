#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/checkpoint.h"
#include "server/audit/decision_log.h"
#include "server/audit/log_export.h"
#include "server/audit/proof_text.h"
#include "server/audit/receipt.h"
#include "server/audit/tile.h"
#include "server/base/cosignature.h"
#include "server/base/note_key.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/interop/folder.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/base/counting_random.h"
#include "tests/testing/base/fake_clock.h"

namespace plumbline::interop {
namespace {

constexpr uint64_t kSmallSizes = 40;
constexpr int kRandomPairs = 200;
constexpr uint64_t kReceipts = 20;
constexpr uint8_t kWitnessSeed = 99;

std::string JoinHashes(absl::Span<const Sha256Digest> hashes) {
  std::string text;
  for (const Sha256Digest& hash : hashes) absl::StrAppend(&text, " ", audit::EncodeHash(hash));
  return text;
}

// Writes a folder with the log of the product, over a store in memory.
class Maker {
 public:
  Maker(std::string folder, uint64_t entries)
      : folder_(std::move(folder)), entries_(entries), log_(&store_) {}

  absl::Status Make() {
    for (const auto step : {&Maker::MakeKeys, &Maker::MakeNotes, &Maker::MakeLogs,
                            &Maker::MakeProofs, &Maker::MakeReceipts}) {
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Write(absl::string_view name, absl::string_view bytes) const {
    return WriteFile(absl::StrCat(folder_, "/", name), bytes);
  }

  absl::Status MakeKeys() {
    CountingRandom random(kWitnessSeed);
    const absl::StatusOr<GeneratedNoteKey> key =
        GenerateNoteKey(random, "witness.example/w1", NoteAlgorithm::kCosignatureV1);
    if (!key.ok()) return key.status();
    absl::StatusOr<std::unique_ptr<CosignatureSigner>> witness =
        CosignatureSigner::Create(key->skey, &clock_);
    if (!witness.ok()) return witness.status();
    witness_ = *std::move(witness);
    if (absl::Status status = Write("witness.vkey", key->vkey + "\n"); !status.ok()) return status;
    return Write("log.vkey", log_.vkey() + "\n");
  }

  absl::Status MakeNotes() {
    const std::string texts[] = {"one line\n",
                                 "\n",
                                 "blank lines\n\n\nbetween and behind\n\n",
                                 "\xe2\x80\x94 looks.like.a/signature AAAAAAA=\n",
                                 "W\xc3\xb6rter \xe2\x80\x94 \xf0\x9f\xa6\xb4 approved: reviewed\n",
                                 std::string(10'000, 'x') + "\n"};
    int number = 0;
    for (const std::string& text : texts) {
      if (absl::Status status = MakeNote(number++, text); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status MakeNote(int number, const std::string& text) const {
    std::vector<std::unique_ptr<NoteSigner>> signers;
    std::vector<const NoteSigner*> borrowed;
    std::string vkeys;
    std::string skeys;
    OpenSslRandomSource random;
    for (int i = 0; i <= number % 3; ++i) {
      const absl::StatusOr<GeneratedNoteKey> key =
          GenerateNoteKey(random, absl::StrCat("signer", i, ".example/\xd0\xba\xd0\xbb"));
      if (!key.ok()) return key.status();
      absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> signer =
          Ed25519NoteSigner::Create(key->skey);
      if (!signer.ok()) return signer.status();
      borrowed.push_back(signer->get());
      signers.push_back(*std::move(signer));
      absl::StrAppend(&vkeys, key->vkey, "\n");
      absl::StrAppend(&skeys, key->skey, "\n");
    }
    const absl::StatusOr<std::string> note = SignNote(text, borrowed);
    if (!note.ok()) return note.status();
    const std::pair<absl::string_view, std::string> files[] = {
        {".note", *note}, {".text", text}, {".vkeys", vkeys}, {".skeys", skeys}};
    for (const auto& [suffix, bytes] : files) {
      if (absl::Status status = Write(absl::StrCat("notes/", number, suffix), bytes);
          !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  // One log that grows, exported at several sizes.
  absl::Status MakeLogs() {
    if (absl::Status status = log_.Open(); !status.ok()) return status;
    std::set<uint64_t> sizes = {entries_};
    for (const uint64_t size : {1, 2, 255, 256, 257, 1000, 65'536}) {
      if (size < entries_) sizes.insert(size);
    }
    for (const uint64_t size : sizes) {
      while (log_->size() < size) {
        const std::string payload = absl::StrCat("decision ", log_->size());
        const auto appended = log_->AppendAndWait(audit::TestDraft("details", payload));
        if (!appended.ok()) return appended.status();
      }
      const std::string folder = absl::StrCat(folder_, "/logs/", size);
      std::filesystem::create_directories(folder);
      const auto exported = audit::ExportLog(*log_, folder);
      if (!exported.ok()) return exported.status();
      if (exported->size != size) {
        return absl::InternalError(absl::StrCat("exported ", exported->size, ", not ", size));
      }
    }
    return absl::OkStatus();
  }

  // All pairs of small sizes, and some of the others: first <= size.
  std::vector<std::pair<uint64_t, uint64_t>> Pairs() const {
    std::vector<std::pair<uint64_t, uint64_t>> pairs;
    for (uint64_t size = 1; size <= std::min(kSmallSizes, entries_); ++size) {
      for (uint64_t first = 1; first <= size; ++first) pairs.emplace_back(first, size);
    }
    std::mt19937_64 random(20);
    for (int i = 0; i < kRandomPairs; ++i) {
      const uint64_t size = 1 + random() % entries_;
      pairs.emplace_back(1 + random() % size, size);
    }
    return pairs;
  }

  // Proofs by the log itself, and by the tiles of its export: they must be the same.
  absl::Status MakeProofs() {
    const std::string export_folder = absl::StrCat(folder_, "/logs/", entries_);
    const audit::TileHashReader tiles(entries_, [&](const audit::Tile& tile) {
      return ReadFile(absl::StrCat(export_folder, "/", audit::TilePath(tile)));
    });
    std::string text;
    std::set<uint64_t> with_root;
    for (const auto& [first, size] : Pairs()) {
      for (const uint64_t of : {first, size}) {
        if (!with_root.insert(of).second) continue;
        const absl::StatusOr<Sha256Digest> root = log_->RootAt(of);
        if (!root.ok()) return root.status();
        absl::StrAppend(&text, "root ", of, " ", audit::EncodeHash(*root), "\n");
      }
      const auto record = log_->InclusionProof(first - 1, size);
      const auto consistency = log_->ConsistencyProof(first, size);
      if (!record.ok()) return record.status();
      if (!consistency.ok()) return consistency.status();
      const auto same_record = audit::MakeInclusionProof(first - 1, size, tiles);
      const auto same_consistency = audit::MakeConsistencyProof(first, size, tiles);
      if (!same_record.ok()) return same_record.status();
      if (!same_consistency.ok()) return same_consistency.status();
      if (*record != *same_record || *consistency != *same_consistency) {
        return absl::InternalError(
            absl::StrCat("log and tiles disagree about ", first, " and ", size));
      }
      absl::StrAppend(&text, "record ", first - 1, " ", size, JoinHashes(*record), "\n");
      absl::StrAppend(&text, "tree ", first, " ", size, JoinHashes(*consistency), "\n");
    }
    return Write("proofs.txt", text);
  }

  absl::Status MakeReceipts() {
    absl::StatusOr<std::string> checkpoint = log_->Checkpoint(entries_);
    if (!checkpoint.ok()) return checkpoint.status();
    const absl::StatusOr<SignedNote> note = ParseNote(*checkpoint);
    if (!note.ok()) return note.status();
    const absl::StatusOr<NoteSignature> cosignature = MakeNoteSignature(note->text, *witness_);
    if (!cosignature.ok()) return cosignature.status();
    const absl::StatusOr<std::string> cosigned = AddNoteSignatures(*checkpoint, {*cosignature});
    if (!cosigned.ok()) return cosigned.status();
    for (uint64_t i = 0; i < kReceipts; ++i) {
      audit::Receipt receipt;
      receipt.index = i * (entries_ - 1) / (kReceipts - 1);
      if (i % 2 == 1) receipt.extra = "anything";
      auto proof = log_->InclusionProof(receipt.index, entries_);
      if (!proof.ok()) return proof.status();
      receipt.inclusion_proof = *std::move(proof);
      receipt.checkpoint = *cosigned;
      if (absl::Status status = Write(absl::StrCat("receipts/", receipt.index, ".tlog-proof"),
                                      audit::FormatReceipt(receipt));
          !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  const std::string folder_;
  const uint64_t entries_;
  const FakeClock clock_;
  store::MemoryLogStore store_;
  audit::TestLog log_;
  std::unique_ptr<CosignatureSigner> witness_;
};

}  // namespace

absl::Status MakeFolder(const std::string& folder, uint64_t entries) {
  if (entries < 1) return absl::InvalidArgumentError("a log without entries has nothing to check");
  return Maker(folder, entries).Make();
}

}  // namespace plumbline::interop

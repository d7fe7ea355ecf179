#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/audit/log_export.h"
#include "server/audit/merkle.h"
#include "server/audit/proof_text.h"
#include "server/audit/receipt.h"
#include "server/audit/tile.h"
#include "server/audit/trust_policy.h"
#include "server/base/note_key.h"
#include "server/base/signed_note.h"
#include "tests/interop/folder.h"

namespace plumbline::interop {
namespace {

using Hashes = std::vector<Sha256Digest>;

absl::Status Wrong(absl::string_view what) { return absl::DataLossError(what); }

absl::Status In(absl::string_view place, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(place, ": ", status.message()));
}

// Flips one bit in about 200 bytes of the text; none may be accepted. (The unit tests flip them
// all.)
absl::Status RefuseFlips(const std::string& text,
                         const std::function<bool(const std::string&)>& accepts) {
  const size_t step = 1 + text.size() / 200;
  for (size_t i = 0; i < text.size(); i += step) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    if (accepts(changed)) return Wrong(absl::StrCat("accepted with a bit flipped in byte ", i));
  }
  return absl::OkStatus();
}

class Checker {
 public:
  explicit Checker(std::string folder) : folder_(std::move(folder)) {}

  absl::Status Check() {
    const std::pair<const char*, absl::StatusOr<size_t> (Checker::*)()> parts[] = {
        {"keys", &Checker::CheckKeys},
        {"notes", &Checker::CheckNotes},
        {"logs", &Checker::CheckLogs},
        {"proofs", &Checker::CheckProofs},
        {"receipts", &Checker::CheckReceipts}};
    for (const auto& [name, check] : parts) {
      const absl::StatusOr<size_t> count = (this->*check)();
      if (!count.ok()) return In(name, count.status());
      if (*count == 0) return In(name, Wrong("there are none"));
      std::printf("Plumbline checked %zu %s\n", *count, name);
    }
    return absl::OkStatus();
  }

 private:
  std::string Path(absl::string_view name) const { return absl::StrCat(folder_, "/", name); }

  absl::StatusOr<size_t> CheckKeys() {
    const auto log = ReadLines(Path("log.vkey"));
    const auto witness = ReadLines(Path("witness.vkey"));
    if (!log.ok()) return log.status();
    if (!witness.ok()) return witness.status();
    log_vkey_ = log->front();
    const absl::StatusOr<NoteVerifierKey> key = NoteVerifierKey::Parse(log_vkey_);
    if (!key.ok()) return key.status();
    origin_ = key->name;
    absl::StatusOr<audit::TrustPolicy> policy = audit::TrustPolicy::Parse(
        absl::StrCat("log ", log_vkey_, "\nwitness w ", witness->front(), "\nquorum w\n"));
    if (!policy.ok()) return policy.status();
    policy_ = std::make_unique<audit::TrustPolicy>(*std::move(policy));
    return 2;
  }

  absl::StatusOr<size_t> CheckNotes() {
    const std::vector<std::string> names = NamesIn(Path("notes"), ".note");
    for (const std::string& name : names) {
      if (absl::Status status = CheckNote(Path(absl::StrCat("notes/", name))); !status.ok()) {
        return In(name, status);
      }
    }
    return names.size();
  }

  // Opens a note with the keys that signed it, and signs its text again: the same bytes.
  static absl::Status CheckNote(const std::string& path) {
    const auto note = ReadFile(path + ".note");
    const auto text = ReadFile(path + ".text");
    const auto vkeys = ReadLines(path + ".vkeys");
    const auto skeys = ReadLines(path + ".skeys");
    for (const absl::Status& status :
         {note.status(), text.status(), vkeys.status(), skeys.status()}) {
      if (!status.ok()) return status;
    }
    std::vector<std::unique_ptr<NoteVerifier>> verifiers;
    std::vector<const NoteVerifier*> known;
    for (const std::string& vkey : *vkeys) {
      absl::StatusOr<std::unique_ptr<NoteVerifier>> verifier = CreateNoteVerifier(vkey);
      if (!verifier.ok()) return verifier.status();
      known.push_back(verifier->get());
      verifiers.push_back(*std::move(verifier));
    }
    std::vector<std::unique_ptr<NoteSigner>> signers;
    std::vector<const NoteSigner*> signing;
    for (const std::string& skey : *skeys) {
      absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> signer = Ed25519NoteSigner::Create(skey);
      if (!signer.ok()) return signer.status();
      signing.push_back(signer->get());
      signers.push_back(*std::move(signer));
    }
    const auto opened = OpenNote(*note, known);
    if (!opened.ok()) return opened.status();
    if (opened->text != *text || opened->verified.size() != known.size() ||
        !opened->unverified.empty()) {
      return Wrong("another text or other signatures");
    }
    const auto again = SignNote(*text, signing);
    if (!again.ok()) return again.status();
    if (*again != *note) return Wrong("signing again gives other bytes");
    return RefuseFlips(*note, [&known](const std::string& changed) {
      // A signature under another name is one of an unknown key: the note opens without it.
      const auto altered = OpenNote(changed, known);
      return altered.ok() && altered->verified.size() == known.size();
    });
  }

  absl::StatusOr<size_t> CheckLogs() {
    const std::vector<std::string> names = NamesIn(Path("logs"), "");
    uint64_t largest = 0;
    for (const std::string& name : names) {
      uint64_t size = 0;
      if (!absl::SimpleAtoi(name, &size)) return Wrong(absl::StrCat("logs/", name, "?"));
      largest = std::max(largest, size);
      if (absl::Status status = CheckLog(name, size); !status.ok()) {
        return In(absl::StrCat("logs/", name), status);
      }
    }
    if (absl::Status status = ReadEntries(largest); !status.ok()) return status;
    return names.size();
  }

  absl::Status CheckLog(const std::string& name, uint64_t size) const {
    audit::ExportCheckOptions options;
    options.folder = Path(absl::StrCat("logs/", name));
    options.origin = origin_;
    options.verifier_keys = {log_vkey_};
    const absl::StatusOr<audit::ExportCheckReport> report = audit::CheckExport(options);
    if (!report.ok()) return report.status();
    if (!report->ok()) {
      return Wrong(absl::StrCat(report->problem_count, " problems: ", report->problems[0].place,
                                ": ", report->problems[0].message));
    }
    if (report->size != size) return Wrong(absl::StrCat("it has ", report->size, " entries"));
    // The root out of the tiles, as a client would read it.
    const audit::TileHashReader tiles(size, [&options](const audit::Tile& tile) {
      return ReadFile(absl::StrCat(options.folder, "/", audit::TilePath(tile)));
    });
    const absl::StatusOr<std::string> note = ReadFile(options.folder + "/checkpoint");
    const absl::StatusOr<Sha256Digest> root = audit::ReadRoot(size, tiles);
    if (!note.ok()) return note.status();
    if (!root.ok()) return root.status();
    const absl::StatusOr<audit::TrustPolicy> policy = audit::TrustPolicy::ForLog(log_vkey_);
    const absl::StatusOr<audit::OpenedCheckpoint> opened = policy->Open(*note);
    if (!opened.ok()) return opened.status();
    if (opened->checkpoint.root != *root) return Wrong("the tiles have another root");
    return absl::OkStatus();
  }

  // Hashes of all leaves, and the roots of all sizes.
  absl::Status ReadEntries(uint64_t size) {
    audit::MerkleFrontier frontier;
    roots_.push_back(frontier.Root());
    for (uint64_t number = 0; frontier.size() < size; ++number) {
      audit::Tile tile;
      tile.level = audit::Tile::kEntries;
      tile.number = number;
      tile.width = audit::TileWidthIn(size, tile.level, number);
      const auto bytes = ReadFile(Path(absl::StrCat("logs/", size, "/", audit::TilePath(tile))));
      if (!bytes.ok()) return bytes.status();
      const auto entries = audit::DecodeEntryBundle(*bytes, tile.width);
      if (!entries.ok()) return entries.status();
      for (const absl::string_view entry : *entries) {
        leaves_.push_back(audit::HashLeaf(entry));
        frontier.Append(leaves_.back());
        roots_.push_back(frontier.Root());
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> CheckProofs() {
    const auto lines = ReadLines(Path("proofs.txt"));
    if (!lines.ok()) return lines.status();
    for (size_t i = 0; i < lines->size(); ++i) {
      if (absl::Status status = CheckProofLine((*lines)[i]); !status.ok()) {
        return In(absl::StrCat("line ", i + 1), status);
      }
    }
    return lines->size();
  }

  absl::Status CheckProofLine(const std::string& line) const {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    uint64_t first = 0;
    if (words.size() < 3 || !audit::ParseDecimal(words[1], first) || first >= roots_.size()) {
      return Wrong("malformed");
    }
    if (words[0] == "root") {
      Sha256Digest root;
      if (words.size() != 3 || !audit::DecodeHash(words[2], root)) return Wrong("malformed");
      return root == roots_[first] ? absl::OkStatus() : Wrong("another root");
    }
    uint64_t size = 0;
    if (!audit::ParseDecimal(words[2], size) || size >= roots_.size()) return Wrong("malformed");
    Hashes proof(words.size() - 3);
    for (size_t i = 0; i < proof.size(); ++i) {
      if (!audit::DecodeHash(words[i + 3], proof[i])) return Wrong("malformed");
    }
    const auto verify = [&](const Hashes& hashes) {
      if (words[0] == "tree") {
        return audit::VerifyConsistency(first, roots_[first], size, roots_[size], hashes);
      }
      if (words[0] != "record" || first >= leaves_.size()) return Wrong("malformed");
      return audit::VerifyInclusion(leaves_[first], first, size, roots_[size], hashes);
    };
    if (absl::Status status = verify(proof); !status.ok()) return status;
    for (size_t i = 0; i < proof.size(); ++i) {
      Hashes changed = proof;
      changed[i][i % changed[i].size()] ^= 1;
      if (verify(changed).ok()) return Wrong(absl::StrCat("accepted with hash ", i, " changed"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> CheckReceipts() {
    const std::vector<std::string> names = NamesIn(Path("receipts"), ".tlog-proof");
    for (const std::string& name : names) {
      if (absl::Status status = CheckReceipt(name); !status.ok()) return In(name, status);
    }
    return names.size();
  }

  absl::Status CheckReceipt(const std::string& name) const {
    uint64_t index = 0;
    if (!audit::ParseDecimal(name, index) || index >= leaves_.size()) return Wrong("its name");
    const auto text = ReadFile(Path(absl::StrCat("receipts/", name, ".tlog-proof")));
    if (!text.ok()) return text.status();
    const auto verify = [&](absl::string_view receipt_text) -> absl::Status {
      const absl::StatusOr<audit::Receipt> receipt = audit::ParseReceipt(receipt_text);
      if (!receipt.ok()) return receipt.status();
      if (receipt->index != index) return Wrong("of another entry");
      return audit::VerifyReceipt(*receipt, leaves_[index], *policy_).status();
    };
    if (absl::Status status = verify(*text); !status.ok()) return status;
    // What an application adds is not signed.
    const size_t extra = text->find("\nextra ");
    const size_t index_line = text->find("\nindex ");
    return RefuseFlips(*text, [&](const std::string& changed) {
      const bool in_extra = extra < index_line &&
                            changed.substr(0, extra + 7) == text->substr(0, extra + 7) &&
                            changed.substr(index_line) == text->substr(index_line);
      return !in_extra && verify(changed).ok();
    });
  }

  const std::string folder_;
  std::string origin_;
  std::string log_vkey_;
  std::unique_ptr<audit::TrustPolicy> policy_;
  Hashes leaves_;
  Hashes roots_;  // by size
};

}  // namespace

absl::Status CheckFolder(const std::string& folder) { return Checker(folder).Check(); }

}  // namespace plumbline::interop

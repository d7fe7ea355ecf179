#include "server/audit/checkpointer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/merkle.h"
#include "server/base/failpoint.h"

namespace plumbline::audit {
namespace {

Failpoint checkpoint_signed("checkpoint-signed");
Failpoint checkpoint_stored("checkpoint-stored");

// After one that could not be made.
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

absl::StatusOr<std::string> Sign(const LogIdentity& identity, uint64_t size,
                                 const Sha256Digest& root) {
  Checkpoint checkpoint;
  checkpoint.origin = identity.origin;
  checkpoint.size = size;
  checkpoint.root = root;
  return SignCheckpoint(checkpoint, {identity.signer});
}

}  // namespace

absl::StatusOr<Checkpoint> LogIdentity::Verify(absl::string_view note) const {
  std::vector<const NoteVerifier*> known;
  for (const auto& verifier : verifiers) known.push_back(verifier.get());
  const absl::StatusOr<SignedNote> parsed = ParseNote(note);
  if (!parsed.ok()) return absl::DataLossError(std::string(parsed.status().message()));
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(parsed->text);
  if (!checkpoint.ok()) return absl::DataLossError(std::string(checkpoint.status().message()));
  if (checkpoint->origin != origin) {
    return absl::FailedPreconditionError(absl::StrCat("it is of the log \"", checkpoint->origin,
                                                      "\", and this one is \"", origin, "\""));
  }
  const bool known_key = std::any_of(
      parsed->signatures.begin(), parsed->signatures.end(), [&](const NoteSignature& signature) {
        return std::any_of(known.begin(), known.end(), [&](const NoteVerifier* verifier) {
          return verifier->name() == signature.key_name && verifier->key_id() == signature.key_id;
        });
      });
  if (!known_key) {
    return absl::FailedPreconditionError(
        absl::StrCat("none of its signatures is of a known key of this log (",
                     known.empty() ? "" : NoteKeyLabel(known[0]->name(), known[0]->key_id()), ")"));
  }
  if (absl::StatusOr<OpenedNote> opened = OpenNote(note, known); !opened.ok()) {
    return absl::DataLossError(std::string(opened.status().message()));
  }
  return checkpoint;
}

absl::StatusOr<Checkpointer::Stored> Checkpointer::Begin(const LogIdentity& identity,
                                                         store::LogStore* store) {
  Stored stored;
  stored.root = EmptyRoot();
  absl::StatusOr<std::string> note = Sign(identity, 0, stored.root);
  if (!note.ok()) return note.status();
  if (absl::Status put = store->PutDocument(kCheckpointDocument, *note); !put.ok()) return put;
  stored.latest = *std::move(note);
  return stored;
}

Checkpointer::Checkpointer(Options options, const LogIdentity* identity, LogTree* tree,
                           store::LogStore* store, Stored stored)
    : options_(std::move(options)),
      identity_(identity),
      tree_(tree),
      store_(store),
      stored_(std::move(stored)),
      size_(tree->size()),
      thread_([this] { Run(); }) {}

Checkpointer::~Checkpointer() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    grown_.Signal();
  }
  thread_.join();
  Report(Make());
}

void Checkpointer::Grown(uint64_t size) {
  absl::MutexLock lock(&mutex_);
  const uint64_t before = size_ - stored_.covered;
  size_ = size;
  const uint64_t now = size - stored_.covered;
  // The thread sleeps until there is a first record to cover, then until there are enough.
  if (before == 0 || (before < options_.records && now >= options_.records)) grown_.Signal();
}

void Checkpointer::Run() {
  absl::MutexLock lock(&mutex_);
  while (!closing_) {
    WaitUntil([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return size_ != stored_.covered; },
              absl::InfiniteDuration());
    WaitUntil([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(
                  mutex_) { return size_ - stored_.covered >= options_.records; },
              options_.interval);
    if (closing_) return;
    mutex_.Unlock();
    const absl::Status made = Make();
    Report(made);
    mutex_.Lock();
    if (!made.ok()) WaitUntil([] { return false; }, kRetryAfter);
  }
}

// By the steady clock: one that is put back must not keep checkpoints from being made.
void Checkpointer::WaitUntil(absl::FunctionRef<bool()> done, absl::Duration at_most) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  while (!closing_ && !done()) {
    const absl::Duration left = at_most - absl::FromChrono(Clock::now() - start);
    if (left <= absl::ZeroDuration()) return;
    static_cast<void>(grown_.WaitWithTimeout(&mutex_, left));
  }
}

void Checkpointer::Report(const absl::Status& status) {
  if (status.ok()) return;
  if (options_.on_event) options_.on_event("checkpoint-failed", std::string(status.message()));
  // Without space it is tried again; all else is for good.
  if (absl::IsResourceExhausted(status) || !options_.on_failed) return;
  if (absl::IsUnavailable(status) || absl::IsDataLoss(status)) options_.on_failed(status);
}

absl::Status Checkpointer::Make() {
  absl::MutexLock making(&make_mutex_);
  const uint64_t size = tree_->size();
  {
    absl::MutexLock lock(&mutex_);
    if (size == stored_.covered) return absl::OkStatus();
  }
  return MakeAt(size);
}

absl::Status Checkpointer::MakeAt(uint64_t size) {
  if (absl::Status tiles = tree_->WriteTiles(); !tiles.ok()) return tiles;
  absl::StatusOr<Sha256Digest> root = tree_->RootAt(size);
  if (!root.ok()) return root.status();
  Stored before;
  {
    absl::MutexLock lock(&mutex_);
    before = stored_;
  }
  // A log never signs what contradicts an earlier checkpoint, not even when memory or disk has lied
  // to it since.
  absl::StatusOr<Sha256Digest> root_before = tree_->RootAt(before.covered);
  if (!root_before.ok()) return root_before.status();
  if (*root_before != before.root) {
    return absl::DataLossError(
        absl::StrCat("the tree of the first ", before.covered,
                     " records is not what the latest checkpoint says; no further one is signed"));
  }
  absl::StatusOr<std::string> note = Sign(*identity_, size, *root);
  if (!note.ok()) return note.status();
  checkpoint_signed.Hit();
  if (absl::Status put = store_->PutDocument(kCheckpointDocument, *note); !put.ok()) return put;
  checkpoint_stored.Hit();
  absl::MutexLock lock(&mutex_);
  stored_.latest = *std::move(note);
  stored_.covered = size;
  stored_.root = *root;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Checkpointer::Latest(uint64_t at_least) {
  {
    absl::MutexLock lock(&mutex_);
    if (stored_.covered >= at_least) return stored_.latest;
  }
  if (at_least > tree_->size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the log has ", tree_->size(), " records, not ", at_least));
  }
  if (absl::Status made = Make(); !made.ok()) {
    Report(made);
    return made;
  }
  absl::MutexLock lock(&mutex_);
  return stored_.latest;
}

std::string Checkpointer::Cosigned() const {
  absl::MutexLock lock(&mutex_);
  return stored_.cosigned;
}

absl::Status Checkpointer::AddCosignature(absl::string_view checkpoint, absl::string_view line) {
  absl::StatusOr<NoteSignature> signature = ParseNoteSignature(line);
  if (!signature.ok()) return signature.status();
  absl::StatusOr<Checkpoint> shown = identity_->Verify(checkpoint);
  if (!shown.ok()) return shown.status();
  absl::StatusOr<SignedNote> shown_note = ParseNote(checkpoint);
  if (!shown_note.ok()) return shown_note.status();

  absl::MutexLock making(&make_mutex_);
  Stored stored;
  {
    absl::MutexLock lock(&mutex_);
    stored = stored_;
  }
  const absl::StatusOr<SignedNote> latest = ParseNote(stored.latest);
  if (!latest.ok()) return latest.status();
  const bool is_latest = latest->text == shown_note->text;
  std::string base(checkpoint);
  if (is_latest) base = stored.latest;
  if (!stored.cosigned.empty()) {
    const absl::StatusOr<Checkpoint> cosigned = identity_->Verify(stored.cosigned);
    if (!cosigned.ok()) return cosigned.status();
    if (cosigned->size > shown->size) {
      return absl::FailedPreconditionError(
          absl::StrCat("the checkpoint of ", shown->size,
                       " records is older than the cosigned one of ", cosigned->size));
    }
    if (cosigned->size == shown->size && !is_latest) base = stored.cosigned;
  }
  absl::StatusOr<std::string> note = AddNoteSignatures(base, {*signature});
  if (!note.ok()) return note.status();
  if (absl::Status put = store_->PutDocument(kCosignedDocument, *note); !put.ok()) return put;
  absl::MutexLock lock(&mutex_);
  stored_.cosigned = *note;
  if (is_latest) stored_.latest = *note;
  return absl::OkStatus();
}

}  // namespace plumbline::audit

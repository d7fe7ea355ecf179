#include "server/audit/log_opening.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/audit/leaf.h"
#include "server/audit/merkle.h"
#include "server/base/failpoint.h"

namespace plumbline::audit {
namespace {

Failpoint index_key_stored("index-key-stored");

// What the store holds beside its entries.
struct Documents {
  std::string checkpoint;
  std::string cosigned;
};

absl::Status Prefixed(absl::string_view prefix, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(prefix, ": ", std::string(status.message())));
}

absl::StatusOr<std::string> DocumentOrEmpty(const store::LogStore& store, absl::string_view name) {
  absl::StatusOr<std::string> document = store.GetDocument(name);
  if (absl::IsNotFound(document.status())) return std::string();
  return document;
}

absl::string_view ViewOf(const store::WrappedKey& key) {
  return absl::string_view(reinterpret_cast<const char*>(key.data()), key.size());
}

// That the tree holds what a checkpoint says of its first records.
absl::Status CheckContained(const LogTree& tree, const Checkpoint& checkpoint,
                            absl::string_view what) {
  if (checkpoint.size > tree.size()) {
    return absl::DataLossError(absl::StrCat(
        "the log has ", tree.size(), " records, ", what, " covers ", checkpoint.size,
        ": is this a restored backup? Records that were acknowledged are missing. Do not continue "
        "this log: begin a new one, and keep this one to read"));
  }
  absl::StatusOr<Sha256Digest> root = tree.RootAt(checkpoint.size);
  if (!root.ok()) return root.status();
  if (*root != checkpoint.root) {
    return absl::DataLossError(absl::StrCat(
        "the first ", checkpoint.size, " records have the root ", ToHex(*root), ", but ", what,
        " says ", ToHex(checkpoint.root), ": the records, or the tiles, were changed"));
  }
  return absl::OkStatus();
}

// The options' min_checkpoint, as far as it can be judged without the tree.
absl::StatusOr<Checkpoint> MinCheckpoint(const LogOptions& options, const LogIdentity& identity) {
  if (options.min_checkpoint.empty()) {
    return Checkpoint{.origin = options.origin, .size = 0, .root = EmptyRoot()};
  }
  absl::StatusOr<Checkpoint> checkpoint = identity.Verify(options.min_checkpoint);
  if (checkpoint.ok()) return checkpoint;
  absl::Status status = Prefixed("minimum checkpoint", checkpoint.status());
  // What the operator gave is wrong, not the log.
  if (absl::IsDataLoss(status)) return absl::InvalidArgumentError(status.message());
  return status;
}

absl::StatusOr<int64_t> LastTime(const store::LogStore& store) {
  if (store.size() == 0) return 0;
  const uint64_t last = store.size() - 1;
  absl::StatusOr<store::StoredEntry> entry = store.Read(last, store::Parts::kLeaf);
  if (!entry.ok()) return entry.status();
  absl::StatusOr<Leaf> leaf = DecodeLeaf(entry->leaf);
  if (!leaf.ok()) return Prefixed(absl::StrCat("record ", last), leaf.status());
  return leaf->time_us;
}

absl::Status CheckClock(int64_t last_time_us, absl::Duration tolerance, const Clock& clock) {
  const absl::Time last = absl::FromUnixMicros(last_time_us);
  const absl::Time now = clock.Now();
  if (now + tolerance >= last) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "the clock says %s, but the last record was made at %s: set the clock right, or wait",
      absl::FormatTime(now, absl::UTCTimeZone()), absl::FormatTime(last, absl::UTCTimeZone())));
}

// An empty store becomes a log. Safe to be interrupted: the checkpoint comes last.
absl::StatusOr<OpenedState> BeginLog(const LogIdentity& identity, const Checkpoint& minimum,
                                     store::LogStore* store, const Keyring& keyring,
                                     RandomSource& random) {
  OpenedState state;
  if (minimum.size > 0) {
    return absl::DataLossError(
        absl::StrCat("the log is empty, the minimum checkpoint covers ", minimum.size, " records"));
  }
  absl::StatusOr<RecordKey> index_key = ReadIndexKey(*store, keyring);
  if (index_key.ok()) {
    state.index_key = *index_key;
  } else if (absl::IsNotFound(index_key.status())) {
    random.Fill(absl::MakeSpan(state.index_key));
    absl::Status written = WriteIndexKey(state.index_key, store, keyring, random);
    if (!written.ok()) return written;
  } else {
    return index_key.status();
  }
  index_key_stored.Hit();
  absl::StatusOr<Checkpointer::Stored> checkpoints = Checkpointer::Begin(identity, store);
  if (!checkpoints.ok()) return checkpoints.status();
  state.checkpoints = *std::move(checkpoints);
  absl::StatusOr<std::unique_ptr<LogTree>> tree = LogTree::Load(store, 0);
  if (!tree.ok()) return tree.status();
  state.tree = *std::move(tree);
  return state;
}

// The cosigned checkpoint must be in the log too; the same text as the latest replaces it.
absl::Status CheckCosigned(const LogIdentity& identity, const std::string& cosigned,
                           const Checkpoint& latest, OpenedState& state) {
  if (cosigned.empty()) return absl::OkStatus();
  absl::StatusOr<Checkpoint> checkpoint = identity.Verify(cosigned);
  if (!checkpoint.ok()) return Prefixed("cosigned checkpoint", checkpoint.status());
  absl::Status contained = CheckContained(*state.tree, *checkpoint, "its cosigned checkpoint");
  if (!contained.ok()) return contained;
  state.checkpoints.cosigned = cosigned;
  if (checkpoint->size == latest.size) state.checkpoints.latest = cosigned;
  return absl::OkStatus();
}

absl::StatusOr<Documents> ReadDocuments(const store::LogStore& store) {
  Documents documents;
  absl::StatusOr<std::string> checkpoint = DocumentOrEmpty(store, kCheckpointDocument);
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<std::string> cosigned = DocumentOrEmpty(store, kCosignedDocument);
  if (!cosigned.ok()) return cosigned.status();
  documents.checkpoint = *std::move(checkpoint);
  documents.cosigned = *std::move(cosigned);
  return documents;
}

}  // namespace

absl::StatusOr<LogIdentity> MakeReaderIdentity(const std::string& origin,
                                               const std::vector<std::string>& verifier_keys) {
  LogIdentity identity;
  identity.origin = origin;
  if (verifier_keys.empty()) {
    return absl::InvalidArgumentError("decision log: its verifier key is missing");
  }
  for (const std::string& vkey : verifier_keys) {
    absl::StatusOr<std::unique_ptr<NoteVerifier>> verifier = CreateNoteVerifier(vkey);
    if (!verifier.ok()) return Prefixed("decision log: verifier key", verifier.status());
    if ((*verifier)->name() != origin) {
      return absl::InvalidArgumentError(absl::StrCat("decision log: the verifier key is named \"",
                                                     (*verifier)->name(), "\", the log \"", origin,
                                                     "\""));
    }
    identity.verifiers.push_back(*std::move(verifier));
  }
  return identity;
}

absl::StatusOr<LogIdentity> MakeIdentity(const LogOptions& options, const NoteSigner* signer) {
  absl::StatusOr<LogIdentity> identity = MakeReaderIdentity(options.origin, options.verifier_keys);
  if (!identity.ok()) return identity;
  const NoteVerifier& first = *identity->verifiers[0];
  if (signer->name() != first.name() || signer->key_id() != first.key_id()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "decision log: the signing key is ", NoteKeyLabel(signer->name(), signer->key_id()),
        ", the first verifier key ", NoteKeyLabel(first.name(), first.key_id())));
  }
  identity->signer = signer;
  return identity;
}

absl::StatusOr<RecordKey> ReadIndexKey(const store::LogStore& store, const Keyring& keyring) {
  absl::StatusOr<std::string> document = store.GetDocument(kIndexKeyDocument);
  if (!document.ok()) return document.status();
  store::WrappedKey wrapped{};
  if (document->size() != wrapped.size()) {
    return absl::DataLossError(absl::StrCat("document ", kIndexKeyDocument, " has ",
                                            document->size(), " bytes, not ", wrapped.size()));
  }
  std::copy(document->begin(), document->end(), wrapped.begin());
  absl::StatusOr<RecordKey> key = keyring.Unwrap(wrapped, kIndexKeyId);
  if (!key.ok()) return Prefixed("the log's index key", key.status());
  return key;
}

absl::Status WriteIndexKey(const RecordKey& key, store::LogStore* store, const Keyring& keyring,
                           RandomSource& random) {
  const store::WrappedKey wrapped = keyring.Wrap(key, kIndexKeyId, random);
  return store->PutDocument(kIndexKeyDocument, ViewOf(wrapped));
}

absl::StatusOr<OpenedState> OpenState(const LogOptions& options, const LogIdentity& identity,
                                      store::LogStore* store, const Keyring& keyring,
                                      const Clock& clock, RandomSource& random) {
  absl::StatusOr<Checkpoint> minimum = MinCheckpoint(options, identity);
  if (!minimum.ok()) return minimum.status();
  absl::StatusOr<Documents> documents = ReadDocuments(*store);
  if (!documents.ok()) return documents.status();
  if (documents->checkpoint.empty()) {
    if (store->size() == 0) return BeginLog(identity, *minimum, store, keyring, random);
    return absl::DataLossError(
        absl::StrCat("the log has ", store->size(), " records, but its checkpoint is missing"));
  }
  absl::StatusOr<Checkpoint> latest = identity.Verify(documents->checkpoint);
  if (!latest.ok()) return Prefixed("the log's checkpoint", latest.status());

  OpenedState state;
  absl::StatusOr<RecordKey> index_key = ReadIndexKey(*store, keyring);
  if (absl::IsNotFound(index_key.status())) {
    return absl::DataLossError("the log's index key is missing");
  }
  if (!index_key.ok()) return index_key.status();
  state.index_key = *index_key;

  absl::StatusOr<std::unique_ptr<LogTree>> tree = LogTree::Load(store, latest->size);
  if (!tree.ok()) return tree.status();
  state.tree = *std::move(tree);
  absl::Status contained = CheckContained(*state.tree, *latest, "its checkpoint");
  if (contained.ok()) contained = CheckContained(*state.tree, *minimum, "the minimum checkpoint");
  if (!contained.ok()) return contained;
  state.checkpoints.latest = documents->checkpoint;
  state.checkpoints.covered = latest->size;
  state.checkpoints.root = latest->root;
  if (absl::Status cosigned = CheckCosigned(identity, documents->cosigned, *latest, state);
      !cosigned.ok()) {
    return cosigned;
  }
  absl::StatusOr<int64_t> last_time = LastTime(*store);
  if (!last_time.ok()) return last_time.status();
  state.last_time_us = *last_time;
  if (absl::Status status = CheckClock(*last_time, options.clock_tolerance, clock); !status.ok()) {
    return status;
  }
  return state;
}

}  // namespace plumbline::audit

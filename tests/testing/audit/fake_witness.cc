#include "tests/testing/audit/fake_witness.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/merkle.h"
#include "server/base/note_key.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline::audit {
namespace {

std::unique_ptr<CosignatureSigner> MakeSigner(absl::string_view name, const Clock* clock,
                                              uint8_t seed) {
  CountingRandom random(seed);
  const GeneratedNoteKey key = GenerateNoteKey(random, name, NoteAlgorithm::kCosignatureV1).value();
  return CosignatureSigner::Create(key.skey, clock).value();
}

HttpAnswer Plain(int status, absl::string_view text) {
  return {status, "text/plain", absl::StrCat(text, "\n")};
}

}  // namespace

FakeWitness::FakeWitness(absl::string_view name, const Clock* clock, uint8_t seed)
    : signer_(MakeSigner(name, clock, seed)) {}

std::unique_ptr<CosignatureVerifier> FakeWitness::verifier() const {
  return CosignatureVerifier::Create(vkey()).value();
}

void FakeWitness::AddLog(absl::string_view log_vkey) {
  Log log;
  log.key = CreateNoteVerifier(log_vkey).value();
  log.latest.origin = log.key->name();
  log.latest.root = EmptyRoot();
  absl::MutexLock lock(&mutex_);
  logs_[log.latest.origin] = std::move(log);
}

uint64_t FakeWitness::SizeOf(absl::string_view origin) const {
  absl::MutexLock lock(&mutex_);
  const auto found = logs_.find(std::string(origin));
  return found == logs_.end() ? 0 : found->second.latest.size;
}

int FakeWitness::request_count() const {
  absl::MutexLock lock(&mutex_);
  return request_count_;
}

absl::StatusOr<HttpAnswer> FakeWitness::AddCheckpoint(absl::string_view body) {
  absl::MutexLock lock(&mutex_);
  ++request_count_;
  const absl::StatusOr<AddCheckpointRequest> request = ParseAddCheckpointRequest(body);
  if (!request.ok()) return Plain(400, request.status().message());
  return Judge(*request);
}

HttpAnswer FakeWitness::Judge(const AddCheckpointRequest& request) {
  const absl::StatusOr<SignedNote> note = ParseNote(request.checkpoint);
  if (!note.ok()) return Plain(400, note.status().message());
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return Plain(400, checkpoint.status().message());
  const auto found = logs_.find(checkpoint->origin);
  if (found == logs_.end()) return Plain(404, "unknown log");
  Log& log = found->second;
  const absl::StatusOr<OpenedCheckpoint> opened =
      OpenCheckpoint(request.checkpoint, {log.key.get()});
  if (!opened.ok()) return Plain(403, opened.status().message());
  if (request.old_size > checkpoint->size) return Plain(400, "the old size is the larger one");
  if (request.old_size != log.latest.size) {
    return {409, std::string(kTreeSizeContentType), absl::StrCat(log.latest.size, "\n")};
  }
  if (checkpoint->size == log.latest.size && checkpoint->root != log.latest.root) {
    return Plain(409, "another root of the same size");
  }
  const absl::Status consistent =
      VerifyConsistency(log.latest.size, log.latest.root, checkpoint->size, checkpoint->root,
                        request.consistency_proof);
  if (!consistent.ok()) return Plain(422, consistent.message());
  absl::StatusOr<NoteSignature> cosignature = MakeNoteSignature(note->text, *signer_);
  if (!cosignature.ok()) return Plain(500, cosignature.status().message());
  log.latest = *std::move(checkpoint);
  return {200, "text/plain", FormatNoteSignature(*cosignature)};
}

}  // namespace plumbline::audit

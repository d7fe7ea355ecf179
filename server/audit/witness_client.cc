#include "server/audit/witness_client.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/audit/checkpoint.h"
#include "server/audit/merkle.h"
#include "server/audit/proof_text.h"

namespace plumbline::audit {
namespace {

constexpr absl::string_view kOldPrefix = "old ";
constexpr size_t kShownBodySize = 200;

absl::Status LineError(size_t number, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("add-checkpoint line ", number, ": ", what));
}

absl::Status BrokenProtocol(absl::string_view what) {
  return absl::UnknownError(absl::StrCat("the witness breaks the protocol: ", what));
}

// The status for an HTTP status that is neither 200 nor 409.
absl::Status Refusal(const HttpAnswer& answer) {
  const std::string message = absl::StrCat("the witness answers ", answer.status, ": ",
                                           absl::CHexEscape(answer.body.substr(0, kShownBodySize)));
  switch (answer.status) {
    case 400:
      return absl::InvalidArgumentError(message);
    case 403:
      return absl::PermissionDeniedError(message);
    case 404:
      return absl::NotFoundError(message);
    case 422:
      return absl::FailedPreconditionError(message);
    case 429:
      return absl::ResourceExhaustedError(message);
    default:
      return answer.status >= 500 ? absl::UnavailableError(message) : absl::UnknownError(message);
  }
}

// A decimal and a newline.
bool ParseSizeBody(absl::string_view body, uint64_t& size) {
  return absl::ConsumeSuffix(&body, "\n") && ParseDecimal(body, size) && size <= kMaxTreeSize;
}

// A witness that was asked with its own size also answers 409 when that is the checkpoint's and the
// roots differ. It need not repeat the size then, only it must not name another.
bool IsAnotherRoot(const HttpAnswer& answer, uint64_t old_size, uint64_t checkpoint_size) {
  if (answer.status != 409 || old_size != checkpoint_size) return false;
  uint64_t size = 0;
  if (ParseSizeBody(answer.body, size)) return size == checkpoint_size;
  return answer.content_type != kTreeSizeContentType;
}

absl::StatusOr<AddCheckpointAnswer> ParseConflict(const HttpAnswer& answer) {
  AddCheckpointAnswer parsed;
  uint64_t size = 0;
  if (answer.content_type != kTreeSizeContentType) {
    return BrokenProtocol(
        absl::StrCat("409 with a content type other than ", kTreeSizeContentType));
  }
  if (!ParseSizeBody(answer.body, size)) {
    return BrokenProtocol("409 without the size of a tree");
  }
  parsed.witness_size = size;
  return parsed;
}

absl::StatusOr<AddCheckpointAnswer> ParseCosignatures(
    absl::string_view body, absl::string_view checkpoint,
    absl::Span<const CosignatureVerifier* const> witnesses) {
  const absl::StatusOr<SignedNote> note = ParseNote(checkpoint);
  if (!note.ok()) return note.status();
  AddCheckpointAnswer parsed;
  absl::string_view line;
  for (int count = 0; !body.empty(); ++count) {
    if (count == kMaxNoteSignatures) return BrokenProtocol("too many signature lines");
    if (!TakeLine(body, line)) return BrokenProtocol("the last line has no newline");
    absl::StatusOr<NoteSignature> signature = ParseNoteSignature(line);
    if (!signature.ok()) return BrokenProtocol(signature.status().message());
    for (const CosignatureVerifier* witness : witnesses) {
      if (witness->name() != signature->key_name || witness->key_id() != signature->key_id)
        continue;
      const absl::StatusOr<absl::Time> time = CosignatureTime(signature->signature);
      if (!time.ok() || *time == absl::UnixEpoch() ||
          !witness->Verify(note->text, signature->signature)) {
        return absl::UnauthenticatedError(
            absl::StrCat("the cosignature of ", NoteKeyLabel(witness->name(), witness->key_id()),
                         " does not fit the checkpoint"));
      }
      parsed.cosignatures.push_back(*signature);
      break;
    }
  }
  if (parsed.cosignatures.empty()) {
    return absl::UnauthenticatedError("the answer has no cosignature of the witness");
  }
  return parsed;
}

}  // namespace

std::string FormatAddCheckpointRequest(const AddCheckpointRequest& request) {
  std::string body = absl::StrCat(kOldPrefix, request.old_size, "\n");
  for (const Sha256Digest& hash : request.consistency_proof) {
    absl::StrAppend(&body, EncodeHash(hash), "\n");
  }
  absl::StrAppend(&body, "\n", request.checkpoint);
  return body;
}

absl::StatusOr<AddCheckpointRequest> ParseAddCheckpointRequest(absl::string_view body) {
  AddCheckpointRequest request;
  absl::string_view line;
  if (!TakeLine(body, line) || !absl::ConsumePrefix(&line, kOldPrefix) ||
      !ParseDecimal(line, request.old_size)) {
    return LineError(1, "not \"old\" and a decimal without leading zeroes");
  }
  while (true) {
    const size_t number = 2 + request.consistency_proof.size();
    if (!TakeLine(body, line)) return LineError(number, "no checkpoint behind an empty line");
    if (line.empty()) break;
    Sha256Digest hash;
    if (!DecodeHash(line, hash)) return LineError(number, "not a hash (32 bytes in base64)");
    if (request.consistency_proof.size() == kMaxProofHashes) {
      return LineError(number, absl::StrCat("more than ", kMaxProofHashes, " hashes"));
    }
    request.consistency_proof.push_back(hash);
  }
  request.checkpoint = std::string(body);
  return request;
}

absl::StatusOr<AddCheckpointAnswer> ParseAddCheckpointAnswer(
    const HttpAnswer& answer, absl::string_view checkpoint,
    absl::Span<const CosignatureVerifier* const> witnesses) {
  if (answer.status == 200) return ParseCosignatures(answer.body, checkpoint, witnesses);
  if (answer.status == 409) return ParseConflict(answer);
  return Refusal(answer);
}

WitnessClient::WitnessClient(std::unique_ptr<CosignatureVerifier> witness,
                             WitnessTransport* transport, uint64_t cosigned_size)
    : witness_(std::move(witness)),
      transport_(transport),
      witness_size_(cosigned_size),
      cosigned_size_(cosigned_size) {}

absl::StatusOr<NoteSignature> WitnessClient::Cosign(absl::string_view checkpoint,
                                                    const ProofSource& proofs) {
  const absl::StatusOr<SignedNote> note = ParseNote(checkpoint);
  if (!note.ok()) return note.status();
  const absl::StatusOr<Checkpoint> parsed = ParseCheckpoint(note->text);
  if (!parsed.ok()) return parsed.status();

  absl::MutexLock lock(&mutex_);
  // What was cosigned last may be newer than this checkpoint: let the witness say what it has.
  if (witness_size_ > parsed->size) witness_size_ = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    AddCheckpointRequest request;
    request.old_size = witness_size_;
    request.checkpoint = std::string(checkpoint);
    absl::StatusOr<std::vector<Sha256Digest>> proof = proofs(witness_size_, parsed->size);
    if (!proof.ok()) return proof.status();
    request.consistency_proof = *std::move(proof);
    const absl::StatusOr<HttpAnswer> answer =
        transport_->AddCheckpoint(FormatAddCheckpointRequest(request));
    if (!answer.ok()) return answer.status();
    if (IsAnotherRoot(*answer, request.old_size, parsed->size)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the witness ", witness_->name(), " has seen another history of the log \"",
                       parsed->origin, "\" of the same size, ", parsed->size));
    }
    absl::StatusOr<AddCheckpointAnswer> read =
        ParseAddCheckpointAnswer(*answer, checkpoint, {witness_.get()});
    if (!read.ok()) return read.status();
    if (!read->witness_size.has_value()) {
      witness_size_ = parsed->size;
      cosigned_size_ = parsed->size;
      return std::move(read->cosignatures.front());
    }
    if (*read->witness_size > parsed->size) {
      return absl::DataLossError(absl::StrCat("the witness ", witness_->name(), " has seen ",
                                              *read->witness_size, " entries of the log \"",
                                              parsed->origin, "\", this checkpoint covers only ",
                                              parsed->size));
    }
    witness_size_ = *read->witness_size;
    if (witness_size_ < cosigned_size_) {
      return absl::AbortedError(
          absl::StrCat("the witness ", witness_->name(), " has seen ", witness_size_,
                       " entries of the log \"", parsed->origin, "\", it says, but has cosigned ",
                       std::exchange(cosigned_size_, 0), ": it has lost its state"));
    }
  }
  return absl::UnavailableError("the size that the witness has changes while it is asked");
}

}  // namespace plumbline::audit

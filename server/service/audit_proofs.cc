// AuditLogService: checkpoints, proofs, receipts, and the export of the log.

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/checkpoint.h"
#include "server/audit/log_error.h"
#include "server/audit/log_export.h"
#include "server/audit/merkle.h"
#include "server/audit/receipt.h"
#include "server/base/signed_note.h"
#include "server/service/audit_log_service.h"
#include "server/service/log_status.h"
#include "server/service/record_lookup.h"
#include "server/service/request_checks.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

// Of one message of an export.
constexpr size_t kPieceBytes = size_t{64} << 10;

std::string Bytes(const Sha256Digest& digest) { return {digest.begin(), digest.end()}; }

absl::StatusOr<uint64_t> SizeOf(absl::string_view checkpoint) {
  const absl::StatusOr<SignedNote> note = ParseNote(checkpoint);
  if (!note.ok()) {
    return ToApiStatus(audit::LogCorruptError(note.status().message()));
  }
  const absl::StatusOr<audit::Checkpoint> parsed = audit::ParseCheckpoint(note->text);
  if (!parsed.ok()) {
    return ToApiStatus(audit::LogCorruptError(parsed.status().message()));
  }
  return parsed->size;
}

// A tree that no checkpoint covers is signed by nobody: a proof about it would prove nothing.
absl::Status CheckCovered(absl::string_view field, uint64_t size, uint64_t checkpoint_size) {
  if (size <= checkpoint_size) {
    return absl::OkStatus();
  }
  return RequestStatus({{std::string(field), absl::StrCat("is larger than the latest checkpoint (",
                                                          checkpoint_size, ")")}});
}

// Hands out one file in pieces. Cancelled: the reader is gone.
absl::Status EmitFile(const std::string& path, absl::string_view content,
                      absl::FunctionRef<bool(const v1::ExportLogResponse&)> emit) {
  do {
    const absl::string_view piece = content.substr(0, kPieceBytes);
    content.remove_prefix(piece.size());
    v1::ExportLogResponse response;
    response.set_path(path);
    response.set_data(piece.data(), piece.size());
    response.set_last(content.empty());
    if (!emit(response)) {
      return absl::CancelledError();
    }
  } while (!content.empty());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AuditLogService::SizedCheckpoint> AuditLogService::LatestCheckpoint(
    uint64_t at_least) const {
  absl::StatusOr<std::string> text = parts_.log->Checkpoint(at_least);
  if (!text.ok()) {
    return ToApiStatus(text.status());
  }
  const absl::StatusOr<uint64_t> size = SizeOf(*text);
  if (!size.ok()) {
    return size.status();
  }
  return SizedCheckpoint{*std::move(text), *size};
}

absl::StatusOr<AuditLogService::SizedCheckpoint> AuditLogService::BestCheckpoint(
    uint64_t at_least) const {
  std::string cosigned = parts_.log->CosignedCheckpoint();
  if (!cosigned.empty()) {
    const absl::StatusOr<uint64_t> size = SizeOf(cosigned);
    if (!size.ok()) {
      return size.status();
    }
    if (*size >= at_least) {
      return SizedCheckpoint{std::move(cosigned), *size};
    }
  }
  return LatestCheckpoint(at_least);
}

absl::StatusOr<v1::GetReceiptResponse> AuditLogService::GetReceipt(
    const v1::GetReceiptRequest& request, const Caller&) {
  const absl::StatusOr<uint64_t> index = IndexOf(request.name());
  if (!index.ok()) {
    return index.status();
  }
  const absl::StatusOr<audit::Record> record = ReadRecord(*parts_.log, *index, store::Parts::kLeaf);
  if (!record.ok()) {
    return record.status();
  }
  absl::StatusOr<SizedCheckpoint> checkpoint = BestCheckpoint(*index + 1);
  if (!checkpoint.ok()) {
    return checkpoint.status();
  }
  absl::StatusOr<std::vector<Sha256Digest>> proof =
      parts_.log->InclusionProof(*index, checkpoint->size);
  if (!proof.ok()) {
    return ToApiStatus(proof.status());
  }
  audit::Receipt receipt;
  receipt.index = *index;
  receipt.inclusion_proof = *std::move(proof);
  receipt.checkpoint = std::move(checkpoint->text);
  v1::GetReceiptResponse response;
  response.set_receipt(audit::FormatReceipt(receipt));
  response.set_leaf(record->leaf);
  return response;
}

absl::StatusOr<v1::GetCheckpointResponse> AuditLogService::GetCheckpoint(
    const v1::GetCheckpointRequest& request, const Caller&) {
  if (request.cosigned()) {
    v1::GetCheckpointResponse response;
    response.set_checkpoint(parts_.log->CosignedCheckpoint());
    if (response.checkpoint().empty()) {
      return MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_UNKNOWN_RECORD,
                       "no checkpoint of this log has been cosigned by a witness");
    }
    return response;
  }
  absl::StatusOr<SizedCheckpoint> checkpoint = LatestCheckpoint(0);
  if (!checkpoint.ok()) {
    return checkpoint.status();
  }
  v1::GetCheckpointResponse response;
  response.set_checkpoint(std::move(checkpoint->text));
  return response;
}

absl::StatusOr<v1::GetInclusionProofResponse> AuditLogService::GetInclusionProof(
    const v1::GetInclusionProofRequest& request, const Caller&) {
  const absl::StatusOr<audit::Record> record =
      ReadRecord(*parts_.log, request.index(), store::Parts::kLeaf);
  if (!record.ok()) {
    return record.status();
  }
  const absl::StatusOr<SizedCheckpoint> checkpoint = LatestCheckpoint(request.index() + 1);
  if (!checkpoint.ok()) {
    return checkpoint.status();
  }
  const uint64_t size = request.tree_size() == 0 ? checkpoint->size : request.tree_size();
  if (absl::Status covered = CheckCovered("tree_size", size, checkpoint->size); !covered.ok()) {
    return covered;
  }
  if (request.index() >= size) {
    return RequestStatus({{"tree_size", "must be larger than the index"}});
  }
  const absl::StatusOr<std::vector<Sha256Digest>> proof =
      parts_.log->InclusionProof(request.index(), size);
  if (!proof.ok()) {
    return ToApiStatus(proof.status());
  }
  v1::GetInclusionProofResponse response;
  response.set_tree_size(size);
  response.set_leaf_hash(Bytes(audit::HashLeaf(record->leaf)));
  for (const Sha256Digest& hash : *proof) {
    response.add_hashes(Bytes(hash));
  }
  return response;
}

absl::StatusOr<v1::GetConsistencyProofResponse> AuditLogService::GetConsistencyProof(
    const v1::GetConsistencyProofRequest& request, const Caller&) {
  const absl::StatusOr<SizedCheckpoint> checkpoint = LatestCheckpoint(0);
  if (!checkpoint.ok()) {
    return checkpoint.status();
  }
  const uint64_t size = request.new_size() == 0 ? checkpoint->size : request.new_size();
  if (absl::Status covered = CheckCovered("new_size", size, checkpoint->size); !covered.ok()) {
    return covered;
  }
  if (request.old_size() > size) {
    return RequestStatus({{"old_size", "must not be larger than the new size"}});
  }
  const absl::StatusOr<std::vector<Sha256Digest>> proof =
      parts_.log->ConsistencyProof(request.old_size(), size);
  if (!proof.ok()) {
    return ToApiStatus(proof.status());
  }
  v1::GetConsistencyProofResponse response;
  response.set_new_size(size);
  for (const Sha256Digest& hash : *proof) {
    response.add_hashes(Bytes(hash));
  }
  return response;
}

absl::Status AuditLogService::ExportLog(
    const v1::ExportLogRequest& request, const Caller&,
    absl::FunctionRef<bool(const v1::ExportLogResponse&)> emit) {
  if (request.tree_size() != 0) {
    const absl::StatusOr<SizedCheckpoint> checkpoint = LatestCheckpoint(0);
    if (!checkpoint.ok()) {
      return checkpoint.status();
    }
    if (request.tree_size() != checkpoint->size) {
      return RequestStatus({{"tree_size", absl::StrCat("must be 0 or the size of the latest "
                                                       "checkpoint (",
                                                       checkpoint->size, ")")}});
    }
  }
  const absl::StatusOr<audit::LogExport> exported = audit::VisitExportedFiles(
      *parts_.log, 0, [&](const std::string& path, absl::string_view content) {
        return EmitFile(path, content, emit);
      });
  if (absl::IsCancelled(exported.status())) {
    return absl::OkStatus();
  }
  return ToApiStatus(exported.status());
}

}  // namespace plumbline::service

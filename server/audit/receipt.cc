#include "server/audit/receipt.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/audit/merkle.h"
#include "server/audit/proof_text.h"
#include "server/base/base64.h"
#include "server/base/cosignature.h"

namespace plumbline::audit {
namespace {

constexpr absl::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr absl::string_view kExtraPrefix = "extra ";
constexpr absl::string_view kIndexPrefix = "index ";

absl::Status LineError(int number, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("receipt line ", number, ": ", what));
}

}  // namespace

std::string FormatReceipt(const Receipt& receipt) {
  std::string text = absl::StrCat(kHeader, "\n");
  if (receipt.extra.has_value()) {
    absl::StrAppend(&text, kExtraPrefix, EncodeBase64(*receipt.extra), "\n");
  }
  absl::StrAppend(&text, kIndexPrefix, receipt.index, "\n");
  for (const Sha256Digest& hash : receipt.inclusion_proof) {
    absl::StrAppend(&text, EncodeHash(hash), "\n");
  }
  absl::StrAppend(&text, "\n", receipt.checkpoint);
  return text;
}

absl::StatusOr<Receipt> ParseReceipt(absl::string_view text) {
  if (text.size() > kMaxReceiptSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("a receipt of ", text.size(), " bytes; the limit is ", kMaxReceiptSize));
  }
  Receipt receipt;
  absl::string_view line;
  int number = 1;
  if (!TakeLine(text, line) || line != kHeader) {
    return LineError(number, absl::StrCat("a receipt begins with ", kHeader));
  }
  ++number;
  bool present = TakeLine(text, line);
  if (present && absl::ConsumePrefix(&line, kExtraPrefix)) {
    absl::StatusOr<std::string> extra = DecodeBase64(line);
    if (!extra.ok()) {
      return LineError(number, absl::StrCat("the extra data are ", extra.status().message()));
    }
    receipt.extra = *std::move(extra);
    ++number;
    present = TakeLine(text, line);
  }
  if (!present || !absl::ConsumePrefix(&line, kIndexPrefix) || !ParseDecimal(line, receipt.index)) {
    return LineError(number, "not \"index\" and a decimal without leading zeroes");
  }
  while (true) {
    ++number;
    if (!TakeLine(text, line)) return LineError(number, "no checkpoint behind an empty line");
    if (line.empty()) break;
    Sha256Digest hash;
    if (!DecodeHash(line, hash)) return LineError(number, "not a hash (32 bytes in base64)");
    if (receipt.inclusion_proof.size() == kMaxProofHashes) {
      return LineError(number, absl::StrCat("more than ", kMaxProofHashes, " hashes"));
    }
    receipt.inclusion_proof.push_back(hash);
  }
  receipt.checkpoint = std::string(text);
  return receipt;
}

absl::StatusOr<VerifiedReceipt> VerifyReceipt(const Receipt& receipt, const Sha256Digest& leaf_hash,
                                              const TrustPolicy& policy) {
  absl::StatusOr<OpenedCheckpoint> opened = policy.Open(receipt.checkpoint);
  if (!opened.ok()) return opened.status();
  const Checkpoint& checkpoint = opened->checkpoint;
  if (absl::Status status = VerifyInclusion(leaf_hash, receipt.index, checkpoint.size,
                                            checkpoint.root, receipt.inclusion_proof);
      !status.ok()) {
    return status;
  }
  VerifiedReceipt verified;
  verified.index = receipt.index;
  for (const NoteSignature& signature : opened->verified) {
    // Those of the log have no time; their length tells them apart.
    const absl::StatusOr<absl::Time> time = CosignatureTime(signature.signature);
    if (time.ok()) verified.cosignatures.push_back({signature.key_name, *time});
  }
  verified.checkpoint = std::move(opened->checkpoint);
  return verified;
}

}  // namespace plumbline::audit

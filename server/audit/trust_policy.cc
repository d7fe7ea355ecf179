#include "server/audit/trust_policy.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/audit/proof_text.h"
#include "server/base/cosignature.h"
#include "server/base/note_key.h"

namespace plumbline::audit {
namespace {

constexpr size_t kMaxPolicySize = 1'000'000;
constexpr absl::string_view kNone = "none";

using Words = absl::Span<const absl::string_view>;

std::vector<const NoteVerifier*> Borrow(
    const std::vector<std::unique_ptr<NoteVerifier>>& verifiers) {
  std::vector<const NoteVerifier*> borrowed;
  for (const std::unique_ptr<NoteVerifier>& verifier : verifiers)
    borrowed.push_back(verifier.get());
  return borrowed;
}

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

}  // namespace

// Reads a policy line by line.
class TrustPolicyParser {
 public:
  absl::Status Parse(absl::string_view text) {
    if (text.size() > kMaxPolicySize) return Wrong("policy: larger than a megabyte");
    int number = 0;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      ++number;
      if (const absl::Status status = ParseLine(line); !status.ok()) {
        return Wrong(absl::StrCat("policy line ", number, ": ", status.message()));
      }
    }
    if (!has_quorum_)
      return Wrong("policy: it has no quorum line (\"quorum none\" for no witnesses)");
    return absl::OkStatus();
  }

  TrustPolicy Take() { return std::move(policy_); }

 private:
  absl::Status ParseLine(absl::string_view line) {
    for (const char c : line) {
      const uint8_t byte = static_cast<uint8_t>(c);
      if ((byte < 0x20 && c != '\t') || byte == 0x7f) return Wrong("it has a control character");
    }
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') return absl::OkStatus();
    const Words arguments = Words(words).subspan(1);
    if (words[0] == "log") return AddLog(arguments);
    if (words[0] == "witness") return AddWitness(arguments);
    if (words[0] == "group") return AddGroup(arguments);
    if (words[0] == "quorum") return SetQuorum(arguments);
    return Wrong("it begins with none of log, witness, group, quorum");
  }

  absl::Status AddLog(Words words) {
    if (words.empty() || words.size() > 2) return Wrong("a log has a vkey and at most a URL");
    absl::StatusOr<NoteVerifierKey> key = NoteVerifierKey::Parse(words[0]);
    if (!key.ok()) return key.status();
    if (!log_keys_.insert(std::string(key->public_key.bytes())).second) {
      return Wrong("the key of this log was already given");
    }
    absl::StatusOr<std::unique_ptr<Ed25519NoteVerifier>> verifier =
        Ed25519NoteVerifier::Create(*std::move(key));
    if (!verifier.ok()) return verifier.status();
    policy_.logs_.push_back(*std::move(verifier));
    return absl::OkStatus();
  }

  absl::Status AddWitness(Words words) {
    if (words.size() < 2 || words.size() > 3) {
      return Wrong("a witness has a name, a vkey and at most a URL");
    }
    if (absl::Status status = CheckNewName(words[0]); !status.ok()) return status;
    absl::StatusOr<NoteVerifierKey> key = NoteVerifierKey::Parse(words[1]);
    if (!key.ok()) return key.status();
    if (!witness_keys_.insert(std::string(key->public_key.bytes())).second) {
      return Wrong("the key of this witness was already given");
    }
    absl::StatusOr<std::unique_ptr<CosignatureVerifier>> verifier =
        CosignatureVerifier::Create(*std::move(key));
    if (!verifier.ok()) return verifier.status();
    policy_.witnesses_.push_back(*std::move(verifier));
    TrustPolicy::Party party;
    party.name = std::string(words[0]);
    party.witness = policy_.witnesses_.back().get();
    policy_.parties_.push_back(std::move(party));
    return absl::OkStatus();
  }

  absl::Status AddGroup(Words words) {
    if (words.size() < 3) return Wrong("a group has a name, a threshold and at least one member");
    if (absl::Status status = CheckNewName(words[0]); !status.ok()) return status;
    TrustPolicy::Party group;
    group.name = std::string(words[0]);
    for (const absl::string_view name : words.subspan(2)) {
      size_t member = 0;
      if (!Find(name, member)) {
        return Wrong(absl::StrCat("\"", name, "\" is no witness or group of the lines before"));
      }
      if (!members_.insert(member).second) {
        return Wrong(absl::StrCat("\"", name, "\" is already a member of a group"));
      }
      group.members.push_back(member);
    }
    uint64_t threshold = 0;
    if (words[1] == "all") {
      threshold = group.members.size();
    } else if (words[1] == "any") {
      threshold = 1;
    } else if (!ParseDecimal(words[1], threshold) || threshold == 0 ||
               threshold > group.members.size()) {
      return Wrong("the threshold is \"all\", \"any\", or 1 to the number of members");
    }
    group.threshold = threshold;
    policy_.parties_.push_back(std::move(group));
    return absl::OkStatus();
  }

  absl::Status SetQuorum(Words words) {
    if (words.size() != 1) return Wrong("a quorum is one name");
    if (has_quorum_) return Wrong("there is already a quorum line");
    has_quorum_ = true;
    policy_.needs_quorum_ = words[0] != kNone;
    if (policy_.needs_quorum_ && !Find(words[0], policy_.quorum_)) {
      return Wrong(absl::StrCat("\"", words[0], "\" is no witness or group of the lines before"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckNewName(absl::string_view name) const {
    size_t found = 0;
    if (name == kNone) return Wrong("the name \"none\" means no witnesses");
    if (Find(name, found)) return Wrong(absl::StrCat("\"", name, "\" was already defined"));
    return absl::OkStatus();
  }

  bool Find(absl::string_view name, size_t& found) const {
    for (size_t i = 0; i < policy_.parties_.size(); ++i) {
      if (policy_.parties_[i].name != name) continue;
      found = i;
      return true;
    }
    return false;
  }

  TrustPolicy policy_;
  bool has_quorum_ = false;
  std::set<std::string> log_keys_;
  std::set<std::string> witness_keys_;
  std::set<size_t> members_;
};

absl::StatusOr<TrustPolicy> TrustPolicy::Parse(absl::string_view text) {
  TrustPolicyParser parser;
  if (absl::Status status = parser.Parse(text); !status.ok()) return status;
  return parser.Take();
}

absl::StatusOr<TrustPolicy> TrustPolicy::ForLog(absl::string_view vkey) {
  absl::StatusOr<std::unique_ptr<Ed25519NoteVerifier>> verifier = Ed25519NoteVerifier::Create(vkey);
  if (!verifier.ok()) return verifier.status();
  TrustPolicy policy;
  policy.logs_.push_back(*std::move(verifier));
  return policy;
}

bool TrustPolicy::HasCosigned(const Party& party, absl::Span<const NoteSignature> verified) const {
  if (party.witness != nullptr) {
    return std::any_of(verified.begin(), verified.end(), [&party](const NoteSignature& signature) {
      return signature.key_id == party.witness->key_id() &&
             signature.key_name == party.witness->name();
    });
  }
  size_t count = 0;
  for (const size_t member : party.members) {
    if (HasCosigned(parties_[member], verified)) ++count;
  }
  return count >= party.threshold;
}

absl::StatusOr<OpenedCheckpoint> TrustPolicy::Open(absl::string_view checkpoint) const {
  absl::StatusOr<OpenedCheckpoint> opened =
      OpenCheckpoint(checkpoint, Borrow(logs_), Borrow(witnesses_));
  if (!opened.ok() || !needs_quorum_) return opened;
  const Party& quorum = parties_[quorum_];
  if (HasCosigned(quorum, opened->verified)) return opened;
  std::vector<std::string> missing;
  for (const Party& party : parties_) {
    if (party.witness != nullptr && !HasCosigned(party, opened->verified)) {
      missing.push_back(party.name);
    }
  }
  return absl::UnauthenticatedError(
      absl::StrCat("the quorum \"", quorum.name, "\" has not cosigned the checkpoint of ",
                   opened->checkpoint.size, " entries; missing: ", absl::StrJoin(missing, ", ")));
}

}  // namespace plumbline::audit

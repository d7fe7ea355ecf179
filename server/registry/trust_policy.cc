#include "server/registry/trust_policy.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/note_key.h"
#include "server/base/signed_note.h"
#include "server/registry/note_text.h"
#include "server/registry/regular_file.h"

namespace plumbline::registry {
namespace {

constexpr char kFirstLine[] = "plumbline-trust-policy/v1";
constexpr int kMaxThreshold = 20;

struct Approver {
  std::shared_ptr<const NoteVerifier> verifier;
  std::string person;
  std::vector<std::string> roles;

  bool HasRole(const std::string& role) const {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  }
};

struct Threshold {
  int count = 0;
  Meaning meaning = Meaning::kApproved;
  std::string role;  // empty: any

  std::string ToString() const {
    return absl::StrCat(count, " ", MeaningName(meaning),
                        role.empty() ? "" : absl::StrCat(" in the role \"", role, "\""));
  }
};

// Words, or texts in quotation marks, up to a '#'. InvalidArgument for a mark that is left open.
absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view line) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
    } else if (line[at] == '#') {
      break;
    } else if (line[at] == '"') {
      const size_t end = line.find('"', at + 1);
      if (end == absl::string_view::npos) {
        return absl::InvalidArgumentError("a quotation mark is not closed");
      }
      words.emplace_back(line.substr(at + 1, end - at - 1));
      at = end + 1;
    } else {
      const size_t end = std::min(line.find_first_of(" \t\"", at), line.size());
      words.emplace_back(line.substr(at, end - at));
      at = end;
    }
  }
  return words;
}

}  // namespace

struct TrustPolicy::Rep {
  std::string deployment;
  std::vector<std::shared_ptr<const NoteVerifier>> manifest_signers;
  int manifest_signatures = 1;
  std::vector<Approver> approvers;
  std::vector<Threshold> thresholds;
  bool distinct_from_author = true;
};

// Reads a policy line by line.
class TrustPolicyReader {
 public:
  TrustPolicyReader(absl::string_view text, const std::string& name) : text_(text), name_(name) {}

  absl::StatusOr<TrustPolicy> Read() && {
    bool begun = false;
    for (const absl::string_view line : absl::StrSplit(text_, '\n')) {
      ++line_;
      const absl::StatusOr<std::vector<std::string>> words = SplitWords(line);
      if (!words.ok()) return Place(words.status());
      if (words->empty()) continue;
      if (!begun) {
        if (*words != std::vector<std::string>{kFirstLine}) {
          return Place(absl::InvalidArgumentError(absl::StrCat("`", kFirstLine, "` expected")));
        }
        begun = true;
      } else if (absl::Status status = ReadLine(*words); !status.ok()) {
        return Place(status);
      }
    }
    if (absl::Status status = CheckWhole(); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(name_, ": ", status.message()));
    }
    return TrustPolicy(std::make_shared<const TrustPolicy::Rep>(std::move(policy_)));
  }

 private:
  using Words = std::vector<std::string>;

  absl::Status Place(const absl::Status& status) const {
    return absl::InvalidArgumentError(
        absl::StrCat(name_, ": line ", line_, ": ", status.message()));
  }

  absl::Status ReadLine(const Words& words) {
    const std::string& keyword = words[0];
    if (keyword == "require") return ReadThreshold(words);
    if (keyword == "approver") return ReadApprover(words);
    if (words.size() != 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", keyword, "` is unknown, or not followed by one value"));
    }
    if (keyword == "manifest-signer") return ReadManifestSigner(words[1]);
    if (keyword != "deployment" && keyword != "manifest-signatures" &&
        keyword != "distinct-from-author") {
      return absl::InvalidArgumentError(
          absl::StrCat("`", keyword,
                       "` is unknown; deployment, manifest-signer, manifest-signatures, approver, "
                       "require and distinct-from-author are known"));
    }
    if (!once_.insert(keyword).second) {
      return absl::InvalidArgumentError(absl::StrCat("`", keyword, "` is given twice"));
    }
    return ReadSetting(keyword, words[1]);
  }

  absl::Status ReadSetting(const std::string& keyword, const std::string& value) {
    if (keyword == "deployment") {
      if (const std::string mistake = TextMistake(value); !mistake.empty()) {
        return absl::InvalidArgumentError(absl::StrCat("`deployment`: ", mistake));
      }
      policy_.deployment = value;
      return absl::OkStatus();
    }
    if (keyword == "manifest-signatures") {
      return ReadCount(value, 1, policy_.manifest_signatures);
    }
    if (value != "yes" && value != "no") {
      return absl::InvalidArgumentError("`distinct-from-author` is `yes` or `no`");
    }
    policy_.distinct_from_author = value == "yes";
    return absl::OkStatus();
  }

  static absl::Status ReadCount(const std::string& text, int least, int& count) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
        !absl::SimpleAtoi(text, &count) || count < least || count > kMaxThreshold) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", text, "` is not a number from ", least, " to ", kMaxThreshold));
    }
    return absl::OkStatus();
  }

  absl::Status ReadManifestSigner(const std::string& vkey) {
    absl::StatusOr<std::shared_ptr<const NoteVerifier>> verifier = ReadKey(vkey, signer_keys_);
    if (!verifier.ok()) return verifier.status();
    policy_.manifest_signers.push_back(*std::move(verifier));
    return absl::OkStatus();
  }

  // approver VKEY person NAME roles ROLE...
  absl::Status ReadApprover(const Words& words) {
    if (words.size() < 6 || words[2] != "person" || words[4] != "roles") {
      return absl::InvalidArgumentError(
          "write `approver KEY person \"NAME\" roles ROLE...`, with at least one role");
    }
    absl::StatusOr<std::shared_ptr<const NoteVerifier>> verifier =
        ReadKey(words[1], approver_keys_);
    if (!verifier.ok()) return verifier.status();
    for (size_t i = 3; i < words.size(); ++i) {
      if (const std::string mistake = TextMistake(words[i]); !mistake.empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat(i == 3 ? "the person's name" : "a role", ": ", mistake));
      }
    }
    policy_.approvers.push_back(
        {*std::move(verifier), words[3], Words(words.begin() + 5, words.end())});
    return absl::OkStatus();
  }

  static absl::StatusOr<std::shared_ptr<const NoteVerifier>> ReadKey(const std::string& vkey,
                                                                     std::set<std::string>& known) {
    absl::StatusOr<std::unique_ptr<Ed25519NoteVerifier>> verifier =
        Ed25519NoteVerifier::Create(vkey);
    if (!verifier.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("not a public key: ", verifier.status().message()));
    }
    const std::string label = NoteKeyLabel((*verifier)->name(), (*verifier)->key_id());
    if (!known.insert(label).second) {
      return absl::InvalidArgumentError(absl::StrCat("the key ", label, " is given twice"));
    }
    return std::shared_ptr<const NoteVerifier>(*std::move(verifier));
  }

  // require N MEANING [role ROLE]
  absl::Status ReadThreshold(const Words& words) {
    if (words.size() != 3 && !(words.size() == 5 && words[3] == "role")) {
      return absl::InvalidArgumentError("write `require NUMBER MEANING`, or with `role \"ROLE\"`");
    }
    Threshold threshold;
    if (absl::Status read = ReadCount(words[1], 0, threshold.count); !read.ok()) return read;
    const absl::StatusOr<Meaning> meaning = ParseMeaning(words[2]);
    if (!meaning.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", words[2], "`: ", meaning.status().message()));
    }
    threshold.meaning = *meaning;
    if (words.size() == 5) threshold.role = words[4];
    threshold_lines_.push_back(line_);
    policy_.thresholds.push_back(threshold);
    return absl::OkStatus();
  }

  absl::Status CheckWhole() {
    if (policy_.deployment.empty()) return absl::InvalidArgumentError("no `deployment`");
    if (policy_.thresholds.empty()) {
      return absl::InvalidArgumentError(
          "no `require` line; write `require 0 approved` if nobody needs to approve");
    }
    const int signers = static_cast<int>(policy_.manifest_signers.size());
    if (signers < policy_.manifest_signatures) {
      return absl::InvalidArgumentError(absl::StrCat("manifests need ", policy_.manifest_signatures,
                                                     " signatures, and there are ", signers,
                                                     " `manifest-signer` keys"));
    }
    for (size_t i = 0; i < policy_.thresholds.size(); ++i) {
      const Threshold& threshold = policy_.thresholds[i];
      std::set<std::string> people;
      for (const Approver& approver : policy_.approvers) {
        if (threshold.role.empty() || approver.HasRole(threshold.role)) {
          people.insert(approver.person);
        }
      }
      if (static_cast<int>(people.size()) < threshold.count) {
        return absl::InvalidArgumentError(
            absl::StrCat("line ", threshold_lines_[i], ": ", threshold.ToString(),
                         " cannot be reached: the policy knows ", people.size(), " such people"));
      }
    }
    return absl::OkStatus();
  }

  absl::string_view text_;
  const std::string& name_;
  int line_ = 0;
  TrustPolicy::Rep policy_;
  std::set<std::string> once_;
  std::set<std::string> signer_keys_;
  std::set<std::string> approver_keys_;
  std::vector<int> threshold_lines_;
};

namespace {

// Judges the approvals of one subject.
class ApprovalCount {
 public:
  ApprovalCount(const std::vector<Approver>& approvers, const ApprovedSubject& subject)
      : approvers_(approvers), subject_(subject) {}

  // Whether it is what it says, signed by whom it says.
  void Add(const ApprovalNote& note) {
    JudgedApproval judged{note.approval, note.key_name, false, ""};
    const Approver* approver = nullptr;
    judged.reason = Mistrust(note, approver);
    judged.trusted = judged.reason.empty();
    people_.push_back(approver == nullptr ? "" : approver->person);
    judged_.push_back(std::move(judged));
  }

  void Count(bool distinct_from_author) {
    std::set<std::string> authors;
    for (size_t i = 0; i < judged_.size(); ++i) {
      if (judged_[i].trusted && judged_[i].approval.meaning == Meaning::kAuthored) {
        authors.insert(people_[i]);
      }
    }
    has_author_ = !authors.empty();
    std::set<std::tuple<std::string, Meaning, std::string>> counted;
    for (size_t i = 0; i < judged_.size(); ++i) {
      JudgedApproval& judged = judged_[i];
      if (!judged.trusted) continue;
      if (distinct_from_author && judged.approval.meaning != Meaning::kAuthored &&
          authors.count(people_[i]) > 0) {
        judged.reason = "is an author";
      } else if (!counted.insert({people_[i], judged.approval.meaning, judged.approval.role})
                      .second) {
        judged.reason = "counts already";
      }
    }
  }

  bool Reaches(const Threshold& threshold) const {
    std::set<std::string> people;
    for (size_t i = 0; i < judged_.size(); ++i) {
      const JudgedApproval& judged = judged_[i];
      if (judged.trusted && judged.reason.empty() && judged.approval.meaning == threshold.meaning &&
          (threshold.role.empty() || threshold.role == judged.approval.role)) {
        people.insert(people_[i]);
      }
    }
    return static_cast<int>(people.size()) >= threshold.count;
  }

  // "counted: ...; not counted: ...".
  std::string Tally() const {
    std::vector<std::string> counted;
    std::vector<std::string> left_out;
    for (const JudgedApproval& judged : judged_) {
      const std::string who =
          absl::StrCat(judged.approval.name, " ", MeaningName(judged.approval.meaning));
      if (judged.reason.empty()) {
        counted.push_back(who);
      } else {
        left_out.push_back(absl::StrCat(who, " (", judged.reason, ")"));
      }
    }
    return absl::StrCat("counted: ", counted.empty() ? "none" : absl::StrJoin(counted, ", "),
                        left_out.empty() ? "" : "; not counted: ", absl::StrJoin(left_out, ", "));
  }

  bool has_author() const { return has_author_; }
  bool has_forgery() const { return has_forgery_; }
  std::vector<JudgedApproval> Take() && { return std::move(judged_); }

 private:
  std::string Mistrust(const ApprovalNote& note, const Approver*& approver) {
    for (const Approver& one : approvers_) {
      const NoteVerifier* verifier = one.verifier.get();
      if (verifier->name() != note.key_name) continue;
      const absl::StatusOr<OpenedNote> opened = OpenNote(note.note, {verifier});
      if (opened.ok()) {
        approver = &one;
        break;
      }
      // A key of that name and id, and yet not its signature.
      const absl::StatusOr<SignedNote> parsed = ParseNote(note.note);
      if (parsed.ok() && parsed->signatures[0].key_id == verifier->key_id()) {
        has_forgery_ = true;
        return "the signature is wrong";
      }
    }
    const Approval& approval = note.approval;
    if (approver == nullptr) return absl::StrCat("unknown key ", note.key_name);
    if (approval.ruleset_id != subject_.ruleset_id || approval.version != subject_.version) {
      return absl::StrCat("says ", approval.ruleset_id, " ", approval.version,
                          ", which this is not");
    }
    if (approval.name != approver->person) {
      return absl::StrCat("the key is of ", approver->person);
    }
    if (!approver->HasRole(approval.role)) {
      return absl::StrCat("has not the role \"", approval.role, "\"");
    }
    return "";
  }

  const std::vector<Approver>& approvers_;
  const ApprovedSubject& subject_;
  std::vector<JudgedApproval> judged_;
  std::vector<std::string> people_;  // parallel to judged_
  bool has_author_ = false;
  bool has_forgery_ = false;
};

}  // namespace

TrustPolicy::TrustPolicy(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

absl::StatusOr<TrustPolicy> TrustPolicy::Parse(absl::string_view text, const std::string& name) {
  return TrustPolicyReader(text, name).Read();
}

absl::StatusOr<TrustPolicy> TrustPolicy::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadRegularFile(path, kMaxTrustPolicyBytes);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

const std::string& TrustPolicy::deployment() const { return rep_->deployment; }

absl::StatusOr<std::string> TrustPolicy::OpenManifest(absl::string_view note) const {
  std::vector<const NoteVerifier*> verifiers;
  for (const auto& signer : rep_->manifest_signers) verifiers.push_back(signer.get());
  absl::StatusOr<OpenedNote> opened = OpenNote(note, verifiers);
  if (!opened.ok()) {
    return absl::PermissionDeniedError(
        absl::StrCat("the manifest is not signed by a manifest signer of this deployment: ",
                     opened.status().message()));
  }
  const int signatures = static_cast<int>(opened->verified.size());
  if (signatures < rep_->manifest_signatures) {
    return absl::PermissionDeniedError(
        absl::StrCat("the manifest is signed by ", signatures, " of the ",
                     rep_->manifest_signatures, " manifest signers that this deployment needs"));
  }
  return std::move(opened->text);
}

Judgement TrustPolicy::Judge(const ApprovedSubject& subject,
                             const std::vector<ApprovalNote>& notes) const {
  ApprovalCount count(rep_->approvers, subject);
  int others = 0;
  for (const ApprovalNote& note : notes) {
    if (note.approval.revision == subject.revision) {
      count.Add(note);
    } else {
      ++others;
    }
  }
  count.Count(rep_->distinct_from_author);
  std::vector<std::string> missing;
  if (count.has_forgery()) missing.emplace_back("an approval has a wrong signature of a known key");
  for (const Threshold& threshold : rep_->thresholds) {
    if (!count.Reaches(threshold)) missing.push_back(absl::StrCat(threshold.ToString(), " needed"));
  }
  const bool others_needed =
      std::any_of(rep_->thresholds.begin(), rep_->thresholds.end(), [](const Threshold& threshold) {
        return threshold.meaning != Meaning::kAuthored && threshold.count > 0;
      });
  if (rep_->distinct_from_author && others_needed && !count.has_author()) {
    missing.emplace_back("1 authored needed, to tell authors from approvers");
  }
  Judgement judgement;
  if (!missing.empty()) {
    judgement.verdict = absl::FailedPreconditionError(absl::StrCat(
        subject.ruleset_id, " ", subject.version, ", revision ", subject.revision.substr(0, 12),
        ": ", absl::StrJoin(missing, ", "), "; ", count.Tally(),
        others == 0 ? "" : absl::StrCat("; for other revisions: ", others)));
  }
  judgement.approvals = std::move(count).Take();
  return judgement;
}

}  // namespace plumbline::registry

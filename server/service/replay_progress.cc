#include "server/service/replay_progress.h"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"
#include "server/base/atomic_file.h"
#include "server/base/sha256.h"

namespace plumbline::service {
namespace {

constexpr char kHeader[] = "plumbline-replay/3";
// 1 counted neither what was altered nor time limits, referrals, follow-up and open questions; 2
// had other names for groups of risk.
constexpr absl::string_view kEarlierHeaders[] = {"plumbline-replay/1", "plumbline-replay/2"};
constexpr char kOwnRevisions[] = "own revisions";
constexpr char kAllRevisions[] = "all revisions";

// Takes the lines of a progress file, one name after the other.
class LineReader {
 public:
  explicit LineReader(absl::string_view text) : rest_(text) {}

  // The text behind "name: " of the next line; an empty name stands for a whole line.
  std::string Take(absl::string_view name) {
    const size_t end = rest_.find('\n');
    absl::string_view line = end == absl::string_view::npos ? rest_ : rest_.substr(0, end);
    rest_ = end == absl::string_view::npos ? absl::string_view() : rest_.substr(end + 1);
    if (!name.empty() && !absl::ConsumePrefix(&line, absl::StrCat(name, ": "))) {
      if (mistake_.empty()) mistake_ = absl::StrCat("there is no line \"", name, "\" in its place");
    }
    return std::string(line);
  }
  template <typename Number>
  Number Parse(absl::string_view name, absl::string_view text) {
    Number number = 0;
    if (!absl::SimpleAtoi(text, &number) && mistake_.empty()) {
      mistake_ = absl::StrCat("\"", name, "\" is not a number");
    }
    return number;
  }
  const std::string& mistake() const { return mistake_; }
  void Fail(std::string mistake) {
    if (mistake_.empty()) mistake_ = std::move(mistake);
  }

 private:
  absl::string_view rest_;
  std::string mistake_;
};

std::string ReportJson(const ReplayTally& tally) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  // An ImpactReport holds nothing that cannot be written.
  (void)google::protobuf::util::MessageToJsonString(tally.ToReport(true), &json, options);
  return json;
}

void ParsePair(LineReader& lines, absl::string_view name, char separator, uint64_t& first,
               uint64_t& second) {
  const std::string line = lines.Take(name);
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(line, absl::MaxSplits(separator, 1));
  first = lines.Parse<uint64_t>(name, parts.first);
  second = lines.Parse<uint64_t>(name, parts.second);
}

void ParseReport(LineReader& lines, ReplayProgressState& state) {
  v1::ImpactReport report;
  if (!google::protobuf::util::JsonStringToMessage(lines.Take("report"), &report).ok()) {
    return lines.Fail("\"report\" is not an ImpactReport in JSON");
  }
  absl::StatusOr<ReplayTally> tally = ReplayTally::FromReport(report);
  if (!tally.ok()) return lines.Fail(absl::StrCat("\"report\": ", tally.status().message()));
  state.tally = *std::move(tally);
}

// Splits off the last line, which must be the digest of what stands before it.
bool CheckDigest(absl::string_view text, absl::string_view& body) {
  const size_t line = text.rfind("sha256: ");
  if (line == absl::string_view::npos) return false;
  body = text.substr(0, line);
  return absl::StripTrailingAsciiWhitespace(text.substr(line + 8)) == ToHex(Sha256Of(body));
}

}  // namespace

std::string EncodeReplayProgress(const ReplayProgressState& state) {
  std::string text = absl::StrCat(
      kHeader, "\norigin: ", state.origin, "\nengine: ", state.engine, "\ncandidate: ",
      state.candidate.empty() ? kOwnRevisions
                              : absl::StrCat(state.candidate, " ", state.candidate_version),
      "\nonly: ", state.only.empty() ? kAllRevisions : state.only, "\nasked: ", state.asked,
      "\nrecords: ", state.first, " ", state.until, "\nshard: ", state.shard, "/", state.shards);
  absl::StrAppend(&text, "\nnext: ", state.next,
                  "\nseconds: ", absl::StrFormat("%.3f", state.seconds),
                  "\nreport: ", ReportJson(state.tally), "\n");
  absl::StrAppend(&text, "sha256: ", ToHex(Sha256Of(text)), "\n");
  return text;
}

absl::StatusOr<ReplayProgressState> DecodeReplayProgress(absl::string_view text,
                                                         absl::string_view name) {
  const auto error = [name](absl::string_view what) {
    return absl::FailedPreconditionError(absl::StrCat(name, ": ", what));
  };
  LineReader lines(text);
  const std::string header = lines.Take("");
  if (absl::c_linear_search(kEarlierHeaders, header)) {
    return error(
        "was written by an earlier version of plumbline, which counted otherwise: remove it, and "
        "replay from the beginning");
  }
  if (header != kHeader) return error("is not the progress file of a replay");
  absl::string_view body;
  if (!CheckDigest(text, body)) return error("is damaged: its SHA-256 does not match");
  ReplayProgressState state;
  state.origin = lines.Take("origin");
  state.engine = lines.Take("engine");
  if (const std::string candidate = lines.Take("candidate"); candidate != kOwnRevisions) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(candidate, absl::MaxSplits(' ', 1));
    state.candidate = parts.first;
    state.candidate_version = parts.second;
  }
  if (const std::string only = lines.Take("only"); only != kAllRevisions) state.only = only;
  state.asked = lines.Take("asked");
  ParsePair(lines, "records", ' ', state.first, state.until);
  uint64_t shard = 0;
  uint64_t shards = 0;
  ParsePair(lines, "shard", '/', shard, shards);
  if (shards == 0 || shard >= shards || shards > UINT32_MAX) lines.Fail("\"shard\" is not I/N");
  state.shard = static_cast<uint32_t>(shard);
  state.shards = static_cast<uint32_t>(shards);
  state.next = lines.Parse<uint64_t>("next", lines.Take("next"));
  if (!absl::SimpleAtod(lines.Take("seconds"), &state.seconds)) {
    lines.Fail("\"seconds\" is not a number");
  }
  ParseReport(lines, state);
  if (!lines.mistake().empty()) return error(lines.mistake());
  return state;
}

std::string OtherJob(const ReplayProgressState& wanted, const ReplayProgressState& found,
                     bool with_range, bool with_shard) {
  const auto differs = [](absl::string_view what, absl::string_view is, absl::string_view should) {
    const auto shown = [](absl::string_view text) {
      return text.empty() ? absl::string_view("none") : text;
    };
    return absl::StrCat(what, " ", shown(is), " instead of ", shown(should));
  };
  if (found.origin != wanted.origin) return differs("log", found.origin, wanted.origin);
  if (found.engine != wanted.engine) return differs("engine", found.engine, wanted.engine);
  if (found.candidate != wanted.candidate) {
    return differs("candidate", found.candidate, wanted.candidate);
  }
  if (found.only != wanted.only) return differs("only revision", found.only, wanted.only);
  if (found.asked != wanted.asked) return differs("time", found.asked, wanted.asked);
  const auto range = [](const ReplayProgressState& state) {
    return absl::StrCat(state.first, "-", state.until);
  };
  if (with_range && range(found) != range(wanted)) {
    return differs("records", range(found), range(wanted));
  }
  const auto shard = [](const ReplayProgressState& state) {
    return absl::StrCat(state.shard, "/", state.shards);
  };
  if (found.shards != wanted.shards || (with_shard && found.shard != wanted.shard)) {
    return differs("shard", shard(found), shard(wanted));
  }
  return "";
}

absl::StatusOr<std::optional<ReplayProgressState>> ReadReplayProgress(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.good() && !file.eof()) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": cannot be read"));
  }
  absl::StatusOr<ReplayProgressState> state = DecodeReplayProgress(text, path);
  if (!state.ok()) return state.status();
  return std::optional<ReplayProgressState>(*std::move(state));
}

absl::Status WriteReplayProgress(const std::string& path, const ReplayProgressState& state) {
  return WriteFileAtomically(path, EncodeReplayProgress(state));
}

}  // namespace plumbline::service

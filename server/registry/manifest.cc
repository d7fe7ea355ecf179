#include "server/registry/manifest.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/registry/note_text.h"

namespace plumbline::registry {
namespace {

constexpr char kFirstLine[] = "plumbline-manifest/v1";
constexpr uint64_t kMaxSerial = std::numeric_limits<int64_t>::max();

// A number without sign, space and leading zero; false if it is none.
bool ParseNumber(absl::string_view text, uint64_t& number) {
  return !text.empty() && text[0] != '0' &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, &number);
}

// Reads the lines after the first one.
class ManifestReader {
 public:
  ManifestReader(absl::string_view text, const std::string& name) : lines_(text, name) {}

  absl::StatusOr<Manifest> Read() && {
    if (absl::Status first = lines_.ExpectLine(kFirstLine); !first.ok()) return first;
    for (const auto step :
         {&ManifestReader::ReadHead, &ManifestReader::ReadStable, &ManifestReader::ReadCanary,
          &ManifestReader::ReadShadow, &ManifestReader::ReadPins, &ManifestReader::ReadEnd}) {
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    return manifest_;
  }

 private:
  absl::Status ReadHead() {
    absl::StatusOr<std::string> deployment = lines_.TextValue("deployment");
    if (!deployment.ok()) return deployment.status();
    manifest_.deployment = *deployment;
    const absl::StatusOr<std::string> serial = lines_.Value("serial");
    if (!serial.ok()) return serial.status();
    if (!ParseNumber(*serial, manifest_.serial) || manifest_.serial > kMaxSerial) {
      return lines_.Error("`serial` is not a number from 1 to 2^63 - 1");
    }
    const absl::StatusOr<absl::Time> time = lines_.TimeValue("time");
    if (!time.ok()) return time.status();
    manifest_.time = *time;
    return absl::OkStatus();
  }

  absl::Status ReadStable() {
    if (!lines_.NextIs("alias stable ")) {
      const absl::Status missing = lines_.Value("alias stable").status();
      return absl::Status(missing.code(),
                          absl::StrCat(missing.message(), "; a manifest names a stable revision"));
    }
    return ReadAlias("alias stable", manifest_.stable);
  }

  absl::Status ReadCanary() {
    if (!lines_.NextIs("alias canary ")) return absl::OkStatus();
    const absl::StatusOr<std::string> value = lines_.Value("alias canary");
    if (!value.ok()) return value.status();
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(*value, absl::MaxSplits(' ', 1));
    if (!IsRevision(parts.first)) {
      return lines_.Error("`alias canary` is not followed by a revision and a share");
    }
    uint64_t share = 0;
    if (!ParseNumber(parts.second, share) || share > kAllBasisPoints) {
      return lines_.Error(absl::StrCat("the share of the canary is not a number from 1 to ",
                                       kAllBasisPoints, " (hundredths of a percent)"));
    }
    manifest_.canary = parts.first;
    manifest_.canary_basis_points = static_cast<uint32_t>(share);
    return NotStable(manifest_.canary);
  }

  absl::Status ReadShadow() {
    if (!lines_.NextIs("alias shadow ")) return absl::OkStatus();
    if (absl::Status read = ReadAlias("alias shadow", manifest_.shadow); !read.ok()) return read;
    return NotStable(manifest_.shadow);
  }

  absl::Status ReadPins() {
    while (lines_.NextIs("pin ")) {
      const absl::StatusOr<std::string> revision = lines_.RevisionValue("pin");
      if (!revision.ok()) return revision.status();
      if (!manifest_.pinned.empty() && manifest_.pinned.back() >= *revision) {
        return lines_.Error("`pin` lines are sorted, each revision once");
      }
      if (manifest_.pinned.size() == kMaxPinnedRevisions) {
        return lines_.Error(absl::StrCat("more than ", kMaxPinnedRevisions, " `pin` lines"));
      }
      manifest_.pinned.push_back(*revision);
    }
    return absl::OkStatus();
  }

  absl::Status ReadEnd() {
    // The same alias again is the mistake that matters most: say so.
    for (const char* alias : {"stable", "canary", "shadow"}) {
      if (!lines_.NextIs(absl::StrCat("alias ", alias, " "))) continue;
      (void)lines_.Value("alias");
      return lines_.Error(absl::StrCat("`alias ", alias,
                                       "` is given twice, or not in the order stable, canary, "
                                       "shadow"));
    }
    if (lines_.NextIs("alias ")) {
      (void)lines_.Value("alias");
      return lines_.Error("unknown alias: stable, canary and shadow are the ones that there are");
    }
    return lines_.ExpectEnd();
  }

  absl::Status ReadAlias(absl::string_view keyword, std::string& revision) {
    const absl::StatusOr<std::string> value = lines_.RevisionValue(keyword);
    if (!value.ok()) return value.status();
    revision = *value;
    return absl::OkStatus();
  }

  absl::Status NotStable(const std::string& revision) const {
    if (revision != manifest_.stable) return absl::OkStatus();
    return lines_.Error("this is the stable revision already");
  }

  NoteTextReader lines_;
  Manifest manifest_;
};

}  // namespace

std::vector<std::string> RevisionsOf(const Manifest& manifest) {
  std::vector<std::string> revisions = manifest.pinned;
  for (const std::string& revision : {manifest.stable, manifest.canary, manifest.shadow}) {
    if (!revision.empty()) revisions.push_back(revision);
  }
  std::sort(revisions.begin(), revisions.end());
  revisions.erase(std::unique(revisions.begin(), revisions.end()), revisions.end());
  return revisions;
}

absl::StatusOr<std::string> FormatManifest(const Manifest& manifest) {
  std::string text = absl::StrCat(kFirstLine, "\ndeployment ", manifest.deployment, "\nserial ",
                                  manifest.serial, "\ntime ", FormatNoteTime(manifest.time),
                                  "\nalias stable ", manifest.stable, "\n");
  if (!manifest.canary.empty()) {
    absl::StrAppend(&text, "alias canary ", manifest.canary, " ", manifest.canary_basis_points,
                    "\n");
  }
  if (!manifest.shadow.empty()) absl::StrAppend(&text, "alias shadow ", manifest.shadow, "\n");
  for (const std::string& revision : manifest.pinned) {
    absl::StrAppend(&text, "pin ", revision, "\n");
  }
  // What is signed must be what every reader takes.
  if (absl::Status parsed = ParseManifest(text, "manifest").status(); !parsed.ok()) return parsed;
  return text;
}

absl::StatusOr<Manifest> ParseManifest(absl::string_view text, const std::string& name) {
  return ManifestReader(text, name).Read();
}

absl::StatusOr<uint32_t> ParseShare(absl::string_view text) {
  absl::string_view digits = absl::StripAsciiWhitespace(text);
  const bool percent = absl::ConsumeSuffix(&digits, "%");
  const bool points = !percent && absl::ConsumeSuffix(&digits, "bp");
  digits = absl::StripTrailingAsciiWhitespace(digits);
  const std::pair<std::string, std::string> parts = absl::StrSplit(digits, absl::MaxSplits('.', 1));
  std::string fraction = parts.second;
  uint32_t whole = 0;
  uint32_t hundredths = 0;
  const bool sound = (percent || points) && !parts.first.empty() && parts.first.size() <= 5 &&
                     std::all_of(parts.first.begin(), parts.first.end(), absl::ascii_isdigit) &&
                     absl::SimpleAtoi(parts.first, &whole) &&
                     std::all_of(fraction.begin(), fraction.end(), absl::ascii_isdigit) &&
                     fraction.size() <= 2 && fraction.empty() != absl::StrContains(digits, ".") &&
                     (percent || fraction.empty());
  if (sound && !fraction.empty()) {
    fraction.resize(2, '0');
    if (!absl::SimpleAtoi(fraction, &hundredths)) return absl::InternalError("digits expected");
  }
  const uint32_t share = percent ? 100 * whole + hundredths : whole;
  if (!sound || share < 1 || share > kAllBasisPoints) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", text, "` is not a share from 0.01% to 100%, in hundredths of a percent"));
  }
  return share;
}

}  // namespace plumbline::registry

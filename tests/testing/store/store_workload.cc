#include "tests/testing/store/store_workload.h"

#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "tests/testing/store/entries.h"

namespace plumbline::testing {

using store::LogStore;
using store::Parts;
using store::StoredEntry;
using store::WrappedKey;

namespace {

WrappedKey NewKey(uint64_t index) {
  WrappedKey key{};
  key.fill(static_cast<uint8_t>(0x80 + index));
  return key;
}

std::string TileBytes(uint64_t number) {
  return std::string(8'192, static_cast<char>('a' + number % 26));
}

std::string DocumentBytes(uint64_t version) {
  return version == 0 ? "" : absl::StrCat("version ", version, std::string(version % 40, '.'));
}

std::string ObjectBytes(uint64_t number) { return std::string(50 + number, 'o'); }

}  // namespace

const std::vector<Step>& StoreWorkload::Steps() {
  using Kind = Step::Kind;
  static const auto* const steps = new std::vector<Step>{
      {Kind::kAppend, 0, 1},   {Kind::kAppend, 0, 3},   {Kind::kTile, 0, 1},
      {Kind::kDocument, 1, 1}, {Kind::kAppend, 0, 2},   {Kind::kDestroy, 1, 1},
      {Kind::kObject, 1, 1},   {Kind::kAppend, 0, 4},   {Kind::kReplace, 0, 1},
      {Kind::kAppend, 0, 1},   {Kind::kTile, 1'000, 1}, {Kind::kAppend, 0, 5},
      {Kind::kDocument, 2, 1}, {Kind::kDestroy, 0, 1},  {Kind::kReplace, 9, 1},
      {Kind::kAppend, 0, 12},  {Kind::kAppend, 0, 1},   {Kind::kObject, 2, 1},
      {Kind::kDestroy, 12, 1}, {Kind::kAppend, 0, 2},   {Kind::kTile, 2, 1},
      {Kind::kAppend, 0, 3},   {Kind::kDocument, 3, 1}, {Kind::kAppend, 0, 1}};
  return *steps;
}

store::SegmentOptions StoreWorkload::MakeOptions(store::FileSystem* files) {
  store::SegmentOptions options;
  options.segment_bytes = 4'096;
  options.batch_alignment = 512;
  options.prepare_ahead = false;
  options.file_system = files;
  options.new_store_id = store::StoreId{1, 2, 3};
  return options;
}

absl::Status StoreWorkload::Do(const Step& step, LogStore& log) {
  attempt_ = step;
  absl::Status done;
  switch (step.kind) {
    case Step::Kind::kAppend:
      done = AppendEntries(log, size_, step.count);
      break;
    case Step::Kind::kDestroy:
      done = log.DestroyKeys({&step.number, 1});
      break;
    case Step::Kind::kReplace: {
      const std::pair<uint64_t, WrappedKey> key(step.number, NewKey(step.number));
      done = log.ReplaceKeys({&key, 1});
      break;
    }
    case Step::Kind::kTile:
      done = log.WriteTile(0, step.number, TileBytes(step.number));
      break;
    case Step::Kind::kDocument:
      done = log.PutDocument("checkpoint", DocumentBytes(step.number));
      break;
    case Step::Kind::kObject:
      done = log.PutObject(ObjectBytes(step.number)).status();
      break;
  }
  if (done.ok()) Acknowledge(step);
  return done;
}

void StoreWorkload::Acknowledge(const Step& step) {
  attempt_.reset();
  switch (step.kind) {
    case Step::Kind::kAppend:
      size_ += step.count;
      break;
    case Step::Kind::kDestroy:
      destroyed_.insert(step.number);
      break;
    case Step::Kind::kReplace:
      replaced_[step.number] = NewKey(step.number);
      break;
    case Step::Kind::kTile:
      tiles_.insert(step.number);
      break;
    case Step::Kind::kDocument:
      durable_tiles_ = tiles_;
      document_ = step.number;
      break;
    case Step::Kind::kObject:
      objects_.insert(step.number);
      break;
  }
}

void StoreWorkload::Assume(size_t count) {
  for (size_t i = 0; i < count; ++i) Acknowledge(Steps()[i]);
  if (count < Steps().size()) attempt_ = Steps()[count];
}

std::string StoreWorkload::VerifyKey(const StoredEntry& entry) const {
  const uint64_t index = entry.index;
  const bool is_attempted = attempt_.has_value() && attempt_->number == index;
  if (!entry.wrapped_key.has_value()) {
    const bool may_be =
        destroyed_.count(index) > 0 || (is_attempted && attempt_->kind == Step::Kind::kDestroy);
    return may_be ? "" : absl::StrCat("the key of entry ", index, " is destroyed");
  }
  if (destroyed_.count(index) > 0) return absl::StrCat("the key of entry ", index, " came back");
  const auto replaced = replaced_.find(index);
  const WrappedKey expected = replaced != replaced_.end() ? replaced->second : EntryOf(index).key;
  if (*entry.wrapped_key == expected) return "";
  const bool may_be_new =
      is_attempted && attempt_->kind == Step::Kind::kReplace && *entry.wrapped_key == NewKey(index);
  return may_be_new ? "" : absl::StrCat("the key of entry ", index, " is another one");
}

std::string StoreWorkload::VerifyEntries(const LogStore& log, uint64_t size) const {
  std::string wrong;
  const absl::Status scanned = log.Scan(0, size, Parts::kAll, [&](StoredEntry stored) {
    const Entry expected = EntryOf(stored.index);
    if (stored.leaf != expected.leaf || stored.details != expected.details ||
        stored.payload != expected.payload) {
      wrong = absl::StrCat("entry ", stored.index, " is another one");
    }
    if (wrong.empty()) wrong = VerifyKey(stored);
    return wrong.empty();
  });
  return scanned.ok() ? wrong : std::string(scanned.message());
}

std::string StoreWorkload::Verify(const LogStore& log, bool after_power_cut) const {
  const bool is_append = attempt_.has_value() && attempt_->kind == Step::Kind::kAppend;
  const uint64_t size = log.size();
  if (size != size_ && !(is_append && size == size_ + attempt_->count)) {
    return absl::StrCat(size, " entries, but ", size_, " were acknowledged");
  }
  if (std::string wrong = VerifyEntries(log, size); !wrong.empty()) return wrong;
  for (const uint64_t number : after_power_cut ? durable_tiles_ : tiles_) {
    const absl::StatusOr<std::string> tile = log.ReadTile(0, number);
    if (!tile.ok()) return std::string(tile.status().message());
  }
  for (const uint64_t number : tiles_) {
    const absl::StatusOr<std::string> tile = log.ReadTile(0, number);
    if (tile.ok() ? *tile != TileBytes(number) : !absl::IsNotFound(tile.status())) {
      return absl::StrCat("tile ", number, " is damaged");
    }
  }
  const absl::StatusOr<std::string> document = log.GetDocument("checkpoint");
  if (!document.ok() && !(absl::IsNotFound(document.status()) && document_ == 0)) {
    return std::string(document.status().message());
  }
  const bool is_document = attempt_.has_value() && attempt_->kind == Step::Kind::kDocument;
  if (document.ok() && *document != DocumentBytes(document_) &&
      !(is_document && *document == DocumentBytes(attempt_->number))) {
    return "the document is another one";
  }
  for (const uint64_t number : objects_) {
    const absl::StatusOr<std::string> object = log.GetObject(ToHex(Sha256Of(ObjectBytes(number))));
    if (!object.ok()) return std::string(object.status().message());
  }
  return "";
}

}  // namespace plumbline::testing

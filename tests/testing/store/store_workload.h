// StoreWorkload: a row of calls of every kind that writes, and what must be true of a store after
// some of them were acknowledged and the last one, perhaps, was interrupted.

#ifndef PLUMBLINE_TESTS_TESTING_STORE_STORE_WORKLOAD_H_
#define PLUMBLINE_TESTS_TESTING_STORE_STORE_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/store/segment/segment_log_store.h"
#include "server/store/store.h"

namespace plumbline::testing {

// One call.
struct Step {
  enum class Kind { kAppend, kDestroy, kReplace, kTile, kDocument, kObject };
  Kind kind = Kind::kAppend;
  uint64_t number = 0;  // entry, tile, version of the document, object
  uint64_t count = 1;   // entries
};

// What was acknowledged. Thread-compatible.
class StoreWorkload {
 public:
  // Some thirty calls that fill several segments of MakeOptions().
  static const std::vector<Step>& Steps();
  static store::SegmentOptions MakeOptions(store::FileSystem* files);

  // Makes the call, and remembers it: as acknowledged or as attempted.
  absl::Status Do(const Step& step, store::LogStore& log);
  // For a process that lives on where another one died: the first `count` steps were acknowledged,
  // the next one was attempted.
  void Assume(size_t count);

  // Nothing that was acknowledged is missing, nothing is there that was not attempted, and each
  // attempt has happened as a whole or not at all. Empty: all true. `after_power_cut`: what is not
  // durable by contract (tiles before the next document) may be missing.
  std::string Verify(const store::LogStore& log, bool after_power_cut) const;

  uint64_t size() const { return size_; }

 private:
  void Acknowledge(const Step& step);
  std::string VerifyEntries(const store::LogStore& log, uint64_t size) const;
  std::string VerifyKey(const store::StoredEntry& entry) const;

  // Starts when a call is made, ends when it is acknowledged; one that failed stays.
  std::optional<Step> attempt_;
  uint64_t size_ = 0;
  std::set<uint64_t> destroyed_;
  std::map<uint64_t, store::WrappedKey> replaced_;
  std::set<uint64_t> durable_tiles_, tiles_;
  uint64_t document_ = 0;
  std::set<uint64_t> objects_;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_STORE_STORE_WORKLOAD_H_

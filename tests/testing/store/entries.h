// Entries for tests of stores: each is known from its index and holds bytes of every kind.

#ifndef PLUMBLINE_TESTS_TESTING_STORE_ENTRIES_H_
#define PLUMBLINE_TESTS_TESTING_STORE_ENTRIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "server/store/store.h"

namespace plumbline::testing {

// Owns what a NewEntry only looks at.
struct Entry {
  std::string leaf;
  store::WrappedKey key{};
  std::string details;
  std::string payload;

  store::NewEntry AsNew() const { return {leaf, key, details, payload}; }
};

// Parts of `index`-dependent length (also 0) and content. `scale`: longest payload, about.
inline Entry EntryOf(uint64_t index, size_t scale = 200) {
  const auto bytes = [index](size_t count, uint64_t salt) {
    std::string out(count, '\0');
    uint64_t state = index * 0x9E3779B97F4A7C15u + salt;
    for (char& byte : out) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<char>(state >> 56);
    }
    return out;
  };
  Entry entry;
  entry.leaf = bytes(20 + index % 13, 1);
  for (size_t i = 0; i < entry.key.size(); ++i) {
    entry.key[i] = static_cast<uint8_t>(index * 7 + i + 1);
  }
  entry.details = bytes(index % 4 == 3 ? 0 : 5 + index % 9, 2);
  entry.payload = bytes(index % 5 == 4 ? 0 : (index * 37) % (scale + 1), 3);
  return entry;
}

// Entries first .. first + count - 1, appended as one batch.
inline absl::Status AppendEntries(store::LogStore& log, uint64_t first, uint64_t count,
                                  size_t scale = 200) {
  std::vector<Entry> entries;
  for (uint64_t i = 0; i < count; ++i) entries.push_back(EntryOf(first + i, scale));
  std::vector<store::NewEntry> views;
  for (const Entry& entry : entries) views.push_back(entry.AsNew());
  return log.Append(first, views);
}

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_STORE_ENTRIES_H_

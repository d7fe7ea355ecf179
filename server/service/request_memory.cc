#include "server/service/request_memory.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "absl/types/span.h"

namespace plumbline::service {
namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void Mix(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

uint64_t LittleEndian(const char* bytes, size_t count) {
  uint64_t word = 0;
  for (size_t i = 0; i < count; ++i) {
    word |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return word;
}

}  // namespace

uint64_t SipHash24(const std::array<uint64_t, 2>& key, absl::string_view bytes) {
  SipState state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                 key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
  const uint64_t length = bytes.size();
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    state.Mix(LittleEndian(bytes.data(), 8));
  }
  state.Mix(LittleEndian(bytes.data(), bytes.size()) | length << 56);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) {
    state.Round();
  }
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

RequestFingerprint::RequestFingerprint(RandomSource& random, int bits)
    : mask_(bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1) {
  random.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(key_.data()), sizeof(key_)));
}

uint64_t RequestFingerprint::Of(RequestKind kind, absl::string_view caller,
                                absl::string_view request_id) const {
  // Neither text holds a line break: what one says cannot be said by another split.
  char bytes[2 * kMaxFingerprintedBytes + 2];
  size_t size = 0;
  bytes[size++] = static_cast<char>(kind);
  const auto append = [&](absl::string_view text) {
    text = text.substr(0, kMaxFingerprintedBytes);
    std::memcpy(bytes + size, text.data(), text.size());
    size += text.size();
  };
  append(caller);
  bytes[size++] = '\n';
  append(request_id);
  return SipHash24(key_, absl::string_view(bytes, size)) & mask_;
}

void RequestMemory::Find(uint64_t fingerprint, std::vector<uint64_t>& candidates) const {
  const auto first = indices_.find(fingerprint);
  if (first == indices_.end()) {
    return;
  }
  const auto begin = static_cast<std::ptrdiff_t>(candidates.size());
  candidates.push_back(first->second);
  if (const auto more = collisions_.find(fingerprint); more != collisions_.end()) {
    candidates.insert(candidates.end(), more->second.begin(), more->second.end());
  }
  std::sort(candidates.begin() + begin, candidates.end());
}

void RequestMemory::Add(uint64_t fingerprint, uint64_t index) {
  if (!indices_.try_emplace(fingerprint, index).second) {
    collisions_[fingerprint].push_back(index);
  }
  if (!order_.empty() && index < order_.front().index) {
    order_.push_front({fingerprint, index});
  } else {
    order_.push_back({fingerprint, index});
  }
}

void RequestMemory::Trim(uint64_t indexed_size) {
  while (order_.size() > capacity_ && order_.front().index < indexed_size) {
    const Use oldest = order_.front();
    order_.pop_front();
    Remove(oldest);
    reaches_back_to_ = std::max(reaches_back_to_, oldest.index + 1);
  }
}

void RequestMemory::Remove(const Use& use) {
  const auto more = collisions_.find(use.fingerprint);
  if (more == collisions_.end()) {
    indices_.erase(use.fingerprint);
    return;
  }
  std::vector<uint64_t>& others = more->second;
  if (indices_[use.fingerprint] == use.index) {
    indices_[use.fingerprint] = others.back();
    others.pop_back();
  } else {
    others.erase(std::remove(others.begin(), others.end(), use.index), others.end());
  }
  if (others.empty()) {
    collisions_.erase(more);
  }
}

}  // namespace plumbline::service

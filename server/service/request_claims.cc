#include "server/service/request_claims.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace plumbline::service {
namespace {

// No part holds a line break, so that no two requests have the same key.
std::string KeyOf(const NamedRequest& request) {
  const char kind = static_cast<char>('0' + static_cast<int>(request.kind));
  const char proved = request.caller.authenticated ? '+' : '-';
  return absl::StrCat(std::string{kind, proved}, request.caller.name, "\n", request.request_id);
}

}  // namespace

RequestClaims::RequestClaims(RandomSource& random, size_t remembered, size_t limit,
                             int fingerprint_bits)
    : fingerprint_(random, fingerprint_bits),
      limit_(std::max(limit, remembered)),
      memory_(remembered) {}

std::variant<RequestClaims::Claim, Following, RequestClaims::Taken> RequestClaims::Take(
    const NamedRequest& request, absl::FunctionRef<Follower()> make_follower) {
  Claim claim;
  claim.key = KeyOf(request);
  claim.fingerprint = Fingerprint(request.kind, request.caller.name, request.request_id);
  const absl::MutexLock lock(&mutex_);
  const auto [flight, is_first] = flights_.try_emplace(claim.key);
  if (!is_first) {
    if (flight->second.digest != request.digest) {
      return Taken();
    }
    flight->second.followers.push_back(make_follower());
    return Following();
  }
  flight->second.digest = request.digest;
  memory_.Find(claim.fingerprint, claim.candidates);
  claim.unknown_below = memory_.reaches_back_to();
  claim.no_room = !HasRoomLocked();
  return claim;
}

std::vector<RequestClaims::Follower> RequestClaims::Release(const Claim& claim,
                                                            std::optional<uint64_t> index) {
  const absl::MutexLock lock(&mutex_);
  if (index) {
    memory_.Add(claim.fingerprint, *index);
  }
  const auto flight = flights_.find(claim.key);
  std::vector<Follower> followers = std::move(flight->second.followers);
  flights_.erase(flight);
  return followers;
}

bool RequestClaims::Remember(uint64_t first, absl::Span<const std::pair<uint64_t, uint64_t>> uses) {
  const absl::MutexLock lock(&mutex_);
  // At capacity something may have been dropped already, from records below which nothing may be
  // added.
  if (memory_.size() >= memory_.capacity() || memory_.size() + uses.size() > memory_.capacity()) {
    return false;
  }
  for (const auto& [fingerprint, index] : uses) {
    memory_.Add(fingerprint, index);
  }
  memory_.set_reaches_back_to(first);
  return true;
}

void RequestClaims::SetReach(uint64_t index) {
  const absl::MutexLock lock(&mutex_);
  memory_.set_reaches_back_to(index);
}

uint64_t RequestClaims::reaches_back_to() const {
  const absl::MutexLock lock(&mutex_);
  return memory_.reaches_back_to();
}

bool RequestClaims::NeedsTrim() const {
  const absl::MutexLock lock(&mutex_);
  return memory_.size() > memory_.capacity() + memory_.capacity() / 64;
}

void RequestClaims::Trim(uint64_t indexed_size) {
  const absl::MutexLock lock(&mutex_);
  memory_.Trim(indexed_size);
}

bool RequestClaims::HasRoom() const {
  const absl::MutexLock lock(&mutex_);
  return HasRoomLocked();
}

size_t RequestClaims::size() const {
  const absl::MutexLock lock(&mutex_);
  return memory_.size();
}

}  // namespace plumbline::service

// Tells ThreadSanitizer how Abseil synchronises. Linked into every program of the tsan preset.
//
// Distributions ship Abseil as shared libraries without instrumentation: ThreadSanitizer sees
// neither the locking nor the order between threads that follows from it, and reports a race for
// everything that absl::Mutex guards. This file defines the same functions once more. A program's
// own definitions come before those of shared libraries, also for calls from within Abseil and
// gRPC; each one annotates and calls the real one. The annotations are those that an instrumented
// Abseil has in mutex.cc.
//
// What is lost: accesses inside a condition (Mutex::Await and the like) are not looked at, for
// Abseil evaluates it in whichever thread unlocks.

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/base/config.h"
#include "absl/base/options.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

#if !ABSL_OPTION_USE_INLINE_NAMESPACE
#error "Only for Abseil with an inline namespace, as distributions build it"
#endif
#define PLUMBLINE_TEXT_OF(name) #name
#define PLUMBLINE_TEXT(name) PLUMBLINE_TEXT_OF(name)

namespace plumbline::sanitizers {
namespace {

// `rest`: the mangled name behind the namespace, "5Mutex4LockEv". `prefix`: "_ZN", "_ZNK".
void* Find(const char* rest, const char* prefix) {
  const std::string space = PLUMBLINE_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  const std::string name =
      prefix + std::string("4absl") + std::to_string(space.size()) + space + rest;
  void* const found = dlsym(RTLD_NEXT, name.c_str());
  if (found == nullptr) {
    std::fprintf(stderr, "tsan_abseil_mutex: no shared library defines %s\n", name.c_str());
    std::abort();
  }
  return found;
}

template <typename Result, typename... Arguments>
using Function = Result (*)(Arguments...);

template <typename Result, typename... Arguments>
Function<Result, Arguments...> Real(const char* rest, const char* prefix = "_ZN") {
  return reinterpret_cast<Function<Result, Arguments...>>(Find(rest, prefix));
}

// Abseil's functions call each other; only the outermost call of a thread annotates.
thread_local int depth = 0;

class Call {
 public:
  Call() : outermost_(depth++ == 0) {}
  ~Call() { --depth; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  bool outermost() const { return outermost_; }

 private:
  const bool outermost_;
};

// The mutexes that this thread holds for reading.
class ReaderLocks {
 public:
  void Add(const void* mutex) { Replace(nullptr, mutex); }
  void Remove(const void* mutex) { Replace(mutex, nullptr); }
  unsigned FlagsOf(const void* mutex) const {
    for (const void* held : held_) {
      if (held == mutex) return __tsan_mutex_read_lock;
    }
    return 0;
  }

 private:
  void Replace(const void* from, const void* to) {
    for (const void*& held : held_) {
      if (held != from) continue;
      held = to;
      return;
    }
    std::fputs("tsan_abseil_mutex: too many mutexes are held for reading\n", stderr);
    std::abort();
  }

  std::array<const void*, 64> held_{};
};

thread_local ReaderLocks reader_locks;

// Calls `real`, which takes the mutex, and says so.
template <typename RealCall>
void Locking(void* mutex, unsigned flags, RealCall real) {
  const Call call;
  if (!call.outermost()) return real();
  __tsan_mutex_pre_lock(mutex, flags);
  real();
  __tsan_mutex_post_lock(mutex, flags, 0);
  if ((flags & __tsan_mutex_read_lock) != 0) reader_locks.Add(mutex);
}

template <typename RealCall>
bool TryLocking(void* mutex, unsigned flags, RealCall real) {
  const Call call;
  if (!call.outermost()) return real();
  flags |= __tsan_mutex_try_lock;
  __tsan_mutex_pre_lock(mutex, flags);
  const bool locked = real();
  __tsan_mutex_post_lock(mutex, flags | (locked ? 0 : __tsan_mutex_try_lock_failed), 0);
  if (locked && (flags & __tsan_mutex_read_lock) != 0) reader_locks.Add(mutex);
  return locked;
}

template <typename RealCall>
void Unlocking(void* mutex, unsigned flags, RealCall real) {
  const Call call;
  if (!call.outermost()) return real();
  if ((flags & __tsan_mutex_read_lock) != 0) reader_locks.Remove(mutex);
  __tsan_mutex_pre_unlock(mutex, flags);
  real();
  __tsan_mutex_post_unlock(mutex, flags);
}

// Calls `real`, which gives the mutex away and takes it again.
template <typename RealCall>
auto Waiting(void* mutex, RealCall real) {
  const Call call;
  const unsigned flags = reader_locks.FlagsOf(mutex);
  struct Annotation {
    Annotation(void* waited, unsigned how, bool on) : mutex(waited), flags(how), active(on) {
      if (!active) return;
      __tsan_mutex_pre_unlock(mutex, flags);
      __tsan_mutex_post_unlock(mutex, flags);
      __tsan_mutex_pre_lock(mutex, flags);
    }
    ~Annotation() {
      if (active) __tsan_mutex_post_lock(mutex, flags, 0);
    }
    void* const mutex;
    const unsigned flags;
    const bool active;
  } const annotation(mutex, flags, call.outermost());
  return real();
}

constexpr unsigned kWrite = 0;
constexpr unsigned kRead = __tsan_mutex_read_lock;

}  // namespace
}  // namespace plumbline::sanitizers

namespace absl {
ABSL_NAMESPACE_BEGIN

namespace tsan = plumbline::sanitizers;

// ---- Mutex. The constructor is inline, and annotated where it is used.

Mutex::~Mutex() {
  static const auto real = tsan::Real<void, Mutex*>("5MutexD1Ev");
  real(this);
  __tsan_mutex_destroy(this, __tsan_mutex_not_static);
}

void Mutex::Lock() {
  static const auto real = tsan::Real<void, Mutex*>("5Mutex4LockEv");
  tsan::Locking(this, tsan::kWrite, [&] { real(this); });
}

void Mutex::Unlock() {
  static const auto real = tsan::Real<void, Mutex*>("5Mutex6UnlockEv");
  tsan::Unlocking(this, tsan::kWrite, [&] { real(this); });
}

bool Mutex::TryLock() {
  static const auto real = tsan::Real<bool, Mutex*>("5Mutex7TryLockEv");
  return tsan::TryLocking(this, tsan::kWrite, [&] { return real(this); });
}

void Mutex::ReaderLock() {
  static const auto real = tsan::Real<void, Mutex*>("5Mutex10ReaderLockEv");
  tsan::Locking(this, tsan::kRead, [&] { real(this); });
}

void Mutex::ReaderUnlock() {
  static const auto real = tsan::Real<void, Mutex*>("5Mutex12ReaderUnlockEv");
  tsan::Unlocking(this, tsan::kRead, [&] { real(this); });
}

bool Mutex::ReaderTryLock() {
  static const auto real = tsan::Real<bool, Mutex*>("5Mutex13ReaderTryLockEv");
  return tsan::TryLocking(this, tsan::kRead, [&] { return real(this); });
}

// ---- Mutex with a condition. After a timeout, too, the mutex is held.

void Mutex::Await(const Condition& condition) {
  static const auto real =
      tsan::Real<void, Mutex*, const Condition&>("5Mutex5AwaitERKNS0_9ConditionE");
  tsan::Waiting(this, [&] { real(this, condition); });
}

bool Mutex::AwaitWithTimeout(const Condition& condition, absl::Duration timeout) {
  static const auto real = tsan::Real<bool, Mutex*, const Condition&, Duration>(
      "5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return tsan::Waiting(this, [&] { return real(this, condition, timeout); });
}

bool Mutex::AwaitWithDeadline(const Condition& condition, absl::Time deadline) {
  static const auto real = tsan::Real<bool, Mutex*, const Condition&, Time>(
      "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return tsan::Waiting(this, [&] { return real(this, condition, deadline); });
}

void Mutex::LockWhen(const Condition& condition) {
  static const auto real =
      tsan::Real<void, Mutex*, const Condition&>("5Mutex8LockWhenERKNS0_9ConditionE");
  tsan::Locking(this, tsan::kWrite, [&] { real(this, condition); });
}

void Mutex::ReaderLockWhen(const Condition& condition) {
  static const auto real =
      tsan::Real<void, Mutex*, const Condition&>("5Mutex14ReaderLockWhenERKNS0_9ConditionE");
  tsan::Locking(this, tsan::kRead, [&] { real(this, condition); });
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, absl::Duration timeout) {
  static const auto real = tsan::Real<bool, Mutex*, const Condition&, Duration>(
      "5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  bool result = false;
  tsan::Locking(this, tsan::kWrite, [&] { result = real(this, condition, timeout); });
  return result;
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, absl::Time deadline) {
  static const auto real = tsan::Real<bool, Mutex*, const Condition&, Time>(
      "5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  bool result = false;
  tsan::Locking(this, tsan::kWrite, [&] { result = real(this, condition, deadline); });
  return result;
}

bool Mutex::ReaderLockWhenWithTimeout(const Condition& condition, absl::Duration timeout) {
  static const auto real = tsan::Real<bool, Mutex*, const Condition&, Duration>(
      "5Mutex25ReaderLockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  bool result = false;
  tsan::Locking(this, tsan::kRead, [&] { result = real(this, condition, timeout); });
  return result;
}

bool Mutex::ReaderLockWhenWithDeadline(const Condition& condition, absl::Time deadline) {
  static const auto real = tsan::Real<bool, Mutex*, const Condition&, Time>(
      "5Mutex26ReaderLockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  bool result = false;
  tsan::Locking(this, tsan::kRead, [&] { result = real(this, condition, deadline); });
  return result;
}

// ---- CondVar: what orders the threads is the mutex.

void CondVar::Wait(Mutex* mutex) {
  static const auto real = tsan::Real<void, CondVar*, Mutex*>("7CondVar4WaitEPNS0_5MutexE");
  tsan::Waiting(mutex, [&] { real(this, mutex); });
}

bool CondVar::WaitWithTimeout(Mutex* mutex, absl::Duration timeout) {
  static const auto real = tsan::Real<bool, CondVar*, Mutex*, Duration>(
      "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  return tsan::Waiting(mutex, [&] { return real(this, mutex, timeout); });
}

bool CondVar::WaitWithDeadline(Mutex* mutex, absl::Time deadline) {
  static const auto real =
      tsan::Real<bool, CondVar*, Mutex*, Time>("7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return tsan::Waiting(mutex, [&] { return real(this, mutex, deadline); });
}

// ---- Notification: its flag is set in the library and read here (HasBeenNotified is inline) or
// there. It lies behind the mutex; the order hangs on its address, as that of any atomic.

static_assert(sizeof(Notification) == 2 * sizeof(Mutex));

void Notification::Notify() {
  static const auto real = tsan::Real<void, Notification*>("12Notification6NotifyEv");
  __tsan_release(&notified_yet_);
  real(this);
}

void Notification::WaitForNotification() const {
  static const auto real =
      tsan::Real<void, const Notification*>("12Notification19WaitForNotificationEv", "_ZNK");
  real(this);
  __tsan_acquire(const_cast<std::atomic<bool>*>(&notified_yet_));
}

bool Notification::WaitForNotificationWithTimeout(absl::Duration timeout) const {
  static const auto real = tsan::Real<bool, const Notification*, Duration>(
      "12Notification30WaitForNotificationWithTimeoutENS0_8DurationE", "_ZNK");
  const bool notified = real(this, timeout);
  if (notified) __tsan_acquire(const_cast<std::atomic<bool>*>(&notified_yet_));
  return notified;
}

bool Notification::WaitForNotificationWithDeadline(absl::Time deadline) const {
  static const auto real = tsan::Real<bool, const Notification*, Time>(
      "12Notification31WaitForNotificationWithDeadlineENS0_4TimeE", "_ZNK");
  const bool notified = real(this, deadline);
  if (notified) __tsan_acquire(const_cast<std::atomic<bool>*>(&notified_yet_));
  return notified;
}

// ---- Status: copies share what they say, and the library counts them down and frees it.

void Status::UnrefNonInlined(uintptr_t rep) {
  static const auto real = tsan::Real<void, uintptr_t>("6Status15UnrefNonInlinedEm");
  void* const shared = reinterpret_cast<void*>(rep & ~uintptr_t{3});
  __tsan_release(shared);
  __tsan_acquire(shared);
  real(rep);
}

ABSL_NAMESPACE_END
}  // namespace absl

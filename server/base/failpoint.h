// Failpoints: named places at which a test lets the process die, wait or fail.
//
// They show that nothing acknowledged is lost whatever moment the process dies at. They are always
// compiled in, so that what is tested is what is shipped; one that is not armed costs a relaxed
// atomic load. Arming takes the environment of the process, never a request:
//
//   PLUMBLINE_FAILPOINT="after-append-write:3=exit"
//
//   name[:hit]=action[;name[:hit]=action...]
//   hit     1 (the default), 2, ...: that time the place is passed; *: each time
//   action  exit        _exit(kFailpointExitCode): no destructor, no flush
//           abort       abort()
//           sleep(ms)   waits, 0 to 60,000 ms
//           error       the code at this place acts as if its operation had failed
//
// A place declares itself once, in the namespace scope of its source file:
//
//   Failpoint before_append_write("before-append-write");
//   ...
//   if (before_append_write.Hit()) return absl::UnavailableError("...");

#ifndef PLUMBLINE_SERVER_BASE_FAILPOINT_H_
#define PLUMBLINE_SERVER_BASE_FAILPOINT_H_

#include <atomic>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace plumbline {

inline constexpr int kFailpointExitCode = 86;

// Thread-safe. Has static storage duration; the name is a literal and unique in the program.
class Failpoint {
 public:
  explicit Failpoint(const char* name);
  Failpoint(const Failpoint&) = delete;
  Failpoint& operator=(const Failpoint&) = delete;

  // True: fail here. Does not return when the action ends the process.
  bool Hit() { return armed_.load(std::memory_order_relaxed) && HitArmed(); }
  // True if some hit of this place has an action: for places that must prepare for it.
  bool armed() const { return armed_.load(std::memory_order_relaxed); }

  const char* name() const { return name_; }

 private:
  friend class FailpointRegistry;

  bool HitArmed();

  const char* name_;
  std::atomic<bool> armed_{false};
};

// Arms what `spec` says, in the form above; counting begins anew. InvalidArgument, and nothing is
// armed, for a spec that is not well formed or names no place of this program.
absl::Status ArmFailpoints(absl::string_view spec);

// ArmFailpoints of the variable PLUMBLINE_FAILPOINT; OK if it is unset or empty. Every program that
// tests kill calls this first and refuses to start on an error: a mistyped name must not look like
// a test that passed.
absl::Status ArmFailpointsFromEnvironment();

void DisarmFailpoints();

// Names of all places of this program, sorted.
std::vector<std::string> FailpointNames();

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_FAILPOINT_H_

// Admission: a fixed number of tokens, one for each call that is being worked on.
//
// Load is shed before any work is done for it. gRPC's own thread limits do not do this reliably.

#ifndef PLUMBLINE_SERVER_GRPC_ADMISSION_H_
#define PLUMBLINE_SERVER_GRPC_ADMISSION_H_

#include <atomic>
#include <utility>

namespace plumbline::grpc_server {

// Thread-safe; outlives its tokens.
class Admission {
 public:
  // Gives its place back when destroyed. Movable.
  class Token {
   public:
    Token() = default;
    explicit Token(Admission* admission) : admission_(admission) {}
    Token(Token&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)) {}
    Token& operator=(Token&& other) noexcept;
    ~Token() { Release(); }

    // True if the call may go on.
    explicit operator bool() const { return admission_ != nullptr; }
    void Release();

   private:
    Admission* admission_ = nullptr;
  };

  explicit Admission(int max_in_flight) : max_in_flight_(max_in_flight) {}

  Token TryAdmit();
  int in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  const int max_in_flight_;
  std::atomic<int> in_flight_{0};
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_ADMISSION_H_

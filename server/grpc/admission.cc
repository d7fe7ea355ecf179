#include "server/grpc/admission.h"

namespace plumbline::grpc_server {

Admission::Token& Admission::Token::operator=(Token&& other) noexcept {
  if (this != &other) {
    Release();
    admission_ = std::exchange(other.admission_, nullptr);
  }
  return *this;
}

void Admission::Token::Release() {
  if (admission_ != nullptr) {
    admission_->in_flight_.fetch_sub(1, std::memory_order_relaxed);
    admission_ = nullptr;
  }
}

Admission::Token Admission::TryAdmit() {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) < max_in_flight_) {
    return Token(this);
  }
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  return Token();
}

}  // namespace plumbline::grpc_server

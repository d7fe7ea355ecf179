// Result<T>: a value, or the Error that stands in its place.

#ifndef PLUMBLINE_CLIENT_RESULT_H_
#define PLUMBLINE_CLIENT_RESULT_H_

#include <utility>
#include <variant>

#include "plumbline/client/error.h"

namespace plumbline::client {

// Check ok() before value() or error(): asking for the part that is not there ends the program (it
// throws std::bad_variant_access).
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& { return std::get<0>(content_); }
  T& value() & { return std::get<0>(content_); }
  T&& value() && { return std::get<0>(std::move(content_)); }
  const Error& error() const { return std::get<1>(content_); }

  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::variant<T, Error> content_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_RESULT_H_

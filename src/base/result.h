#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/fault.h"

namespace louver {

/// A value or the reason why there is none; the shape of C++23's std::expected<T, Error>. Protocol code does not throw.
template <class T = void>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Result(Fault fault) : Result(Error{fault, {}}) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  Result(Fault fault) : Result(Error{fault, {}}) {}

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace louver

#define LOUVER_CONCAT_(a, b) a##b
#define LOUVER_CONCAT(a, b) LOUVER_CONCAT_(a, b)

/// Returns the error of `expr` (a Result) from the enclosing function, or goes on.
#define LOUVER_TRY(expr)                                 \
  do {                                                   \
    if (auto louver_result_ = (expr); !louver_result_) { \
      return std::move(louver_result_).error();          \
    }                                                    \
  } while (false)

/// LOUVER_ASSIGN(auto x, expr): declares x with the value of `expr`, or returns its error.
#define LOUVER_ASSIGN(declaration, expr)                               \
  auto LOUVER_CONCAT(louver_result_, __LINE__) = (expr);               \
  if (!LOUVER_CONCAT(louver_result_, __LINE__)) {                      \
    return std::move(LOUVER_CONCAT(louver_result_, __LINE__)).error(); \
  }                                                                    \
  declaration = *std::move(LOUVER_CONCAT(louver_result_, __LINE__))

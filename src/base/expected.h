// How a function reports that it could not do what was asked: a value or an Error, never an
// exception. An Error says what the caller can do about it (seven codes, one table to HTTP and gRPC
// status in host) and where the fault lies. Any thread; values only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace quintet {

// What the caller can do. A new code needs a caller that acts on it.
enum class Code : unsigned char {
  invalid,      // the request is wrong; do not repeat it unchanged
  not_found,    // no such thing; creating it may help
  conflict,     // it clashes with what exists; read, then decide
  unavailable,  // a part is away for now; repeat later
  exhausted,    // a named limit is reached; repeat with less or later
  expired,      // too late: the deadline or the retention has passed
  broken,       // our data or our code is damaged; call an operator
};

// "invalid", "not_found", ...: stable text, used in logs, JSON and tests.
std::string_view name_of(Code code);

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  // One sentence for a person, without a final full stop, outermost context first.
  const std::string& message() const { return message_; }
  // The field, column or place the error is about; empty if it is about the whole.
  const std::string& place() const { return place_; }
  // A stable id for programs and for `quintet explain`, as QNT-0123; empty if none.
  const std::string& id() const { return id_; }

  Error at(std::string place) && {
    place_ = std::move(place);
    return std::move(*this);
  }
  Error with_id(std::string id) && {
    id_ = std::move(id);
    return std::move(*this);
  }
  // Adds context on the way out: error.during("loading app.yaml").
  Error during(std::string_view doing) && {
    message_ = std::string(doing) + ": " + message_;
    return std::move(*this);
  }

 private:
  Code code_;
  std::string message_;
  std::string place_;
  std::string id_;
};

inline Error invalid(std::string message) { return {Code::invalid, std::move(message)}; }
inline Error not_found(std::string message) { return {Code::not_found, std::move(message)}; }
inline Error conflict(std::string message) { return {Code::conflict, std::move(message)}; }
inline Error unavailable(std::string message) { return {Code::unavailable, std::move(message)}; }
inline Error exhausted(std::string message) { return {Code::exhausted, std::move(message)}; }
inline Error expired(std::string message) { return {Code::expired, std::move(message)}; }
inline Error broken(std::string message) { return {Code::broken, std::move(message)}; }

// A T or an Error. Member names follow std::expected, which this compiler lacks.
template <class T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(implicit)
  Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(implicit)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & {
    check(has_value(), "value() of an Expected that holds an error");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    check(has_value(), "value() of an Expected that holds an error");
    return *std::get_if<0>(&state_);
  }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& {
    check(!has_value(), "error() of an Expected that holds a value");
    return *std::get_if<1>(&state_);
  }
  Error error() && {
    check(!has_value(), "error() of an Expected that holds a value");
    return std::move(*std::get_if<1>(&state_));
  }
  T value_or(T fallback) && { return has_value() ? std::move(value()) : std::move(fallback); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Expected<void> {
 public:
  Expected() = default;
  Expected(Error error) : error_(std::move(error)) {}  // NOLINT(implicit)

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const& {
    check(!has_value(), "error() of an Expected that holds a value");
    return *error_;
  }
  Error error() && {
    check(!has_value(), "error() of an Expected that holds a value");
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace quintet

#define QUINTET_JOIN_(a, b) a##b
#define QUINTET_JOIN(a, b) QUINTET_JOIN_(a, b)

// TRY(auto row, store.read(id)): declares the value, or returns the error to our caller.
#define TRY(declaration, ...) TRY_(QUINTET_JOIN(try_, __LINE__), declaration, __VA_ARGS__)
#define TRY_(result, declaration, ...)             \
  auto result = (__VA_ARGS__);                     \
  if (!result) return std::move(result).error();   \
  declaration = *std::move(result)

// TRY_DO(store.write(row)): the same for a function that gives nothing back.
#define TRY_DO(...) \
  if (auto try_do_ = (__VA_ARGS__); !try_do_) return std::move(try_do_).error()

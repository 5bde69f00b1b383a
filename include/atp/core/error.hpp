// SPDX-License-Identifier: Apache-2.0
/// The one exception type. Thrown when something could not be done; a failed verification is a
/// finding in a `Report`, never an `Error`. Values: safe to copy between threads.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

/// Numbers are stable: they stand in logs and evidence.
enum class ErrorKind : int {
  invalid_argument = 1,
  not_found = 2,
  already_exists = 3,
  precondition_failed = 4,
  retained = 5,
  on_hold = 6,
  not_approved = 7,
  corrupt = 8,
  permission_denied = 9,
  unauthenticated = 10,
  unsupported = 11,
  unavailable = 12,
  no_space = 13,
  clock_untrusted = 14,
  cancelled = 15,
  untrusted = 16,      ///< A signature is wrong, or no trusted key made it.
  bad_timestamp = 17,  ///< A time-stamp lacks, or does not hold.
  gap = 18,            ///< A sequence lacks what it counts.
};

/// One row per kind: the only place where a kind meets HTTP, the shell and Python.
struct ErrorKindInfo {
  ErrorKind kind;
  std::string_view name;
  int http_status;
  int exit_code;
  std::string_view python_class;
};

inline constexpr std::array<ErrorKindInfo, 18> kErrorKinds{{
    {ErrorKind::invalid_argument, "invalid_argument", 400, 2, "InvalidArgumentError"},
    {ErrorKind::not_found, "not_found", 404, 4, "NotFoundError"},
    {ErrorKind::already_exists, "already_exists", 409, 11, "AlreadyExistsError"},
    {ErrorKind::precondition_failed, "precondition_failed", 412, 11, "PreconditionFailedError"},
    {ErrorKind::retained, "retained", 409, 30, "RetainedError"},
    {ErrorKind::on_hold, "on_hold", 409, 30, "OnHoldError"},
    {ErrorKind::not_approved, "not_approved", 403, 31, "NotApprovedError"},
    {ErrorKind::corrupt, "corrupt", 422, 20, "CorruptError"},
    {ErrorKind::permission_denied, "permission_denied", 403, 6, "PermissionDeniedError"},
    {ErrorKind::unauthenticated, "unauthenticated", 401, 6, "UnauthenticatedError"},
    {ErrorKind::unsupported, "unsupported", 501, 2, "UnsupportedError"},
    {ErrorKind::unavailable, "unavailable", 503, 5, "UnavailableError"},
    {ErrorKind::no_space, "no_space", 507, 5, "NoSpaceError"},
    {ErrorKind::clock_untrusted, "clock_untrusted", 503, 5, "ClockUntrustedError"},
    {ErrorKind::cancelled, "cancelled", 499, 130, "CancelledError"},
    {ErrorKind::untrusted, "untrusted", 422, 21, "UntrustedError"},
    {ErrorKind::bad_timestamp, "bad_timestamp", 422, 22, "BadTimestampError"},
    {ErrorKind::gap, "gap", 422, 23, "GapError"},
}};

constexpr const ErrorKindInfo& error_kind_info(ErrorKind kind) {
  return kErrorKinds[static_cast<std::size_t>(kind) - 1];
}

class ATP_EXPORT Error : public std::runtime_error {
 public:
  enum class Retry { permanent, temporary };

  /// `subject` is the id, key or path the error is about; `message` is lower case without a full
  /// stop and says what was expected and what was found.
  Error(ErrorKind kind, std::string subject, const std::string& message,
        Retry retry = Retry::permanent)
      : std::runtime_error(subject.empty() ? message : subject + ": " + message),
        kind_(kind),
        subject_(std::move(subject)),
        message_(message),
        retry_(retry) {}

  ErrorKind kind() const { return kind_; }
  const std::string& subject() const { return subject_; }
  const std::string& message() const { return message_; }
  /// All that a retry looks at; set where the error is born.
  bool temporary() const { return retry_ == Retry::temporary; }

 private:
  ErrorKind kind_;
  std::string subject_;
  std::string message_;
  Retry retry_;
};

}  // namespace v0
}  // namespace atp

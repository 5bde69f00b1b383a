// SPDX-License-Identifier: Apache-2.0
#include "core/system_error.hpp"

#include <cerrno>
#include <system_error>

namespace atp {
inline namespace v0 {
namespace {

ErrorKind kind_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorKind::no_space;
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::not_found;
    case EEXIST:
      return ErrorKind::already_exists;
    case EACCES:
    case EPERM:
      return ErrorKind::permission_denied;
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return ErrorKind::invalid_argument;
    default:
      return ErrorKind::unavailable;
  }
}

Error::Retry retry_of(int number) {
  switch (number) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EINTR:
    case EAGAIN:
      return Error::Retry::temporary;
    default:
      return Error::Retry::permanent;
  }
}

}  // namespace

Error system_error(int number, std::string subject, std::string_view call) {
  const std::string reason = std::generic_category().message(number);
  return Error(kind_of(number), std::move(subject),
               std::string(call) + " failed: " + reason + " (errno " + std::to_string(number) + ")",
               retry_of(number));
}

}  // namespace v0
}  // namespace atp

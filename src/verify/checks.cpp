// SPDX-License-Identifier: Apache-2.0
#include "verify/checks.hpp"

#include "atp/core/progress.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

Check make(std::string name, CheckState state, std::string subject) {
  return {.name = std::move(name), .state = state, .subject = std::move(subject)};
}

}  // namespace

Check verified(std::string name, std::string subject) {
  return make(std::move(name), CheckState::verified, std::move(subject));
}

Check not_checked(std::string name, std::string subject, std::string found) {
  Check check = make(std::move(name), CheckState::not_checked, std::move(subject));
  check.found = std::move(found);
  return check;
}

Check failed(std::string name, std::string subject, std::string expected, std::string found,
             CheckClass check_class) {
  Check check = make(std::move(name), CheckState::failed, std::move(subject));
  check.check_class = check_class;
  check.expected = std::move(expected);
  check.found = std::move(found);
  return check;
}

Check attested(std::string name, std::string subject, std::string expected, std::string found,
               CheckClass check_class) {
  Check check = failed(std::move(name), std::move(subject), std::move(expected), std::move(found),
                       check_class);
  check.state = CheckState::attested;
  return check;
}

Check failed(std::string name, const Problem& problem) {
  return failed(std::move(name), problem.subject, problem.expected, problem.found,
                problem.kind == Problem::Kind::trust ? CheckClass::trust : CheckClass::integrity);
}

Check signed_by_trust(const Context& context, std::string name, std::string subject) {
  if (context.trust != nullptr) return verified(std::move(name), std::move(subject));
  return not_checked(std::move(name), std::move(subject), "no trust policy was given");
}

bool is_finding(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::corrupt:
    case ErrorKind::untrusted:
    case ErrorKind::bad_timestamp:
    case ErrorKind::gap:
    case ErrorKind::invalid_argument:
    case ErrorKind::not_found:
    case ErrorKind::unsupported:
      return true;
    default:
      return false;
  }
}

std::optional<Bytes> read_object(const Context& context, const std::string& name,
                                 const std::string& key, std::vector<Check>& checks) {
  throw_if_stopped(context.stop);
  try {
    auto bytes = find_object(context.store, key, kDocumentLimit);
    if (!bytes) checks.push_back(failed(name, key, "an object", "none"));
    return bytes;
  } catch (const Error& error) {
    if (!is_finding(error)) throw;
    checks.push_back(failed(name, key, "a readable object", error.message()));
    return std::nullopt;
  }
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
